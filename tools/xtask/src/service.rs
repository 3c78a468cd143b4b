//! A server program that runs for the length of a command: started with what it says in a log,
//! waited for, and ended when it goes out of scope.

use crate::failure::{AtPath, Failure, Result};
use crate::step;
use serde_json::Value;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

const START_LIMIT: Duration = Duration::from_secs(60);

/// A running program.
pub struct Service {
    /// How messages begin that are about it.
    name: &'static str,
    log: PathBuf,
    child: Child,
}

impl Service {
    /// Starts a program, with all it says in a new log.
    pub fn start(name: &'static str, log: PathBuf, command: &mut Command) -> Result<Self> {
        let said = File::create(&log).at("create", &log)?;
        let errors = said.try_clone().at("write", &log)?;
        let child = step::spawn(command.stdout(said).stderr(errors))?;
        Ok(Self { name, log, child })
    }

    /// Starts a program that prints one line of JSON once it answers, and returns that line. The log
    /// gets its errors. Its standard input stays open as long as we live: told to stop at its end, it
    /// cannot outlive us.
    pub fn start_announcing(
        name: &'static str,
        log: PathBuf,
        command: &mut Command,
    ) -> Result<(Self, Value)> {
        let errors = File::create(&log).at("create", &log)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = step::spawn(command.stderr(errors))?;
        let line = first_line(child.stdout.take());
        let mut service = Self { name, log, child };
        let announced = service.wait(|| match line.try_recv() {
            Ok(line) => read_line(name, &line).map(Some),
            Err(_) => Ok(None),
        })?;
        Ok((service, announced))
    }

    /// Asks until there is an answer. A program that has ended, or does not answer for a minute, has
    /// failed, and the failure shows its log.
    pub fn wait<T>(&mut self, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
        let limit = Instant::now() + START_LIMIT;
        let answer = loop {
            // Whether it runs is asked first: what it said before its end still counts.
            let runs = matches!(self.child.try_wait(), Ok(None));
            match ask() {
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) if !runs => {
                    break Failure::new(format!("{} ended before it answered.", self.name));
                }
                Ok(None) if Instant::now() >= limit => {
                    let seconds = START_LIMIT.as_secs();
                    break Failure::new(format!(
                        "{} did not answer within {seconds} seconds.",
                        self.name
                    ));
                }
                Ok(None) => step::pause(Duration::from_millis(50))?,
                Err(failure) if failure.is_interruption() => return Err(failure),
                Err(failure) => break failure,
            }
        };
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        Err(Failure::new(format!("{answer}\n{}", said.trim_end()))
            .advise(format!("read {}.", self.log.display())))
    }

    /// Fails once the program has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            _ => Err(Failure::new(format!("{} has ended by itself.", self.name))
                .advise(format!("read {}.", self.log.display()))),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Some stop at the end of their input; it is stopped if that did not help.
        drop(self.child.stdin.take());
        step::end(&mut self.child);
    }
}

/// The first line that a program prints; empty if it ends without.
fn first_line(stdout: Option<ChildStdout>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        if let Some(stdout) = stdout {
            // What could not be read is as good as not said.
            let _ = BufReader::new(stdout).read_line(&mut line);
        }
        let _ = sender.send(line);
    });
    receiver
}

fn read_line(name: &str, line: &str) -> Result<Value> {
    serde_json::from_str(line)
        .map_err(|_| Failure::new(format!("{name} ended before it answered.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(script: &str) -> Service {
        let name = format!("xtask-service-{}-{}", std::process::id(), script.len());
        let log = std::env::temp_dir().join(name);
        let service = Service::start(
            "The test",
            log.clone(),
            Command::new("sh").args(["-c", script]),
        );
        service.unwrap()
    }

    #[test]
    fn a_program_that_ends_unanswered_has_failed_and_its_log_is_shown() {
        let mut service = start("echo no port is free >&2; exit 3");
        let failure = service.wait(|| Ok(None::<()>)).unwrap_err().to_string();
        assert!(
            failure.contains("The test ended before it answered."),
            "{failure}"
        );
        assert!(failure.contains("no port is free"), "{failure}");
        assert!(
            service
                .check()
                .unwrap_err()
                .to_string()
                .contains("ended by itself")
        );
        fs::remove_file(&service.log).unwrap();
    }

    #[test]
    fn a_program_is_asked_until_it_answers_and_ended_with_its_owner() {
        let mut service = start("sleep 600");
        let mut asked = 0;
        let answer = service.wait(|| {
            asked += 1;
            Ok((asked == 3).then_some(asked))
        });
        assert_eq!(answer.unwrap(), 3);
        service.check().unwrap();
        let (process, log) = (service.child.id(), service.log.clone());
        drop(service);
        let still_there = Command::new("sh")
            .args(["-c", &format!("kill -0 {process} 2>/dev/null")])
            .status();
        assert!(!still_there.unwrap().success());
        fs::remove_file(&log).unwrap();
    }

    #[test]
    fn a_program_announces_itself_in_one_line_and_stops_with_its_input() {
        let log = std::env::temp_dir().join(format!("xtask-announced-{}", std::process::id()));
        let announce = |script: &str| {
            let mut command = Command::new("sh");
            Service::start_announcing("The test", log.clone(), command.args(["-c", script]))
        };
        let (mut service, line) = announce(r#"echo '{"port":7}'; cat >/dev/null"#).unwrap();
        assert_eq!(line["port"], 7);
        service.check().unwrap();
        drop(service);
        let failure = announce("echo no >&2").map(drop).unwrap_err().to_string();
        assert!(
            failure.contains("The test ended before it answered.\nno"),
            "{failure}"
        );
        fs::remove_file(&log).unwrap();
    }
}

//! A server program that runs for the length of a command: started with what it says in a log,
//! waited for, and ended when it goes out of scope.

use crate::failure::{AtPath, Failure, Result};
use crate::step;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
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

    /// Starts a program whose standard output is for the caller; the log gets its errors.
    pub fn start_speaking(
        name: &'static str,
        log: PathBuf,
        command: &mut Command,
    ) -> Result<(Self, Option<ChildStdout>)> {
        let errors = File::create(&log).at("create", &log)?;
        let mut child = step::spawn(command.stdout(Stdio::piped()).stderr(errors))?;
        let stdout = child.stdout.take();
        Ok((Self { name, log, child }, stdout))
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
}

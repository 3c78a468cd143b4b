//! A server program that runs for the length of a command: started with what it says in a log, waited for, and ended when
//! it goes out of scope.

use anyhow::{Result, anyhow, bail};
use fs_err as fs;
use local_postgres::{advice, console};
use serde::de::DeserializeOwned;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
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
        let said = fs::File::create(&log)?.into_file();
        let child = console::spawn(command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said))?;
        Ok(Self { name, log, child })
    }

    /// Starts a program that prints one line of JSON once it answers, and returns that line. The log gets its errors. Its
    /// standard input stays open as long as we live: told to stop at its end, it cannot outlive us.
    pub fn start_announcing<T: DeserializeOwned>(
        name: &'static str,
        log: PathBuf,
        command: &mut Command,
    ) -> Result<(Self, T)> {
        let errors = fs::File::create(&log)?.into_file();
        let mut child = console::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors))?;
        let (sender, first_line) = mpsc::channel();
        let stdout = child.stdout.take();
        thread::spawn(move || {
            let mut line = String::new();
            // What could not be read is as good as not said.
            let _ = stdout.map(|stdout| BufReader::new(stdout).read_line(&mut line));
            let _ = sender.send(line);
        });
        let mut service = Self { name, log, child };
        let announced = service.wait(|| match first_line.try_recv() {
            Ok(line) => serde_json::from_str(&line).map(Some).map_err(|_| anyhow!("{name} ended before it answered.")),
            Err(_) => Ok(None),
        })?;
        Ok((service, announced))
    }

    /// Asks until there is an answer. A program that has ended, or does not answer for a minute, has failed, and the failure
    /// shows its log.
    pub fn wait<T>(&mut self, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
        let limit = Instant::now() + START_LIMIT;
        let failure = loop {
            // Whether it runs is asked first: what it said before its end still counts.
            let runs = matches!(self.child.try_wait(), Ok(None));
            match ask() {
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) if !runs => break anyhow!("{} ended before it answered.", self.name),
                Ok(None) if Instant::now() >= limit => {
                    break anyhow!("{} did not answer within {} seconds.", self.name, START_LIMIT.as_secs());
                }
                Ok(None) => console::pause(Duration::from_millis(50))?,
                Err(failure) => break failure,
            }
        };
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        bail!(advice(format_args!("{failure:#}\n{}", said.trim_end()), format_args!("read {}.", self.log.display())))
    }

    /// Fails once the program has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        if matches!(self.child.try_wait(), Ok(None)) {
            return Ok(());
        }
        let todo = format!("read {}.", self.log.display());
        bail!(advice(format_args!("{} has ended by itself.", self.name), todo))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Some stop at the end of their input; it is stopped if that did not help.
        drop(self.child.stdin.take());
        console::end(&mut self.child);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_ends_unanswered_has_failed_and_its_log_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo no port is free >&2; exit 3"]);
        let mut service = Service::start("The test", folder.path().join("log"), &mut command).unwrap();
        let failure = service.wait(|| Ok(None::<()>)).unwrap_err().to_string();
        assert!(failure.contains("The test ended before it answered.\nno port is free"), "{failure}");
        assert!(service.check().unwrap_err().to_string().contains("ended by itself"));
    }

    #[test]
    fn a_program_announces_itself_in_one_line_and_stops_with_its_input() {
        let folder = tempfile::tempdir().unwrap();
        let announce = |script: &str| {
            let (log, mut command) = (folder.path().join("log"), Command::new("sh"));
            Service::start_announcing::<Vec<u16>>("The test", log, command.args(["-c", script]))
        };
        let (mut service, line) = announce("echo '[7]'; cat >/dev/null").unwrap();
        assert_eq!(line, [7]);
        service.check().unwrap();
        let process = service.child.id();
        drop(service);
        assert!(!std::path::Path::new(&format!("/proc/{process}")).exists());
        let failure = announce("echo no >&2").map(drop).unwrap_err().to_string();
        assert!(failure.contains("The test ended before it answered.\nno"), "{failure}");
    }
}

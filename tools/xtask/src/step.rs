//! Progress of long work: one line per step with its time; a terminal also gets a moving line with
//! the last words of the running program. Everything goes to stderr, and a program's full output to
//! a log, so that stdout holds results only.

use crate::counts::Counts;
use crate::failure::{AtPath, Failure, Result};
use crate::places::{Places, make_folder};
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, IsTerminal, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How often a step without a terminal says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(120);
/// Lines of a failed program that are repeated on the screen.
const TAIL: usize = 30;

/// From here on Ctrl-C and SIGTERM end the running program, and the command cleans up.
pub fn catch_interruptions() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed))
        .map_err(|error| Failure::new(format!("could not catch Ctrl-C: {error}")))
}

/// True once the reader asked for the end.
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Sleeps, unless or until the reader asks for the end.
pub fn pause(time: Duration) -> Result<()> {
    let end = Instant::now() + time;
    while Instant::now() < end {
        if interrupted() {
            return Err(Failure::interrupted());
        }
        thread::sleep(TICK.min(time));
    }
    Ok(())
}

/// One named piece of work, from its announcement to its time.
pub struct Step<'a> {
    places: &'a Places,
    name: String,
    started: Instant,
    spoken: Instant,
    terminal: bool,
    turn: usize,
}

impl<'a> Step<'a> {
    /// Announces the step.
    pub fn start(places: &'a Places, name: impl Into<String>) -> Self {
        let now = Instant::now();
        let terminal = std::io::stderr().is_terminal();
        let name = name.into();
        if !terminal {
            eprintln!("[....] {name}");
        }
        Self {
            places,
            name,
            started: now,
            spoken: now,
            terminal,
            turn: 0,
        }
    }

    /// Does the work and says how it ended and how long it took.
    pub fn work<T>(mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let result = work(&mut self);
        self.end(result.is_ok());
        result
    }

    /// Does work that counts tests, and says whether all of them passed.
    pub fn count(mut self, work: impl FnOnce(&mut Self) -> Result<Counts>) -> Result<Counts> {
        let counts = work(&mut self);
        let all_passed = counts.as_ref().is_ok_and(|counts| counts.failed == 0);
        self.end(all_passed);
        counts
    }

    /// Runs a program with its output in the step's log; its standard output is also returned.
    pub fn run(&mut self, command: &mut Command) -> Result<String> {
        let ran = self.try_run(command)?;
        if ran.status.success() {
            return Ok(ran.stdout);
        }
        let log = self.places.log(&self.name);
        let tail: Vec<&str> = ran.tail.iter().map(String::as_str).collect();
        Err(Failure::new(format!(
            "{} failed: `{}` ended with {}.\n{}\n  The whole output: {}",
            self.name,
            describe(command),
            ran.status,
            tail.join("\n"),
            log.display()
        )))
    }

    /// Runs a program as `run` does, and leaves it to the caller to judge how it ended.
    pub fn try_run(&mut self, command: &mut Command) -> Result<Ran> {
        let path = self.places.log(&self.name);
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        let mut log = File::create(&path).at("create", &path)?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = spawn(command)?;
        let (sender, lines) = mpsc::channel();
        forward(child.stdout.take(), true, &sender);
        forward(child.stderr.take(), false, &sender);
        drop(sender);
        let mut ran = Ran {
            status: ExitStatus::default(),
            stdout: String::new(),
            tail: vec![],
        };
        let mut ended = None;
        loop {
            match lines.recv_timeout(TICK) {
                Ok((is_stdout, line)) => {
                    // A log that cannot be written must not end the work it is about.
                    let _ = writeln!(log, "{line}");
                    if is_stdout {
                        ran.stdout.push_str(&line);
                        ran.stdout.push('\n');
                    }
                    self.tick(&line);
                    ran.tail.push(line);
                    if ran.tail.len() > TAIL {
                        ran.tail.remove(0);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.tick("");
                    // A server left behind may hold the pipes open: the program's end decides.
                    if ended.is_some() {
                        break;
                    }
                    ended = poll(&mut child)?;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if interrupted() {
                end(&mut child);
                return Err(Failure::interrupted());
            }
        }
        ran.status = match ended {
            Some(status) => status,
            None => wait(&mut child)?,
        };
        Ok(ran)
    }

    /// Shows that the work is alive.
    fn tick(&mut self, line: &str) {
        if self.terminal {
            if line.is_empty() && self.spoken.elapsed() < TICK {
                return;
            }
            self.spoken = Instant::now();
            self.turn += 1;
            let mark = ["|", "/", "-", "\\"][self.turn % 4];
            let seconds = self.started.elapsed().as_secs();
            let room = 76_usize.saturating_sub(self.name.len());
            let words: String = line
                .trim()
                .chars()
                .filter(|c| !c.is_control())
                .take(room)
                .collect();
            eprint!(
                "{}[ {mark}  ] {} {seconds} s  {words}",
                self.clear(),
                self.name
            );
        } else if self.spoken.elapsed() >= HEARTBEAT {
            self.spoken = Instant::now();
            eprintln!(
                "[....] {}: {} s",
                self.name,
                self.started.elapsed().as_secs()
            );
        }
    }

    fn end(&self, is_good: bool) {
        let mark = if is_good { " ok " } else { "FAIL" };
        let time = self.started.elapsed().as_secs_f64();
        eprintln!("{}[{mark}] {} ({time:.1} s)", self.clear(), self.name);
    }

    fn clear(&self) -> &'static str {
        if self.terminal { "\r\x1b[2K" } else { "" }
    }
}

/// How a program ended.
pub struct Ran {
    /// Its exit status.
    pub status: ExitStatus,
    /// All of its standard output.
    pub stdout: String,
    /// The last lines of both its outputs.
    pub tail: Vec<String>,
}

/// Runs a program that talks to the reader itself.
pub fn show(command: &mut Command) -> Result<ExitStatus> {
    command.stdin(Stdio::null());
    let mut child = spawn(command)?;
    wait(&mut child)
}

/// Waits for a program, and ends it when the reader asks for the end.
pub fn wait(child: &mut Child) -> Result<ExitStatus> {
    loop {
        if let Some(status) = poll(child)? {
            return Ok(status);
        }
        if interrupted() {
            end(child);
            return Err(Failure::interrupted());
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Gives a command the environment that was set for another one.
pub fn inherit(command: &mut Command, other: &Command) {
    for (name, value) in other.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

/// Starts a program in a process group of its own, so that `end` reaches its children too and
/// Ctrl-C on the terminal reaches only us.
pub fn spawn(command: &mut Command) -> Result<Child> {
    command.process_group(0).spawn().map_err(|error| {
        let program = command.get_program().to_string_lossy().into_owned();
        let failure = Failure::new(format!("could not start `{program}`: {error}"));
        // A folder of PATH that may not be entered makes a missing program a refused one.
        if matches!(
            error.kind(),
            ErrorKind::NotFound | ErrorKind::PermissionDenied
        ) {
            failure.advise(format!("install `{program}` and see that it is in PATH."))
        } else {
            failure
        }
    })
}

/// Asks a program and its children to stop, and stops them after five seconds.
pub fn end(child: &mut Child) {
    for signal in ["-TERM", "-KILL"] {
        // Nothing is left to do about a signal that does not arrive: the group is gone.
        // The shell's own `kill`: not every system has it as a program.
        let _ = Command::new("sh")
            .args(["-c", &format!("kill {signal} -{}", child.id())])
            .stderr(Stdio::null())
            .status();
        let limit = Instant::now() + Duration::from_secs(5);
        while Instant::now() < limit {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn poll(child: &mut Child) -> Result<Option<ExitStatus>> {
    child
        .try_wait()
        .map_err(|error| Failure::new(format!("lost a running program: {error}")))
}

fn forward(
    stream: Option<impl Read + Send + 'static>,
    is_stdout: bool,
    sender: &Sender<(bool, String)>,
) {
    let Some(stream) = stream else { return };
    let sender = sender.clone();
    thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader
            .read_until(b'\n', &mut line)
            .is_ok_and(|length| length > 0)
        {
            let text = String::from_utf8_lossy(&line);
            if sender
                .send((is_stdout, text.trim_end_matches(['\n', '\r']).to_owned()))
                .is_err()
            {
                return;
            }
            line.clear();
        }
    });
}

/// The command as a person would type it, passwords in connection URLs left out.
fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| mask(&word.to_string_lossy()))
        .collect::<Vec<_>>()
        .join(" ")
}

fn mask(word: &str) -> String {
    let Some((before, rest)) = word.split_once("://") else {
        return word.to_owned();
    };
    match rest.split_once('@') {
        Some((login, after)) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{before}://{user}:...@{after}")
        }
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_command_is_shown_without_its_password() {
        let mut command = Command::new("supabase");
        command.args([
            "db",
            "push",
            "--remote=postgresql://postgres:secret@127.0.0.1:1/postgres",
        ]);
        assert_eq!(
            describe(&command),
            "supabase db push --remote=postgresql://postgres:...@127.0.0.1:1/postgres"
        );
    }

    #[test]
    fn output_is_returned_and_a_failure_carries_the_last_lines() {
        let places = Places::find().unwrap();
        let mut step = Step::start(&places, "xtask unit test");
        let text = step
            .run(Command::new("sh").args(["-c", "echo out; echo err >&2"]))
            .unwrap();
        assert_eq!(text, "out\n");
        let failure = step.run(Command::new("sh").args(["-c", "echo why >&2; exit 3"]));
        let text = failure.unwrap_err().to_string();
        assert!(
            text.contains("why") && text.contains("exit status: 3"),
            "{text}"
        );
        let failure = step
            .run(&mut Command::new("no-such-program-here"))
            .unwrap_err()
            .to_string();
        assert!(
            failure.contains("install `no-such-program-here`"),
            "{failure}"
        );
    }
}

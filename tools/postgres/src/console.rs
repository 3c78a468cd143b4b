//! Long work at a terminal: one line per step with its time, and on a terminal a moving line with the last words of the
//! running program. Everything goes to stderr, and a program's full output to a log, so that stdout holds results only.
//! Ctrl-C ends the running program and all that it started.

use anyhow::{Context, Error, Result, anyhow, bail};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use std::cell::RefCell;
use std::fmt::Display;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, IsTerminal, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{LazyLock, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

/// How often a step without a terminal says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(120);
/// Lines of a failed program that are repeated on the screen.
const TAIL: usize = 30;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static LOGS: OnceLock<PathBuf> = OnceLock::new();
/// Hidden where stderr is no terminal.
static LINES: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

thread_local! {
    /// The running steps, the innermost last.
    static STEPS: RefCell<Vec<Step>> = const { RefCell::new(Vec::new()) };
}

/// A step that runs. Its bar, which is hidden where stderr is no terminal, knows its name and its time.
struct Step {
    bar: ProgressBar,
    spoken: Instant,
    log: Option<File>,
}

/// An error that says what the reader can do.
pub fn advice(what: impl Display, todo: impl Display) -> Error {
    anyhow!("{what}\n  What to do: {todo}")
}

/// True once Ctrl-C or SIGTERM has asked for the end. Whatever fails from then on fails because of it.
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Sets the folder of the logs. From here on Ctrl-C and SIGTERM end the running program, and the command cleans up.
pub fn open(logs: PathBuf) -> Result<()> {
    fs_err::create_dir_all(&logs)?;
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed)).context("could not catch Ctrl-C")?;
    // A second call would have failed above.
    let _ = LOGS.set(logs);
    Ok(())
}

/// The log of a step or a program.
pub fn log_of(name: &str) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let file: String = name.chars().map(plain).collect();
    LOGS.get().cloned().unwrap_or_else(std::env::temp_dir).join(format!("{file}.log"))
}

/// Prints lines to stderr, above the moving line.
pub fn say(lines: impl Display) {
    LINES.suspend(|| eprintln!("{lines}"));
}

/// Does a step, and says whether it went well and how long it took.
pub fn step<T>(name: impl Into<String>, work: impl FnOnce() -> Result<T>) -> Result<T> {
    judged_step(name, |_| true, work)
}

/// Does a step that goes well only if its result is good.
pub fn judged_step<T>(
    name: impl Into<String>,
    is_good: impl FnOnce(&T) -> bool,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let bar = LINES.add(ProgressBar::new_spinner().with_prefix(name.into()));
    if let Ok(style) = ProgressStyle::with_template("[ {spinner}  ] {prefix} {elapsed} {wide_msg}") {
        bar.set_style(style.tick_chars("|/-\\ "));
    }
    if std::io::stderr().is_terminal() {
        bar.enable_steady_tick(TICK);
    } else {
        eprintln!("[....] {}", bar.prefix());
    }
    STEPS.with_borrow_mut(|steps| steps.push(Step { bar: bar.clone(), spoken: Instant::now(), log: None }));
    let result = work();
    STEPS.with_borrow_mut(Vec::pop);
    bar.finish_and_clear();
    LINES.remove(&bar);
    let mark = if result.as_ref().is_ok_and(is_good) { " ok " } else { "FAIL" };
    say(format_args!("[{mark}] {} ({:.1} s)", bar.prefix(), bar.elapsed().as_secs_f64()));
    result
}

/// Has the innermost step show a line, or that it is alive, and keeps the line in its log.
fn note(line: Option<&str>) {
    STEPS.with_borrow_mut(|steps| {
        let Some(step) = steps.last_mut() else { return };
        if let Some(line) = line {
            step.bar.set_message(line.trim().replace(char::is_control, ""));
            if step.log.is_none() {
                step.log = File::create(log_of(&step.bar.prefix())).ok();
            }
            // A log that cannot be written must not end the work it is about.
            let _ = step.log.as_mut().map(|log| writeln!(log, "{line}"));
        }
        if step.spoken.elapsed() >= HEARTBEAT && !std::io::stderr().is_terminal() {
            step.spoken = Instant::now();
            eprintln!("[....] {}: {} s", step.bar.prefix(), step.bar.elapsed().as_secs());
        }
    });
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

/// Runs a program with its output in the step's log, and returns its standard output.
pub fn run(command: &mut Command) -> Result<String> {
    let ran = try_run(command)?;
    if ran.status.success() {
        return Ok(ran.stdout);
    }
    let name = STEPS.with_borrow(|steps| steps.last().map(|step| step.bar.prefix())).unwrap_or_default();
    let (log, tail) = (log_of(&name), ran.tail.join("\n"));
    let (described, status) = (describe(command), ran.status);
    bail!("{name} failed: `{described}` ended with {status}.\n{tail}\n  The whole output: {}", log.display())
}

/// Runs a program as `run` does, and leaves it to the caller to judge how it ended.
pub fn try_run(command: &mut Command) -> Result<Ran> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).env("NO_COLOR", "1");
    let mut child = spawn(command)?;
    let (sender, lines) = mpsc::channel();
    forward(child.stdout.take(), true, &sender);
    forward(child.stderr.take(), false, &sender);
    drop(sender);
    let mut ran = Ran { status: ExitStatus::default(), stdout: String::new(), tail: vec![] };
    let mut ended = None;
    loop {
        match lines.recv_timeout(TICK) {
            Ok((is_stdout, line)) => {
                if is_stdout {
                    ran.stdout.extend([&line, "\n"]);
                }
                note(Some(&line));
                ran.tail.push(line);
                if ran.tail.len() > TAIL {
                    ran.tail.remove(0);
                }
            }
            // A server left behind may hold the pipes open: the program's end decides.
            Err(RecvTimeoutError::Timeout) if ended.is_some() => break,
            Err(RecvTimeoutError::Timeout) => {
                note(None);
                ended = child.try_wait()?;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if is_interrupted() {
            end(&mut child);
            bail!("Interrupted.");
        }
    }
    ran.status = ended.map_or_else(|| wait(&mut child), Ok)?;
    Ok(ran)
}

/// Runs a program that talks to the reader itself.
pub fn show(command: &mut Command) -> Result<ExitStatus> {
    wait(&mut spawn(command.stdin(Stdio::null()))?)
}

/// Whether a program runs and ends well; its output is nobody's concern. It is not ended by Ctrl-C.
pub fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Sleeps, unless or until the reader asks for the end.
pub fn pause(time: Duration) -> Result<()> {
    let until = Instant::now() + time;
    while Instant::now() < until {
        if is_interrupted() {
            bail!("Interrupted.");
        }
        thread::sleep(TICK.min(time));
    }
    Ok(())
}

/// Waits for a program, and ends it when the reader asks for the end.
fn wait(child: &mut Child) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if let Err(interrupted) = pause(Duration::from_millis(20)) {
            end(child);
            return Err(interrupted);
        }
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

/// Starts a program in a process group of its own, so that `end` reaches its children too and Ctrl-C on the terminal
/// reaches only us.
pub fn spawn(command: &mut Command) -> Result<Child> {
    command.process_group(0).spawn().map_err(|error| {
        let program = Path::new(command.get_program()).display();
        let what = format!("could not start `{program}`: {error}");
        // A folder of PATH that may not be entered makes a missing program a refused one.
        if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) {
            return advice(what, format_args!("install `{program}` and see that it is in PATH."));
        }
        Error::msg(what)
    })
}

/// Asks a program and its children to stop, and stops those that are there after five seconds.
pub fn end(child: &mut Child) {
    let group = Pid::from_raw(child.id().cast_signed());
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        // Nothing is left to do about a signal that does not arrive: the group is gone.
        let _ = killpg(group, signal);
        let limit = Instant::now() + Duration::from_secs(5);
        while Instant::now() < limit {
            // npm's programs are often children of a script that ends first, so the whole group has to be gone.
            let has_ended = !matches!(child.try_wait(), Ok(None));
            if has_ended && (signal == Signal::SIGKILL || killpg(group, None).is_err()) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn forward(stream: Option<impl Read + Send + 'static>, is_stdout: bool, sender: &Sender<(bool, String)>) {
    let Some(stream) = stream else { return };
    let sender = sender.clone();
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let text = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
            if sender.send((is_stdout, text)).is_err() {
                return;
            }
        }
    });
}

/// The command as a person would type it, passwords in connection URLs left out.
fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let masked = words.map(|word| mask(&word.to_string_lossy()).unwrap_or_else(|| word.to_string_lossy().into_owned()));
    masked.collect::<Vec<_>>().join(" ")
}

fn mask(word: &str) -> Option<String> {
    let (before, rest) = word.split_once("://")?;
    let (login, after) = rest.split_once('@')?;
    Some(format!("{before}://{}:...@{after}", login.split(':').next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_command_is_shown_without_its_password() {
        let mut command = Command::new("supabase");
        command.args(["db", "push", "--remote=postgresql://postgres:secret@127.0.0.1:1/postgres"]);
        assert_eq!(describe(&command), "supabase db push --remote=postgresql://postgres:...@127.0.0.1:1/postgres");
    }

    #[test]
    fn output_is_returned_and_a_failure_carries_the_last_lines() {
        let shell = |script: &str| run(Command::new("sh").args(["-c", script]));
        assert_eq!(shell("echo out; echo err >&2").unwrap(), "out\n");
        let failure = step("A test", || shell("echo why >&2; exit 3")).unwrap_err().to_string();
        assert!(failure.contains("A test failed") && failure.contains("why"), "{failure}");
        assert!(failure.contains("exit status: 3"), "{failure}");
        let failure = run(&mut Command::new("no-such-program-here")).unwrap_err().to_string();
        assert!(failure.contains("install `no-such-program-here`"), "{failure}");
    }
}

//! The server under test: starts and kills it.

use crate::connection::{Outcome, Place, rows, text, value};
use crate::dice::Dice;
use postgres::Client;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The longest wait for the server. Recovery of such a small database takes a second or two.
const LONGEST: Duration = Duration::from_mins(1);
/// The pause between two attempts to connect.
const RETRY_PAUSE: Duration = Duration::from_millis(20);

pub struct Server {
    place: Place,
    /// The program that starts the server, and its arguments.
    start: Vec<String>,
}

impl Server {
    pub fn read(place: &Place) -> Outcome<Self> {
        let start = std::env::var("CHATKEEP_SERVER_START").map_err(|_| {
            "CHATKEEP_SERVER_START is not set: this kills a server, see cargo xtask load".to_owned()
        })?;
        Ok(Self {
            place: place.clone(),
            start: start.lines().map(str::to_owned).collect(),
        })
    }

    /// Connects as a superuser, as soon as the server accepts connections.
    pub fn connect(&self) -> Outcome<Client> {
        self.retry(|place| place.superuser("60s"))
    }

    /// Connects as a caller, as soon as the server accepts connections.
    pub fn caller(&self) -> Outcome<Client> {
        self.retry(Place::durable_caller)
    }

    pub fn await_answer(&self) -> Outcome<()> {
        self.connect().map(drop)
    }

    fn retry(&self, connect: impl Fn(&Place) -> Outcome<Client>) -> Outcome<Client> {
        let end = Instant::now() + LONGEST;
        loop {
            match connect(&self.place) {
                Ok(client) => return Ok(client),
                Err(problem) if Instant::now() > end => {
                    return Err(format!("the server did not come back: {problem}"));
                }
                Err(_) => std::thread::sleep(RETRY_PAUSE),
            }
        }
    }

    /// Kills one of the server's processes. All connections end, and the server recovers.
    pub fn kill_process(&self, dice: &mut Dice) -> Outcome<()> {
        let mut superuser = self.connect()?;
        let processes = rows(
            &mut superuser,
            "select a.pid from pg_stat_activity a
             where a.pid <> pg_backend_pid()
               and (a.backend_type = 'client backend' or a.backend_type in ('checkpointer', 'walwriter'))
             order by a.backend_start, a.pid",
        )?;
        match dice.among(&processes) {
            Some(process) => kill(text(process, "pid")),
            None => Ok(()),
        }
    }

    /// Kills the postmaster and starts a new one.
    pub fn kill_postmaster(&self) -> Outcome<()> {
        let mut superuser = self.connect()?;
        let pid = value(
            &mut superuser,
            "select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)",
        )?;
        kill(&pid)?;
        drop(superuser);
        // A new server cannot start before the old one's processes have ended.
        let end = Instant::now() + LONGEST;
        loop {
            let output = self.start()?;
            let Err(problem) = self.place.superuser("60s") else {
                return Ok(());
            };
            if Instant::now() > end {
                return Err(format!(
                    "the server did not start again after its postmaster was killed: {problem}\n{output}"
                ));
            }
            std::thread::sleep(RETRY_PAUSE);
        }
    }

    /// Runs the program that starts the server, and returns its output.
    fn start(&self) -> Outcome<String> {
        let (program, arguments) = self
            .start
            .split_first()
            .ok_or_else(|| "CHATKEEP_SERVER_START is empty".to_owned())?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null());
        // `cargo run` sets this variable for this program. The started program must not use it as its own.
        command.env_remove("CARGO_MANIFEST_DIR");
        let output = command.output();
        let output = output.map_err(|error| format!("{program} could not be run: {error}"))?;
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Uses the shell's `kill`, because not every system has the program.
fn kill(pid: &str) -> Outcome<()> {
    let mut command = Command::new("sh");
    command.args(["-c", "kill -9 \"$1\"", "sh", pid]);
    let status = command.stderr(Stdio::null()).status();
    status
        .map(drop)
        .map_err(|error| format!("process {pid} could not be killed: {error}"))
}

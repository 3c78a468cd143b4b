//! The server of a database: initdb, start, stop. It listens on 127.0.0.1 only, has no Unix socket, and outlives the command
//! that started it.

use crate::connection::clear_environment;
use crate::console::{self, run, succeeds};
use crate::workspace::{open_up, write_secret};
use crate::{Database, Durability, SUPERUSER, advice, is_interrupted, remove_folder};
use anyhow::{Context, Result, anyhow, bail};
use fs_err as fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

impl Database {
    /// What belongs to the server's user: `data` and `log`.
    pub(crate) fn server_folder(&self) -> PathBuf {
        self.workspace().shelf.join("db").join(&self.name).join("server")
    }

    /// The log of its server.
    pub fn log(&self) -> PathBuf {
        self.server_folder().join("log")
    }

    fn data(&self) -> PathBuf {
        self.server_folder().join("data")
    }

    /// Makes a new, empty data folder; what was in its place is lost.
    pub(crate) fn create_server(&self, durability: Durability) -> Result<()> {
        let (folder, user) = (self.server_folder(), &self.workspace().user);
        remove_folder(&folder)?;
        fs::create_dir_all(&folder)?;
        let secret = folder.join("password");
        write_secret(&secret, &self.settings.password)?;
        user.give(&secret)?;
        user.give(&folder)?;
        // The server's user passes through the folders above its own, whatever the caller's umask is.
        folder.ancestors().skip(1).take(2).try_for_each(open_up)?;
        fs::set_permissions(&folder, PermissionsExt::from_mode(0o700))?;

        let mut initdb = self.server_program("initdb");
        initdb.arg("--pgdata").arg(self.data()).arg("--pwfile").arg(&secret);
        initdb.args(["--username", SUPERUSER, "--auth", "scram-sha-256", "--encoding", "UTF8"]);
        initdb.args(["--no-instructions", "--locale", locale()]);
        let made = run(&mut initdb);
        fs::remove_file(&secret)?;
        made?;

        let mut settings = "\n# Written by cargo xtask.\nlisten_addresses = '127.0.0.1'\n\
            unix_socket_directories = ''\ntimezone = 'UTC'\nlog_timezone = 'UTC'\n"
            .to_owned();
        if durability == Durability::None {
            settings.push_str("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n");
            // What Realtime reads; Supabase's servers have it.
            settings.push_str("wal_level = logical\n");
        }
        let mut file = fs::OpenOptions::new().append(true).open(self.data().join("postgresql.conf"))?;
        Ok(file.write_all(settings.as_bytes())?)
    }

    /// Starts the server on its port and waits until it answers.
    pub(crate) fn start_server(&self) -> Result<()> {
        let mut start = self.server_program("pg_ctl");
        start.args(["start", "--wait", "--timeout", "60", "--options", &format!("-p {}", self.settings.port)]);
        start.arg("--pgdata").arg(self.data()).arg("--log").arg(self.log());
        run(&mut start).map(drop).map_err(|failure| {
            if is_interrupted() {
                return failure;
            }
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines.get(lines.len().saturating_sub(15)..).unwrap_or_default().join("\n");
            anyhow!("{failure:#}\nThe server's log ends:\n{tail}")
        })
    }

    /// Stops the server and keeps the data; sessions are ended. A server that does not run is fine. It works after Ctrl-C
    /// too, so it heeds no interruption.
    pub fn stop(&self) -> Result<()> {
        if !self.has_process() {
            return Ok(());
        }
        let mut stop = self.server_program("pg_ctl");
        stop.args(["stop", "--wait", "--mode", "fast", "--timeout", "60", "--pgdata"]).arg(self.data());
        let output = stop.stdin(Stdio::null()).output().context("could not run pg_ctl")?;
        // A process that is gone by now needs no signal.
        if output.status.success() || !self.has_process() {
            return Ok(());
        }
        let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(advice(format_args!("The server did not stop: {why}"), self.read_log()))
    }

    fn read_log(&self) -> String {
        format!("read its log, {}.", self.log().display())
    }

    /// Whether the server runs now, which a session proves. A server that starts or ends is waited for.
    pub fn is_running(&self) -> Result<bool> {
        let limit = Instant::now() + Duration::from_secs(60);
        while self.has_process() {
            if succeeds(self.psql(SUPERUSER).args(["--command", "select"])) {
                return Ok(true);
            }
            if Instant::now() >= limit {
                let port = self.settings.port;
                let what = format!("The server on port {port} has a process, but lets nobody in.");
                bail!(advice(what, self.read_log()));
            }
            console::pause(Duration::from_millis(50))?;
        }
        Ok(false)
    }

    /// Whether there is a process of the number that the server noted. It may be one that ended, until its parent asks
    /// for it.
    fn has_process(&self) -> bool {
        succeeds(self.server_program("pg_ctl").arg("status").arg("--pgdata").arg(self.data()))
    }

    /// A program of the server, run by the server's user.
    fn server_program(&self, name: &str) -> Command {
        let mut command = Command::new(self.program(name));
        self.workspace().user.run_as(&mut command);
        clear_environment(&mut command);
        command
    }
}

/// C.UTF-8, as on Supabase's images, where the system has it.
fn locale() -> &'static str {
    let output = Command::new("locale").arg("-a").output();
    let list = output.map(|output| String::from_utf8_lossy(&output.stdout).to_lowercase()).unwrap_or_default();
    let has_it = list.lines().any(|name| name == "c.utf8" || name == "c.utf-8");
    if has_it { "C.UTF-8" } else { "C" }
}

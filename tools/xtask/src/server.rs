//! One Postgres server: initdb, start, stop. It listens on 127.0.0.1 only, has no Unix socket, and
//! outlives the command that started it.

use crate::account::Account;
use crate::failure::{AtPath, Failure, Result};
use crate::places::{make_folder, remove_folder};
use crate::step::{self, Step};
use crate::tree::Tree;
use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The superuser of every database made here, as on Supabase.
pub const SUPERUSER: &str = "supabase_admin";

/// Whether the data must survive a crash of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As Postgres comes: commits are flushed to disk.
    Full,
    /// For databases that are thrown away: no flush.
    None,
}

/// A server's program, folder and account.
#[derive(Debug, Clone)]
pub struct Server {
    /// The installation it runs.
    pub tree: Tree,
    /// Holds `data` and `log`; belongs to the account.
    folder: PathBuf,
    account: Account,
}

impl Server {
    /// A server in a folder, whether it exists yet or not.
    pub fn new(tree: Tree, folder: PathBuf, account: Account) -> Self {
        Self {
            tree,
            folder,
            account,
        }
    }

    /// The server's log.
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Makes a new, empty data folder; what was in its place is lost.
    pub fn create(&self, step: &mut Step, password: &str, durability: Durability) -> Result<()> {
        remove_folder(&self.folder)?;
        make_folder(&self.folder)?;
        let secret = self.folder.join("password");
        let mut file = fs::OpenOptions::new();
        let file = file.write(true).create_new(true).mode(0o600).open(&secret);
        let mut file = file.at("create", &secret)?;
        file.write_all(password.as_bytes()).at("write", &secret)?;
        self.account.give(&secret)?;
        self.account.give(&self.folder)?;
        open_up(&self.folder)?;
        let owner_only = fs::Permissions::from_mode(0o700);
        fs::set_permissions(&self.folder, owner_only).at("protect", &self.folder)?;

        let mut initdb = self.program("initdb");
        initdb
            .arg("--pgdata")
            .arg(self.data())
            .arg("--pwfile")
            .arg(&secret);
        initdb.args([
            "--username",
            SUPERUSER,
            "--auth",
            "scram-sha-256",
            "--encoding",
            "UTF8",
        ]);
        initdb.args(["--no-instructions", "--locale", locale()]);
        let made = step.run(&mut initdb);
        fs::remove_file(&secret).at("remove", &secret)?;
        made?;
        self.configure(durability)
    }

    fn configure(&self, durability: Durability) -> Result<()> {
        let mut text = "\n# Written by cargo xtask.\n\
            listen_addresses = '127.0.0.1'\n\
            unix_socket_directories = ''\n\
            timezone = 'UTC'\n\
            log_timezone = 'UTC'\n"
            .to_owned();
        if durability == Durability::None {
            text.push_str("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n");
            // What Realtime reads; Supabase's servers have it.
            text.push_str("wal_level = logical\n");
        }
        let path = self.data().join("postgresql.conf");
        let file = fs::OpenOptions::new().append(true).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .at("write", &path)
    }

    /// Starts the server on a port and waits until it answers.
    pub fn start(&self, step: &mut Step, port: u16) -> Result<()> {
        let mut start = self.program("pg_ctl");
        start.arg("start").arg("--wait").args(["--timeout", "60"]);
        start
            .arg("--pgdata")
            .arg(self.data())
            .arg("--log")
            .arg(self.log());
        start.arg("--options").arg(format!("-p {port}"));
        step.run(&mut start).map(drop).map_err(|failure| {
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            let lines: Vec<&str> = log.lines().rev().take(15).collect();
            let tail: Vec<&str> = lines.into_iter().rev().collect();
            if failure.is_interruption() {
                return failure;
            }
            Failure::new(format!(
                "{failure}\nThe server's log ends:\n{}",
                tail.join("\n")
            ))
        })
    }

    /// Stops the server; sessions are ended, commits are kept. A server that does not run is fine.
    /// It works after Ctrl-C too, so it heeds no interruption.
    pub fn stop(&self) -> Result<()> {
        if !self.has_process() {
            return Ok(());
        }
        let mut stop = self.program("pg_ctl");
        stop.arg("stop")
            .arg("--wait")
            .args(["--mode", "fast", "--timeout", "60"]);
        stop.arg("--pgdata").arg(self.data()).stdin(Stdio::null());
        let output = stop.output().at("run", &self.tree.program("pg_ctl"))?;
        // A process that is gone by now needs no signal.
        if output.status.success() || !self.has_process() {
            return Ok(());
        }
        let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Failure::new(format!("The server did not stop: {why}"))
            .advise(format!("read its log, {}.", self.log().display())))
    }

    /// Whether the server runs now, which a session proves. A server that starts or ends is waited for.
    pub fn is_running(&self, port: u16, password: &str) -> Result<bool> {
        let limit = Instant::now() + Duration::from_secs(60);
        while self.has_process() {
            if self.lets_in(port, password) {
                return Ok(true);
            }
            if Instant::now() >= limit {
                return Err(Failure::new(format!(
                    "The server on port {port} has a process, but lets nobody in."
                ))
                .advise(format!("read its log, {}.", self.log().display())));
            }
            step::pause(Duration::from_millis(50))?;
        }
        Ok(false)
    }

    /// Kills the server as a crash would: it has no time to tidy up.
    pub fn kill(&self) -> Result<()> {
        let path = self.data().join("postmaster.pid");
        let text = fs::read_to_string(&path).at("read", &path)?;
        let process = text.lines().next().unwrap_or_default();
        // The shell's own `kill`: not every system has it as a program.
        let mut kill = Command::new("sh");
        kill.args(["-c", "kill -9 \"$1\"", "sh", process]);
        match kill.status() {
            Ok(status) if status.success() => Ok(()),
            _ => Err(Failure::new(format!("could not kill process {process}."))),
        }
    }

    /// Whether there is a process of the number that the server noted. It may be one that ended, until its parent asks for it.
    fn has_process(&self) -> bool {
        let mut status = self.program("pg_ctl");
        status.arg("status").arg("--pgdata").arg(self.data());
        is_successful(&mut status)
    }

    fn lets_in(&self, port: u16, password: &str) -> bool {
        let mut psql = psql(&self.tree.program("psql"), port, SUPERUSER, password);
        is_successful(psql.args(["--command", "select"]))
    }

    /// Removes the data folder.
    pub fn remove(&self) -> Result<()> {
        remove_folder(&self.folder)
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.tree.program(name));
        self.account.run_as(&mut command);
        clear_environment(&mut command);
        command
    }
}

/// Whether a program ends well; what it says is not shown.
fn is_successful(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// psql on a port of 127.0.0.1, which stops at the first error and reads no settings of the caller's.
pub fn psql(program: &Path, port: u16, role: &str, password: &str) -> Command {
    let mut command = Command::new(program);
    clear_environment(&mut command);
    command.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"]);
    command
        .env("PGPASSWORD", password)
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", port.to_string())
        .env("PGUSER", role)
        .env("PGDATABASE", "postgres")
        .env("PGCLIENTENCODING", "UTF8");
    command
}

/// Settings of the caller's own databases must not reach ours.
pub fn clear_environment(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"PG") {
            command.env_remove(name);
        }
    }
}

/// A port that is free now; the server fails plainly if another program takes it in between.
pub fn free_port() -> Result<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| Failure::new(format!("found no free port on 127.0.0.1: {error}")))
}

/// Whether nobody listens on a port of 127.0.0.1.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Lets the account pass through the folder above its own, whatever the caller's umask is.
fn open_up(folder: &Path) -> Result<()> {
    for above in folder.ancestors().skip(1).take(2) {
        let permissions = fs::Permissions::from_mode(0o755);
        fs::set_permissions(above, permissions).at("open up", above)?;
    }
    Ok(())
}

/// C.UTF-8, as on Supabase's images, where the system has it.
fn locale() -> &'static str {
    let output = Command::new("locale").arg("-a").output();
    let list = output.map(|output| String::from_utf8_lossy(&output.stdout).to_lowercase());
    let has_it = list.is_ok_and(|list| {
        list.lines()
            .any(|name| name == "c.utf8" || name == "c.utf-8")
    });
    if has_it { "C.UTF-8" } else { "C" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_not_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(!is_free(port));
        drop(listener);
        assert!(is_free(port));
    }

    #[test]
    fn chosen_ports_are_free_and_unprivileged() {
        let port = free_port().unwrap();
        assert!(port >= 1024 && is_free(port));
    }
}

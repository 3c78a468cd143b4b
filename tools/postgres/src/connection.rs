//! How a server is reached: 127.0.0.1, a port, a role with a password.

use anyhow::{Context, Result};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;

/// The superuser of every database made here, as on Supabase.
pub const SUPERUSER: &str = "supabase_admin";

/// psql on a port of 127.0.0.1, which stops at the first error and reads no settings of the caller's.
pub fn psql(program: &Path, port: u16, role: &str, password: &str) -> Command {
    let mut command = Command::new(program);
    clear_environment(&mut command);
    command.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"]);
    command.env("PGPASSWORD", password).env("PGHOST", "127.0.0.1").env("PGPORT", port.to_string());
    command.env("PGUSER", role).env("PGDATABASE", "postgres").env("PGCLIENTENCODING", "UTF8");
    command
}

/// Settings of the caller's own databases must not reach ours.
pub(crate) fn clear_environment(command: &mut Command) {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PG")) {
        command.env_remove(name);
    }
}

/// A port that is free now; the server fails plainly if another program takes it in between.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("found no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

/// Whether nobody listens on a port of 127.0.0.1.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

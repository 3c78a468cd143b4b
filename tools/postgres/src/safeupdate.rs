//! The rule of Supabase's Data API that no UPDATE or DELETE may lack a WHERE clause: a server module, compiled from
//! `tests/safeupdate` for each version, and loaded where Supabase loads it.

use crate::console::{run, step};
use crate::workspace::open_up;
use crate::{Database, debian, write_file};
use anyhow::Result;
use fs_err as fs;
use std::process::Command;

const LIBRARY: &str = "safeupdate";

/// Has every new session of a role refuse what lacks a WHERE clause.
pub fn turn_on(database: &Database, role: &str) -> Result<()> {
    let _lock = database.workspace().lock()?;
    debian::ensure(&[debian::BUILD])?;
    step(format!("Turning safeupdate on for {role}"), || {
        install(database)?;
        load(database, role)
    })
}

/// Tells the server to load the module, which is installed, into new sessions of a role. A superuser's right.
pub fn load(database: &Database, role: &str) -> Result<()> {
    database.execute("postgres", &format!("alter role {role} set session_preload_libraries = '{LIBRARY}'"))
}

/// Compiles the module with a server's own headers and puts it beside its libraries, unless it is there.
pub fn install(database: &Database) -> Result<()> {
    let installation = &database.installation;
    let path = installation.workspace.root.join("tests/safeupdate/safeupdate.c");
    let source = fs::read_to_string(&path)?;
    let folder = installation.folder("--pkglibdir")?;
    let (library, stamp) = (folder.join(format!("{LIBRARY}.so")), folder.join(format!("{LIBRARY}.source")));
    if library.is_file() && fs::read_to_string(&stamp).is_ok_and(|found| found == source) {
        return Ok(());
    }
    let new = folder.join(format!(".{LIBRARY}.new"));
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O2", "-Wall", "-Werror"]);
    if cfg!(target_os = "macos") {
        // What the module calls is in the server that loads it.
        cc.args(["-undefined", "dynamic_lookup"]);
    }
    cc.arg("-isystem").arg(installation.folder("--includedir-server")?);
    run(cc.arg("-o").arg(&new).arg(&path))?;
    open_up(&new)?;
    // By way of a rename, as a running server may have loaded the old one.
    fs::rename(&new, &library)?;
    write_file(&stamp, &source)
}

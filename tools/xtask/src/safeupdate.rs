//! The rule of Supabase's Data API that no UPDATE or DELETE may lack a WHERE clause: a server module, compiled from
//! `tests/safeupdate` for each version, and loaded where Supabase loads it.

use crate::database::Database;
use crate::debian;
use crate::failure::{AtPath, Result};
use crate::places::{Places, write_file};
use crate::server::SUPERUSER;
use crate::step::Step;
use crate::tree::Tree;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const LIBRARY: &str = "safeupdate";

/// Has every new session of a role refuse what lacks a WHERE clause.
pub fn turn_on(places: &Places, database: &Database, role: &str) -> Result<()> {
    let lock = places.lock()?;
    debian::ensure(places, &[debian::BUILD])?;
    let title = format!("Turning safeupdate on for {role}");
    Step::start(places, title).work(|step| {
        install(places, step, database.tree())?;
        load(step, database, role)
    })?;
    drop(lock);
    Ok(())
}

/// Tells the server to load the module, which is installed, into new sessions of a role. A superuser's right.
pub fn load(step: &mut Step, database: &Database, role: &str) -> Result<()> {
    let set = format!("alter role {role} set session_preload_libraries = '{LIBRARY}'");
    step.run(database.psql(SUPERUSER).args(["--command", &set]))
        .map(drop)
}

/// Compiles the module with a server's own headers and puts it beside its libraries, unless it is there.
pub fn install(places: &Places, step: &mut Step, tree: &Tree) -> Result<()> {
    let path = places
        .root
        .join("tests")
        .join("safeupdate")
        .join("safeupdate.c");
    let source = fs::read_to_string(&path).at("read", &path)?;
    let folder = tree.folder("--pkglibdir")?;
    let (library, stamp) = (
        folder.join(format!("{LIBRARY}.so")),
        folder.join(format!("{LIBRARY}.source")),
    );
    if library.is_file() && fs::read_to_string(&stamp).is_ok_and(|found| found == source) {
        return Ok(());
    }
    let new = folder.join(format!(".{LIBRARY}.new"));
    step.run(&mut compiler(
        &tree.folder("--includedir-server")?,
        &path,
        &new,
    ))?;
    // The server's user is another one, and the caller's umask may be strict. By way of a rename, as a running
    // server may have loaded the old one.
    let readable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(&new, readable).at("open up", &new)?;
    fs::rename(&new, &library).at("move into place", &new)?;
    write_file(&stamp, &source)
}

fn compiler(headers: &Path, source: &Path, target: &Path) -> Command {
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O2", "-Wall", "-Werror"]);
    if cfg!(target_os = "macos") {
        // What the module calls is in the server that loads it.
        cc.args(["-undefined", "dynamic_lookup"]);
    }
    cc.arg("-isystem").arg(headers);
    cc.arg("-o").arg(target).arg(source);
    cc
}

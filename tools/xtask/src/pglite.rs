//! PGlite, Postgres in WebAssembly: one process, one connection at a time, where no native
//! extension can be installed. The contract runs on it alone; `lite.rs` has clients on it.

use crate::contract;
use crate::counts::Counts;
use crate::deno;
use crate::failure::{Failure, Result};
use crate::places::Places;
use crate::server;
use crate::service::Service;
use crate::step::{self, Step};
use crate::tree::Tree;
use std::process::Command;

/// PGlite's code runs on the stack of its host, of which Postgres' own limit, 2 MB of another stack,
/// knows nothing. With this one, Postgres' limit is reached first, as on a server.
const STACK_KIB: u32 = 61_440;

/// Runs `tests/contract` on PGlite, through the psql of a version of Postgres.
pub fn contract(places: &Places, major: u16, title: &str) -> Result<Counts> {
    let lock = places.lock()?;
    let psql = Tree::ensure(places, major)?.program("psql");
    deno::prepare(places)?;
    drop(lock);
    let (pglite, port) = Step::start(places, "Starting PGlite").work(|_| {
        let sql = places.root.join("sql");
        let mut program = deno::command(places, "run");
        program.arg(format!("--v8-flags=--stack-size={}", STACK_KIB - 4096));
        program.arg(deno::allow_read(&[&places.base.join("npm"), &sql]));
        program.args(["pglite.ts", "--stop-with-stdin"]);
        program.env("CHATKEEP_SQL", sql);
        let log = places.log_of("PGlite")?;
        let (pglite, ready) = Service::start_announcing("PGlite", log, &mut with_stack(&program))?;
        let port = ready["port"].as_u64().and_then(|port| port.try_into().ok());
        let port: u16 = port.ok_or_else(|| Failure::new("PGlite does not name its port."))?;
        Ok((pglite, port))
    })?;
    let counts = contract::test(places, title, |role| {
        // There is nobody to ask for a password.
        server::psql(&psql, port, role, "")
    });
    drop(pglite);
    counts
}

/// The same program with a larger stack. The limit is inherited, and a shell is what sets it on
/// every system.
fn with_stack(program: &Command) -> Command {
    let mut shell = Command::new("sh");
    let script = format!("ulimit -s {STACK_KIB} && exec \"$0\" \"$@\"");
    shell.args(["-c", &script]).arg(program.get_program());
    shell.args(program.get_args());
    step::inherit(&mut shell, program);
    if let Some(folder) = program.get_current_dir() {
        shell.current_dir(folder);
    }
    shell
}

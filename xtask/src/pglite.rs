//! PGlite, Postgres in WebAssembly: one process, one connection at a time, where no native
//! extension can be installed. The contract runs on it alone, and supabase-js through
//! `@supabase/lite` in front of it.

use crate::contract;
use crate::counts::Counts;
use crate::database;
use crate::deno;
use crate::edge;
use crate::failure::{Failure, Result};
use crate::places::{Places, make_folder, remove_folder};
use crate::server::free_port;
use crate::service::Service;
use crate::step::Step;
use crate::suite;
use crate::tree::Tree;
use std::path::PathBuf;
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
        let log = log(places, "PGlite")?;
        let (pglite, ready) = Service::start_announcing("PGlite", log, &mut with_stack(&program))?;
        let port = ready["port"].as_u64().and_then(|port| port.try_into().ok());
        let port: u16 = port.ok_or_else(|| Failure::new("PGlite does not name its port."))?;
        Ok((pglite, port))
    })?;
    let counts = contract::test(places, title, |role| {
        // There is nobody to ask for a password.
        database::psql(&psql, port, role, "")
    });
    drop(pglite);
    counts
}

/// Runs `tests/clients` through `@supabase/lite` on PGlite, as docs/supabase.md says to serve it, and
/// `tests/pglite`, what it says of PGlite alone.
pub fn clients(places: &Places, title: &str) -> Result<Counts> {
    edge::build(places)?;
    let lock = places.lock()?;
    deno::prepare(places)?;
    drop(lock);
    let npm = places.base.join("npm");
    let sql = places.root.join("sql");
    let guide = places.root.join("docs").join("supabase.md");
    // Below the npm packages, so that what is imported in it is found.
    let project = Project(npm.join(format!("lite-{}", std::process::id())));
    let gateway = Step::start(places, "Starting @supabase/lite on PGlite").work(|step| {
        let supabase = project.0.join("supabase");
        make_folder(&supabase)?;
        let migrations = sql.join("supabase").join("migrations");
        step.run(Command::new("cp").arg("-R").arg(migrations).arg(&supabase))?;
        let mut program = deno::command(places, "run");
        program.arg(deno::allow_read(&[&npm, &guide]));
        program.arg(format!("--allow-write={}", project.0.display()));
        // It asks who it is before it makes files.
        program.arg("--allow-sys=homedir,uid,gid");
        program.args(["lite.ts", "--stop-with-stdin"]);
        program.env("HOME", &project.0).env("DO_NOT_TRACK", "1");
        program.env("CHATKEEP_LITE_WORKDIR", &project.0);
        program.env("CHATKEEP_GUIDE", &guide);
        program.env("CHATKEEP_GATEWAY_PORT", free_port()?.to_string());
        Service::start_announcing(
            "@supabase/lite",
            log(places, "@supabase/lite")?,
            &mut program,
        )
    });
    let (service, ready) = gateway?;
    let counts = Step::start(places, title).count(|step| {
        let mut test = deno::command(places, "test");
        test.arg(deno::allow_read(&[&places.base, &sql, &guide]));
        test.args(["clients/", "pglite/"]);
        for (name, key) in [
            ("CHATKEEP_URL", "url"),
            ("CHATKEEP_ANON_KEY", "anon_key"),
            ("CHATKEEP_SERVICE_KEY", "service_role_key"),
        ] {
            test.env(name, ready[key].as_str().unwrap_or_default());
        }
        test.env("CHATKEEP_GATEWAY", "lite")
            .env("CHATKEEP_DRIVER", "pglite");
        test.env("CHATKEEP_SQL", &sql).env("CHATKEEP_GUIDE", &guide);
        let ran = step.try_run(&mut test)?;
        Ok(suite::judge(&ran))
    });
    drop(service);
    counts
}

/// A folder that goes when it goes out of scope.
struct Project(PathBuf);

impl Drop for Project {
    fn drop(&mut self) {
        if let Err(failure) = remove_folder(&self.0) {
            eprintln!("{failure}");
        }
    }
}

/// The same program with a larger stack. The limit is inherited, and a shell is what sets it on
/// every system.
fn with_stack(program: &Command) -> Command {
    let mut shell = Command::new("sh");
    let script = format!("ulimit -s {STACK_KIB} && exec \"$0\" \"$@\"");
    shell.args(["-c", &script]).arg(program.get_program());
    shell.args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    if let Some(folder) = program.get_current_dir() {
        shell.current_dir(folder);
    }
    shell
}

/// The log of that name, in a folder that is there.
fn log(places: &Places, name: &str) -> Result<PathBuf> {
    let log = places.log(name);
    if let Some(folder) = log.parent() {
        make_folder(folder)?;
    }
    Ok(log)
}

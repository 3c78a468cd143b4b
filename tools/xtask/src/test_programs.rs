//! The test programs of the suites: what each is told, and what it may reach.

use crate::counts::{self, Counts};
use crate::gateway::{Gateway, Keys, Rest};
use crate::service::Service;
use crate::{contract, deno, edge, release_guard};
use anyhow::Result;
use fs_err as fs;
use local_postgres::console::{inherit, log_of, run, say, step, succeeds};
use local_postgres::{
    DEFAULT_MAJOR, Database, Installation, MIGRATIONS, SUPERUSER, Workspace, cargo_pgrx, debian, free_port,
};
use local_postgres::{psql, remove_folder};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// PGlite's code runs on the stack of its host, of which Postgres' own limit, 2 MB of another stack, knows nothing. With this
/// one, Postgres' limit is reached first, as on a server.
const STACK_KIB: u32 = 61_440;

/// Rules, the tools and the host side of the edge crate: no database.
pub fn units(workspace: &Workspace) -> Result<Counts> {
    let mut cargo = workspace.cargo(&["test", "--no-fail-fast"]);
    for package in ["chatkeep-core", "chatkeep-edge", "chatkeep-lifecycle", "local-postgres", "sql-lint", "xtask"] {
        cargo.args(["--package", package]);
    }
    counts::of(&mut cargo)
}

/// The extension's own tests, on a server of their own.
pub fn pgrx(workspace: &Workspace, major: u16) -> Result<Counts> {
    // Held to the end: each version builds the library in the same place.
    let _lock = workspace.lock()?;
    workspace.install_cargo_pgrx()?;
    let installation = Installation::ensure_test_copy(workspace, major)?;
    let (user, data) = (&workspace.user, workspace.shelf.join("pgrx-data"));
    fs::create_dir_all(&data)?;
    user.give(&data)?;
    // The data of an earlier run, whose server may have been left behind by an interruption: as root, pgrx would try to make
    // them anew in a folder that is not empty. Nearly always there is no such server.
    let old = data.join(major.to_string());
    let mut stop = Command::new(installation.program("pg_ctl"));
    user.run_as(&mut stop);
    succeeds(stop.args(["stop", "--mode", "immediate", "--pgdata"]).arg(&old));
    remove_folder(&old)?;
    let mut test = cargo_pgrx(workspace, &installation.pgrx_home("-test")?);
    test.args(["test", &format!("pg{major}"), "--package", "chatkeep", "--pgdata"]).arg(&data);
    if user.is_other {
        debian::ensure(&[debian::SUDO])?;
        test.args(["--runas", &user.name]);
    } else if std::env::var_os("USER").is_none() {
        // By this variable pgrx's tests name the database user; a bare container does not set it.
        test.env("USER", &user.name);
    }
    counts::of(&mut test)
}

/// The contract on PGlite, through the psql of a version of Postgres. PGlite is one process with one connection at a time.
pub fn contract_on_pglite(workspace: &Workspace) -> Result<Counts> {
    #[derive(Deserialize)]
    struct Announced {
        port: u16,
    }
    let lock = workspace.lock()?;
    let program = Installation::ensure(workspace, DEFAULT_MAJOR)?.program("psql");
    drop(lock);
    deno::prepare(workspace)?;
    let (_pglite, Announced { port }) = step("Starting PGlite", || {
        let sql = workspace.root.join("sql");
        let mut pglite = deno::command(workspace, "run", &[&workspace.base.join("npm"), &sql]);
        pglite
            .arg(format!("--v8-flags=--stack-size={}", STACK_KIB - 4096))
            .args([&deno::program("tests/servers/pglite.ts"), "--stop-with-stdin"]);
        pglite.env("CHATKEEP_SQL", sql);
        // The limit of the stack is inherited, and a shell is what sets it on every system.
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -s {STACK_KIB} && exec \"$0\" \"$@\"")]);
        shell.arg(pglite.get_program()).args(pglite.get_args()).current_dir(workspace.base.join("npm"));
        inherit(&mut shell, &pglite);
        Service::start_announcing("PGlite", log_of("PGlite"), &mut shell)
    })?;
    // There is nobody to ask for a password.
    contract::test(workspace, &contract::files(workspace)?, |role| psql(&program, port, role, ""))
}

/// A package of the AI SDK asks for the name of the machine when it is loaded.
const FOR_AI_SDK: &str = "--allow-sys=hostname";

/// supabase-js and the WebAssembly module through a gateway, or what the gateways make of the calls.
pub fn through_gateway(database: &Database, rest: Rest, tests: &str) -> Result<Counts> {
    let workspace = database.workspace();
    if tests == "tests/protocol" {
        database.execute_file("postgres", &workspace.root.join("tests/protocol/probe.sql"))?;
    }
    edge::build(workspace)?;
    let gateway = Gateway::start(database, rest)?;
    let mut test = deno::command(workspace, "test", &[&workspace.base]);
    test.arg(FOR_AI_SDK);
    gateway.keys.describe_to(&mut test);
    test.arg(deno::program(tests)).env("CHATKEEP_GATEWAY", if rest == Rest::Lite { "lite" } else { "postrust" });
    counts::of(test.env("CHATKEEP_JWT_SECRET", &gateway.jwt_secret))
}

/// The packed npm package in every runtime that it is for.
pub fn runtimes(database: &Database) -> Result<Counts> {
    let workspace = database.workspace();
    edge::build(workspace)?;
    let gateway = Gateway::start(database, Rest::Lite)?;
    let mut node = Command::new(workspace.npm_tool("node"));
    node.args(["--test", "--test-reporter", "tap", "tests/runtimes/packed.test.mjs"]).current_dir(&workspace.root);
    node.env("CHATKEEP_PACKAGE", workspace.package()).env("CHATKEEP_TOOLS", workspace.node_modules());
    gateway.keys.describe_to(&mut node);
    counts::of(node.env("CHATKEEP_DENO_OF_SUPABASE", deno::of_supabase(workspace)?))
}

/// Programs of a folder that open connections of their own, whose transactions stay open, which a gateway cannot give.
pub fn connections(database: &Database, folder: &str) -> Result<Counts> {
    let workspace = database.workspace();
    deno::prepare(workspace)?;
    let (log, pg_dump, psql) = (database.log(), database.program("pg_dump"), database.program("psql"));
    let mut test = deno::command(workspace, "test", &[&workspace.base, &log]);
    test.arg(format!("--allow-run={},{}", pg_dump.display(), psql.display())).arg(deno::program(folder));
    test.env("CHATKEEP_API_DB", database.url_of("authenticator"));
    test.env("CHATKEEP_OWNER_DB", database.url_of("postgres"));
    test.env("CHATKEEP_SUPERUSER_DB", database.url_of(SUPERUSER));
    test.env("CHATKEEP_SERVER_LOG", log).env("CHATKEEP_PG_DUMP", pg_dump).env("CHATKEEP_PSQL", psql);
    counts::of(test.env("CHATKEEP_ENGINES", workspace.root.join("sql/engines")))
}

/// Random histories, held against the models in core.
pub fn histories(database: &Database) -> Result<Counts> {
    let words = ["run", "--quiet", "--release", "--package", "chatkeep-models"];
    let mut cargo = database.workspace().cargo(&words);
    cargo.env("CHATKEEP_API_DB", database.url_of("authenticator"));
    counts::of(cargo.env("CHATKEEP_SUPERUSER_DB", database.url_of(SUPERUSER)))
}

/// What happens to a whole database: its installation, upgrade, backup or crash.
pub fn lifecycle(database: &Database, test: &str) -> Result<Counts> {
    let workspace = database.workspace();
    let mut cargo = workspace.cargo(&["run", "--quiet", "--package", "chatkeep-lifecycle", "--", test]);
    let release = release_guard::newest(&workspace.root)?;
    cargo.args(["--database", &database.name]).args(release.map(|tag| format!("--release={tag}")));
    counts::of(&mut cargo)
}

/// supabase-js through `@supabase/lite`, as docs/supabase.md says to serve it: in front of a server's new and empty database,
/// or on PGlite, with `tests/pglite`, what the guide says of PGlite alone.
pub fn through_lite(workspace: &Workspace, database: Option<&Database>) -> Result<Counts> {
    let name = "chatkeep_lite";
    let (example, driver, url) = match database {
        None => ("lite-on-pglite", "pglite", String::new()),
        Some(database) => {
            database.add(name)?;
            ("lite-on-postgres", "postgres", database.url_in(SUPERUSER, name))
        }
    };
    edge::build(workspace)?;
    deno::prepare(workspace)?;
    let (sql, guide) = (workspace.root.join("sql"), workspace.root.join("docs/supabase.md"));
    let project = Project::new(workspace)?;
    let (lite, keys): (Service, Keys) = step("Starting @supabase/lite", || {
        let mut program = deno::command(workspace, "run", &[&workspace.base.join("npm"), &guide]);
        project.describe_to(&mut program);
        // It asks who it is before it makes files.
        program.args(["--allow-sys=homedir,uid,gid", &deno::program("tests/servers/lite.ts"), "--stop-with-stdin"]);
        program.env("CHATKEEP_LITE_WORKDIR", &project.0).env("CHATKEEP_GUIDE", &guide);
        program.env("CHATKEEP_EXAMPLE", example).env("DATABASE_URL", url);
        program.env("CHATKEEP_GATEWAY_PORT", free_port()?.to_string());
        Service::start_announcing("@supabase/lite", log_of("@supabase/lite"), &mut program)
    })?;
    let mut test = deno::command(workspace, "test", &[&workspace.base, &sql, &guide]);
    test.arg(FOR_AI_SDK).arg(deno::program("tests/journeys"));
    test.args(database.is_none().then(|| deno::program("tests/pglite")));
    keys.describe_to(&mut test);
    test.env("CHATKEEP_GATEWAY", "lite").env("CHATKEEP_DRIVER", driver);
    let counts = counts::of(test.env("CHATKEEP_SQL", &sql).env("CHATKEEP_GUIDE", &guide));
    drop(lite);
    database.map_or(Ok(()), |database| database.drop_added(name))?;
    counts
}

/// The example functions of `sql/supabase/functions` with PGlite, whose Storage they upload to.
pub fn functions(workspace: &Workspace) -> Result<Counts> {
    edge::build(workspace)?;
    deno::prepare(workspace)?;
    let project = Project::new(workspace)?;
    // After ours, as a migration of the user's.
    let bucket = workspace.root.join("sql/supabase/functions/ingest/bucket.sql");
    fs::copy(bucket, project.0.join("supabase/migrations/99990101000000_bucket.sql"))?;
    // The programs it starts have rights of their own.
    let mut test = deno::command(workspace, "test", &[Path::new("/")]);
    project.describe_to(&mut test);
    test.args(["--allow-run", &deno::program("tests/functions")]).env("CHATKEEP_WORKDIR", &project.0);
    test.env("CHATKEEP_DENO_OF_SUPABASE", deno::of_supabase(workspace)?);
    test.env("CHATKEEP_FUNCTIONS", workspace.base.join("npm").join(deno::program("sql/supabase/functions")));
    test.env("CHATKEEP_PACKAGE_README", workspace.package().join("README.md"));
    counts::of(test.env("EXPERIMENTAL_STORAGE", "1"))
}

/// A Supabase working directory with our migrations, which goes when it goes out of scope. It is below the npm packages, so
/// that what is imported in it is found.
struct Project(PathBuf);

impl Project {
    fn new(workspace: &Workspace) -> Result<Self> {
        let project = Self(workspace.base.join(format!("npm/lite-{}", std::process::id())));
        let supabase = project.0.join("supabase");
        fs::create_dir_all(&supabase)?;
        run(Command::new("cp").arg("-R").arg(workspace.root.join(MIGRATIONS)).arg(&supabase))?;
        Ok(project)
    }

    /// Lets a program write there, and nowhere else.
    fn describe_to(&self, command: &mut Command) {
        command.arg(format!("--allow-write={}", self.0.display())).env("HOME", &self.0).env("DO_NOT_TRACK", "1");
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        if let Err(failure) = remove_folder(&self.0) {
            say(format_args!("{failure:#}"));
        }
    }
}

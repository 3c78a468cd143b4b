//! The tests in TypeScript: supabase-js and the WebAssembly module through a gateway, what two
//! gateways make of the calls, and several connections to the database at once.

use crate::counts::Counts;
use crate::database::Database;
use crate::deno;
use crate::edge;
use crate::failure::Result;
use crate::gateway::{Gateway, Rest};
use crate::places::Places;
use crate::server::SUPERUSER;
use crate::step::Step;
use crate::suite;
use std::process::Command;

/// Runs `tests/clients` against a database.
pub fn test(places: &Places, database: &Database, title: &str) -> Result<Counts> {
    through(places, database, Rest::Lite, "clients/", title)
}

/// Runs `tests/gateways` against a database, through one of the servers of PostgREST's interface.
pub fn gateway(places: &Places, database: &Database, rest: Rest, title: &str) -> Result<Counts> {
    let probe = places.root.join("tests").join("gateways").join("probe.sql");
    Step::start(places, "Making what the gateways are probed with")
        .work(|step| step.run(database.psql(SUPERUSER).arg("--file").arg(probe)))?;
    through(places, database, rest, "gateways/", title)
}

fn through(
    places: &Places,
    database: &Database,
    rest: Rest,
    tests: &str,
    title: &str,
) -> Result<Counts> {
    edge::build(places)?;
    let gateway = Gateway::start(places, database, rest)?;
    Step::start(places, title).count(|step| {
        let mut test = deno::command(places, "test");
        test.arg(deno::allow_read(&[&places.base])).arg(tests);
        gateway.describe_to(&mut test);
        test.env("CHATKEEP_GATEWAY", rest.name());
        test.env("CHATKEEP_JWT_SECRET", &gateway.jwt_secret);
        let ran = step.try_run(&mut test)?;
        Ok(suite::judge(&ran))
    })
}

/// Runs `tests/runtimes` against a database: the packed npm package in every runtime that it is for.
pub fn runtimes(places: &Places, database: &Database, title: &str) -> Result<Counts> {
    edge::build(places)?;
    let gateway = Gateway::start(places, database, Rest::Lite)?;
    Step::start(places, title).count(|step| {
        let mut node = Command::new(places.npm_tool("node"));
        node.current_dir(&places.root)
            .args(["--test", "--test-reporter", "tap"])
            .arg("tests/runtimes/packed.test.mjs");
        node.env("CHATKEEP_PACKAGE", places.package())
            .env("CHATKEEP_TOOLS", edge::node_modules(places))
            .env("CHATKEEP_DENO_OF_SUPABASE", deno::of_supabase(places)?);
        gateway.describe_to(&mut node);
        let ran = step.try_run(&mut node)?;
        Ok(suite::judge(&ran))
    })
}

/// Runs `tests/isolation` against a database: connections whose transactions stay open, which a
/// gateway cannot give.
pub fn isolation(places: &Places, database: &Database, title: &str) -> Result<Counts> {
    connections(places, database, title, "isolation/")
}

/// Runs `tests/engines` against a database with the native engine, which it has again at the end:
/// the engine is switched while clients work.
pub fn engines(places: &Places, database: &Database, title: &str) -> Result<Counts> {
    connections(places, database, title, "engines/")
}

/// Runs the programs of one folder, which open connections of their own.
fn connections(places: &Places, database: &Database, title: &str, folder: &str) -> Result<Counts> {
    let lock = places.lock()?;
    deno::prepare(places)?;
    drop(lock);
    Step::start(places, title).count(|step| {
        let log = database.log();
        let [pg_dump, psql] = ["pg_dump", "psql"].map(|name| database.program(name));
        let mut test = deno::command(places, "test");
        test.arg(deno::allow_read(&[&places.base, &log]))
            .arg(format!(
                "--allow-run={},{}",
                pg_dump.display(),
                psql.display()
            ))
            .arg(folder);
        test.env("CHATKEEP_API_DB", database.url_of("authenticator"));
        test.env("CHATKEEP_OWNER_DB", database.url_of("postgres"));
        test.env("CHATKEEP_SUPERUSER_DB", database.url_of(SUPERUSER));
        test.env("CHATKEEP_SERVER_LOG", log);
        test.env("CHATKEEP_PG_DUMP", pg_dump);
        test.env("CHATKEEP_PSQL", psql);
        test.env("CHATKEEP_ENGINES", places.root.join("sql/engines"));
        // Cargo sets it; Deno lets nobody hand it on to a program.
        test.env_remove("LD_LIBRARY_PATH");
        let ran = step.try_run(&mut test)?;
        Ok(suite::judge(&ran))
    })
}

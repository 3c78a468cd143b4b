//! The end-to-end tests: supabase-js and the WebAssembly module through a gateway.

use crate::counts::Counts;
use crate::database::Database;
use crate::deno;
use crate::edge;
use crate::failure::Result;
use crate::gateway::Gateway;
use crate::places::Places;
use crate::step::Step;
use crate::suite;

/// Runs `tests/clients` against a database.
pub fn test(places: &Places, database: &Database, title: &str) -> Result<Counts> {
    edge::build(places)?;
    let gateway = Gateway::start(places, database)?;
    Step::start(places, title).count(|step| {
        let mut test = deno::command(places, "test");
        test.arg(deno::allow_read(&[&places.base])).arg("clients/");
        gateway.describe_to(&mut test);
        let ran = step.try_run(&mut test)?;
        Ok(suite::judge(&ran))
    })
}

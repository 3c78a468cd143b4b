//! A server that was killed leaves traces of one that runs. `cargo xtask db start` must see through them.

use crate::counts::Counts;
use crate::database::{Database, Wanted};
use crate::failure::Result;
use crate::places::Places;
use crate::server::{Durability, SUPERUSER};
use crate::step::Step;

/// Kills a database's server and starts the database again at once: somebody answers then.
pub fn test(places: &Places, database: &Database, title: &str) -> Result<Counts> {
    let wanted = Wanted {
        name: database.name.clone(),
        major: database.settings.major,
        engine: database.settings.engine,
        port: None,
        durability: Durability::None,
    };
    database.kill()?;
    let again = Database::start(places, &wanted)?;
    Step::start(places, title).count(|step| {
        let ran = step.try_run(again.psql(SUPERUSER).args(["--command", "select"]))?;
        Ok(Counts::one(ran.status.success()))
    })
}

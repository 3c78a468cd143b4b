//! A server that was killed leaves traces of one that runs. `cargo xtask db start` sees through them.

use crate::counts::Counts;
use anyhow::Result;
use local_postgres::{Database, Wanted};

/// Kills the server, starts the database again, and asks it something.
pub fn test(database: &Database) -> Result<Counts> {
    database.kill()?;
    let settings = &database.settings;
    let wanted = Wanted::kept(Some(database.name.clone()), settings.major, settings.engine);
    let again = Database::start(database.workspace(), &wanted)?;
    Ok(Counts::one(
        "a database whose server was killed starts again",
        again.execute("postgres", "select").is_ok(),
    ))
}

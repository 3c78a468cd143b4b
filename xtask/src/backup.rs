//! A dump restored into a new database must bring back every row, policy, index and grant: what
//! `pg_dump` leaves out would be what an extension owns.

use crate::counts::Counts;
use crate::database::Database;
use crate::failure::{Failure, Result};
use crate::places::{Places, write_file};
use crate::server::SUPERUSER;
use crate::step::{self, Step};
use std::collections::BTreeSet;
use std::process::Command;

const COPY: &str = "chatkeep_restored";

/// Dumps a database, restores the dump beside it and compares; each fact that is kept is one test.
pub fn test(places: &Places, database: &Database, title: &str) -> Result<Counts> {
    Step::start(places, title).count(|step| {
        let folder = places.database(&database.name);
        let (dump, facts) = (folder.join("dump"), folder.join("facts.sql"));
        write_file(&facts, include_str!("backup.sql"))?;
        database.add(step, COPY)?;
        let before = step.run(database.psql(SUPERUSER).arg("--file").arg(&facts))?;
        let mut pg_dump = tool(database, "pg_dump");
        step.run(pg_dump.args(["--format", "custom", "--file"]).arg(&dump))?;
        let mut pg_restore = tool(database, "pg_restore");
        step.run(
            pg_restore
                .args(["--exit-on-error", "--dbname", COPY])
                .arg(&dump),
        )?;
        let mut psql = database.psql(SUPERUSER);
        let after = step.run(psql.args(["--dbname", COPY, "--file"]).arg(&facts))?;
        database.drop_added(step, COPY)?;
        let (counts, differences) = compare(&before, &after);
        differences
            .iter()
            .take(20)
            .for_each(|line| eprintln!("  {line}"));
        for kind in ["rows ", "policy ", "index ", "function "] {
            if !before.lines().any(|line| line.starts_with(kind)) {
                return Err(Failure::new(format!(
                    "The database has no {kind}to compare."
                )));
            }
        }
        Ok(counts)
    })
}

/// A client program of the server, with the same login as psql.
fn tool(database: &Database, name: &str) -> Command {
    let mut command = Command::new(database.program(name));
    step::inherit(&mut command, &database.psql(SUPERUSER));
    command
}

/// Counts the facts that both have; names those that only one has.
pub fn compare(before: &str, after: &str) -> (Counts, Vec<String>) {
    let before: BTreeSet<&str> = before.lines().collect();
    let after: BTreeSet<&str> = after.lines().collect();
    let lost = before
        .difference(&after)
        .map(|fact| format!("lost:  {fact}"));
    let gained = after
        .difference(&before)
        .map(|fact| format!("other: {fact}"));
    let differences: Vec<String> = lost.chain(gained).collect();
    let passed = before.intersection(&after).count() as u64;
    (
        Counts {
            passed,
            failed: differences.len() as u64,
        },
        differences,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_is_a_failure_and_is_named() {
        let (counts, differences) = compare("a\nb\nc\n", "a\nc\nd\n");
        assert_eq!(
            counts,
            Counts {
                passed: 2,
                failed: 2
            }
        );
        assert_eq!(differences, ["lost:  b", "other: d"]);
    }
}

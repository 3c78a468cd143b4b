//! The contract: pgTAP files, run as the non-superuser who owns the tables.

use crate::counts::Counts;
use crate::database::sql_files;
use crate::failure::Result;
use crate::places::Places;
use crate::server::SUPERUSER;
use crate::step::Step;
use crate::tap;
use std::process::Command;

/// Runs `tests/contract` on the database that `psql` reaches as a role.
pub fn test(places: &Places, title: &str, psql: impl Fn(&str) -> Command) -> Result<Counts> {
    let files = sql_files(&places.root.join("tests").join("contract"))?;
    Step::start(places, title).count(|step| {
        let create = "create extension if not exists pgtap with schema extensions";
        step.run(psql(SUPERUSER).args(["--command", create]))?;
        let mut counts = Counts::default();
        for file in &files {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let ran = step.try_run(
                psql("postgres")
                    .args(["--no-align", "--tuples-only", "--file"])
                    .arg(file),
            )?;
            let tap = tap::read(&ran.stdout, ran.status.success());
            if tap.counts.failed > 0 {
                eprintln!("\n{name}: {} of its tests failed", tap.counts.failed);
                tap.problems
                    .iter()
                    .for_each(|problem| eprintln!("  {problem}"));
                let errors = ran.tail.iter().filter(|line| line.starts_with("psql:"));
                errors.for_each(|line| eprintln!("  {line}"));
            }
            counts += tap.counts;
        }
        Ok(counts.judged(true))
    })
}

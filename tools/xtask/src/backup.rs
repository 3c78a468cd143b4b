//! A dump restored into a new database must bring back every row, policy, index and grant: what
//! `pg_dump` leaves out would be what an extension owns. By the superuser, with either engine, and by the owner of the
//! tables, who may name no library and so needs the portable one.

use crate::arguments::Engine;
use crate::counts::Counts;
use crate::database::Database;
use crate::failure::{Failure, Result};
use crate::places::{Places, write_file};
use crate::server::SUPERUSER;
use crate::step::{self, Step};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

const COPY: &str = "chatkeep_restored";
/// The owner of the tables: not a superuser, exempt from policies.
const OWNER: &str = "postgres";
/// The schemas that are compared: of the whole database, and Chatkeep's own.
const WHOLE: &str = "auth,chatkeep,chatkeep_private,public";
const OURS: &str = "chatkeep,chatkeep_private";
/// The same for the programs that dump and restore.
const OUR_SCHEMAS: [&str; 4] = ["--schema", "chatkeep", "--schema", "chatkeep_private"];
/// The tables, each after those that it refers to.
const TABLES: [&str; 9] = [
    "users",
    "sessions",
    "session_secrets",
    "chats",
    "messages",
    "message_search",
    "documents",
    "document_metadata",
    "attachments",
];

/// Dumps a database, restores the dump beside it and compares; each fact that is kept is one test.
pub fn test(places: &Places, database: &Database, title: &str) -> Result<Counts> {
    let folder = places.database(&database.name);
    let backup = Backup {
        places,
        database,
        dump: folder.join("dump"),
        facts: folder.join("facts.sql"),
        calls: places.root.join("tests/upgrade/data.sql"),
    };
    write_file(&backup.facts, include_str!("backup.sql"))?;
    Step::start(places, title).count(|step| {
        // Rows for every table.
        step.run(&mut backup.psql(SUPERUSER, "postgres", &backup.calls))?;
        let mut counts = backup.by_superuser(step)?;
        if database.settings.engine == Engine::Native {
            counts += backup.native_by_owner(step)?;
            step.run(&mut backup.select(OWNER, "postgres", Engine::Portable))?;
        }
        counts += backup.by_owner(step)?;
        if database.settings.engine == Engine::Native {
            for name in ["postgres", COPY] {
                step.run(&mut backup.select(SUPERUSER, name, Engine::Native))?;
                counts += backup.calls(step, name)?;
            }
        }
        database.drop_added(step, COPY)?;
        Ok(counts)
    })
}

struct Backup<'a> {
    places: &'a Places,
    database: &'a Database,
    /// Where a dump lies.
    dump: PathBuf,
    /// Prints what a dump must bring back.
    facts: PathBuf,
    /// Calls everything, as clients do.
    calls: PathBuf,
}

impl Backup<'_> {
    /// The whole database, by the superuser.
    fn by_superuser(&self, step: &mut Step) -> Result<Counts> {
        self.database.add(step, COPY)?;
        self.dump(step, SUPERUSER, &[])?;
        step.run(self.restore(SUPERUSER, &[]).arg("--exit-on-error"))?;
        self.compare(step, WHOLE)
    }

    /// The portable engine by the owner, as docs/supabase.md tells.
    fn by_owner(&self, step: &mut Step) -> Result<Counts> {
        self.project(step)?;
        // With the list of the migrations that are applied.
        let list = ["--schema", "supabase_migrations"];
        self.dump(step, OWNER, &[&OUR_SCHEMAS[..], &list].concat())?;
        step.run(self.restore(OWNER, &[]).arg("--exit-on-error"))?;
        let mut counts = self.compare(step, OURS)?;
        counts += self.calls(step, COPY)?;
        // An upgrade finds that list, and so has nothing to do.
        self.migrate(step)?;
        Ok(counts)
    }

    /// The native engine by the owner, who cannot restore what names the library. `portable.sql` says so. The rows of such a
    /// dump can be had all the same: as docs/supabase.md tells, into the tables of the migrations.
    fn native_by_owner(&self, step: &mut Step) -> Result<Counts> {
        self.project(step)?;
        self.dump(step, OWNER, &OUR_SCHEMAS)?;
        let restored = step.try_run(&mut self.restore(OWNER, &[]))?;
        let selected = step.try_run(&mut self.select(OWNER, COPY, Engine::Portable))?;
        let refusal = "there are no policies on";
        let is_refused = selected.tail.iter().any(|line| line.contains(refusal));
        let mut counts = Counts::one(!restored.status.success());
        counts += Counts::one(!selected.status.success() && is_refused);

        self.project(step)?;
        self.migrate(step)?;
        for table in TABLES {
            let rows = ["--exit-on-error", "--data-only", "--table", table];
            step.run(self.restore(OWNER, &OUR_SCHEMAS).args(rows))?;
        }
        step.run(&mut self.select(SUPERUSER, COPY, Engine::Native))?;
        counts += self.compare(step, OURS)?;
        Ok(counts)
    }

    /// Makes the copy a new project: Supabase's roles and schemas, and the users of the original.
    fn project(&self, step: &mut Step) -> Result<()> {
        self.database.add_as(step, OWNER, COPY, "")?;
        self.database.supply_platform(self.places, step, COPY)?;
        let users = self.dump.with_extension("users").display().to_string();
        let mut write = self.database.psql(OWNER);
        let copy = format!("\\copy (select id from auth.users) to '{users}'");
        step.run(write.args(["--command", &copy]))?;
        let mut read = self.database.psql(OWNER);
        let copy = format!("\\copy auth.users (id) from '{users}'");
        step.run(read.args(["--dbname", COPY, "--command", &copy]))
            .map(drop)
    }

    /// Applies the migrations that the copy does not have.
    fn migrate(&self, step: &mut Step) -> Result<()> {
        let source = self.places.root.join("sql/supabase");
        self.database.migrate(self.places, step, &source, COPY)
    }

    fn dump(&self, step: &mut Step, role: &str, options: &[&str]) -> Result<()> {
        let mut pg_dump = self.tool("pg_dump", role);
        pg_dump.args(options).args(["--format", "custom", "--file"]);
        step.run(pg_dump.arg(&self.dump)).map(drop)
    }

    fn restore(&self, role: &str, options: &[&str]) -> Command {
        let mut pg_restore = self.tool("pg_restore", role);
        pg_restore.args(options).args(["--dbname", COPY]);
        pg_restore.arg(&self.dump);
        pg_restore
    }

    /// A client program of the server, with the same login as psql.
    fn tool(&self, name: &str, role: &str) -> Command {
        let mut command = Command::new(self.database.program(name));
        step::inherit(&mut command, &self.database.psql(role));
        command
    }

    fn select(&self, role: &str, name: &str, engine: Engine) -> Command {
        let file = format!("sql/engines/{engine}.sql");
        self.psql(role, name, &self.places.root.join(file))
    }

    /// Whether every call works there.
    fn calls(&self, step: &mut Step, name: &str) -> Result<Counts> {
        let ran = step.try_run(&mut self.psql(SUPERUSER, name, &self.calls))?;
        if !ran.status.success() {
            eprintln!("  the calls fail in {name}: {}", ran.tail.join("\n"));
        }
        Ok(Counts::one(ran.status.success()))
    }

    /// Holds schemas of the copy against those of the original.
    fn compare(&self, step: &mut Step, schemas: &str) -> Result<Counts> {
        let mut facts = |name: &str| {
            let mut psql = self.psql(SUPERUSER, name, &self.facts);
            step.run(psql.arg("--set").arg(format!("schemas={schemas}")))
        };
        let original = facts("postgres")?;
        let (counts, differences) = compare(&original, &facts(COPY)?);
        differences
            .iter()
            .take(20)
            .for_each(|line| eprintln!("  {line}"));
        for kind in ["rows ", "policy ", "index ", "function "] {
            if !original.lines().any(|line| line.starts_with(kind)) {
                return Err(Failure::new(format!(
                    "The database has no {kind}to compare."
                )));
            }
        }
        Ok(counts)
    }

    fn psql(&self, role: &str, name: &str, file: &Path) -> Command {
        let mut psql = self.database.psql(role);
        psql.args(["--dbname", name, "--file"]).arg(file);
        psql
    }
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

//! What installs Chatkeep refuses a database that cannot hold it, before it changes anything there, and leaves a database
//! that works when it is run again, statement by statement.

use crate::arguments::Engine;
use crate::counts::Counts;
use crate::database::{Database, sql_files};
use crate::failure::{Failure, Result};
use crate::places::Places;
use crate::server::SUPERUSER;
use crate::step::Step;
use std::path::{Path, PathBuf};
use std::process::Command;

const OTHER: &str = "chatkeep_other";
/// Who applies migrations: not a superuser.
const OWNER: &str = "postgres";

/// Tries the files of folder `sql` on databases that it adds to a server; each file on each database is a test.
pub fn test(places: &Places, database: &Database, title: &str) -> Result<Counts> {
    let sql = places.root.join("sql");
    let migrations = sql_files(&sql.join("supabase/migrations"))?;
    let Some(first) = migrations.first().cloned() else {
        return Err(Failure::new("There are no migrations."));
    };
    let trial = Trial {
        places,
        database,
        native: sql.join("engines/native.sql"),
        portable: sql.join("engines/portable.sql"),
        first,
        migrations,
    };
    Step::start(places, title).count(|step| {
        let mut counts = trial.encodings(step)?;
        counts += trial.schema_auth(step)?;
        counts += trial.repetition(step)?;
        counts += trial.policies(step)?;
        database.drop_added(step, OTHER)?;
        Ok(counts)
    })
}

struct Trial<'a> {
    places: &'a Places,
    database: &'a Database,
    native: PathBuf,
    portable: PathBuf,
    first: PathBuf,
    migrations: Vec<PathBuf>,
}

impl Trial<'_> {
    /// A database of another encoding than UTF-8 is refused.
    fn encodings(&self, step: &mut Step) -> Result<Counts> {
        let mut counts = Counts::default();
        for encoding in ["LATIN1", "SQL_ASCII"] {
            let options = format!("encoding '{encoding}' locale 'C'");
            self.database.add_as(step, OWNER, OTHER, &options)?;
            let reason = format!("the encoding of database {OTHER} is {encoding}");
            counts += self.refused(step, OWNER, &self.first, &reason)?;
            counts += self.refused(step, SUPERUSER, &self.native, &reason)?;
        }
        Ok(counts)
    }

    /// API roles that may not use schema auth, and an owner that cannot let them, are refused. An owner that can does.
    fn schema_auth(&self, step: &mut Step) -> Result<Counts> {
        self.database.add_as(step, OWNER, OTHER, "")?;
        self.database.supply_platform(self.places, step, OTHER)?;
        let mut counts = Counts::default();
        for role in ["anon", "authenticated", "service_role"] {
            self.command(step, &format!("revoke usage on schema auth from {role}"))?;
            let reason = format!("role {role} has no usage on schema auth");
            counts += self.refused(step, OWNER, &self.first, &reason)?;
            self.command(step, &format!("grant usage on schema auth to {role}"))?;
        }
        let all = "anon, authenticated, service_role";
        let revoke = format!("revoke usage on schema auth from {all}, {OWNER}");
        self.command(step, &revoke)?;
        counts += self.refused(step, OWNER, &self.first, "has no usage on schema auth")?;
        let may_grant = format!("grant usage on schema auth to {OWNER} with grant option");
        self.command(step, &may_grant)?;
        let ran = step.try_run(&mut self.psql(OWNER, &self.first))?;
        counts += judged(
            "an owner that may grant usage of schema auth does so",
            ran.status.success(),
        );
        Ok(counts)
    }

    /// Each migration stops or changes nothing the second time, with every statement a transaction of its own. Whatever it
    /// did before it stopped, the API roles can still call.
    fn repetition(&self, step: &mut Step) -> Result<Counts> {
        self.database.add_as(step, OWNER, OTHER, "")?;
        self.database.supply_platform(self.places, step, OTHER)?;
        let mut counts = self.refused(step, SUPERUSER, &self.portable, "there are no policies")?;
        for migration in &self.migrations {
            step.run(&mut self.psql(OWNER, migration))?;
        }
        self.select_engine(step)?;
        let before = self.facts(step)?;
        let calls = self.places.root.join("tests/upgrade/data.sql");
        for migration in &self.migrations {
            // Some stop at the first object that is there.
            step.try_run(&mut self.psql(OWNER, migration))?;
            let called = step.try_run(&mut self.psql(SUPERUSER, &calls))?;
            counts += judged(
                &format!("the calls work after a second run of {}", name(migration)),
                called.status.success(),
            );
        }
        self.select_engine(step)?;
        counts += judged("a second run changes nothing", self.facts(step)? == before);
        Ok(counts)
    }

    /// The portable engine is not selected where row level security is on and policies are missing.
    fn policies(&self, step: &mut Step) -> Result<Counts> {
        self.command(
            step,
            "do $$ declare p record; begin \
               for p in select polname, polrelid::regclass as name from pg_catalog.pg_policy loop \
                 execute format('drop policy %I on %s', p.polname, p.name); \
               end loop; \
             end $$",
        )?;
        self.refused(
            step,
            OWNER,
            &self.portable,
            "there are no policies on chatkeep.users",
        )
    }

    /// The present engine's bodies: a second run of a migration of calls puts the portable ones in their place.
    fn select_engine(&self, step: &mut Step) -> Result<()> {
        if self.database.settings.engine == Engine::Native {
            step.run(&mut self.psql(SUPERUSER, &self.native))?;
        }
        Ok(())
    }

    /// Whether a file is refused for a reason, and has changed nothing.
    fn refused(&self, step: &mut Step, role: &str, file: &Path, reason: &str) -> Result<Counts> {
        let before = self.facts(step)?;
        let ran = step.try_run(&mut self.psql(role, file))?;
        let is_refused = !ran.status.success() && ran.tail.iter().any(|line| line.contains(reason));
        let sentence = format!("{} says `{reason}` and changes nothing", name(file));
        Ok(judged(&sentence, is_refused && self.facts(step)? == before))
    }

    /// All that the catalog says of Chatkeep in that database.
    fn facts(&self, step: &mut Step) -> Result<String> {
        let fingerprint = self.places.root.join("tests/upgrade/fingerprint.sql");
        step.run(&mut self.psql(SUPERUSER, &fingerprint))
    }

    fn command(&self, step: &mut Step, statement: &str) -> Result<()> {
        let mut psql = self.database.psql(SUPERUSER);
        step.run(psql.args(["--dbname", OTHER, "--command", statement]))
            .map(drop)
    }

    fn psql(&self, role: &str, file: &Path) -> Command {
        let mut psql = self.database.psql(role);
        psql.args(["--dbname", OTHER, "--file"]).arg(file);
        psql
    }
}

/// One test, which is named when it fails.
fn judged(sentence: &str, holds: bool) -> Counts {
    if !holds {
        eprintln!("  not so: {sentence}");
    }
    Counts::one(holds)
}

fn name(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

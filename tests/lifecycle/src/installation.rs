//! What installs Chatkeep refuses a database that cannot hold it, before it changes anything there, and leaves a database that
//! works when it is run again, statement by statement.

use crate::counts::Counts;
use anyhow::{Context, Result};
use local_postgres::console::{run, try_run};
use local_postgres::{Database, Engine, MIGRATIONS, SUPERUSER, sql_files};
use std::path::{Path, PathBuf};

const OTHER: &str = "chatkeep_other";
/// Who applies migrations: not a superuser.
const OWNER: &str = "postgres";

/// Tries the files of folder `sql` on databases that it adds to a server; each file on each database is a test.
pub fn test(database: &Database) -> Result<Counts> {
    let migrations = sql_files(&database.workspace().root.join(MIGRATIONS))?;
    let first = migrations
        .first()
        .cloned()
        .context("There are no migrations.")?;
    let trial = Trial {
        database,
        first,
        migrations,
    };
    let mut counts = trial.encodings()?;
    counts += trial.schema_auth()?;
    counts += trial.repetition()?;
    counts += trial.policies()?;
    database.drop_added(OTHER)?;
    Ok(counts)
}

struct Trial<'a> {
    database: &'a Database,
    first: PathBuf,
    migrations: Vec<PathBuf>,
}

impl Trial<'_> {
    /// A database of another encoding than UTF-8 is refused.
    fn encodings(&self) -> Result<Counts> {
        let mut counts = Counts::default();
        for encoding in ["LATIN1", "SQL_ASCII"] {
            self.database
                .add_as(OWNER, OTHER, &format!("encoding '{encoding}' locale 'C'"))?;
            let reason = format!("the encoding of database {OTHER} is {encoding}");
            counts += self.refused(OWNER, &self.first, &reason)?;
            counts += self.refused(
                SUPERUSER,
                &self.database.engine_file(Engine::Native),
                &reason,
            )?;
        }
        Ok(counts)
    }

    /// API roles that may not use schema auth, and an owner that cannot let them, are refused. An owner that can does.
    fn schema_auth(&self) -> Result<Counts> {
        self.project()?;
        let mut counts = Counts::default();
        for role in ["anon", "authenticated", "service_role"] {
            self.execute(&format!("revoke usage on schema auth from {role}"))?;
            counts += self.refused(
                OWNER,
                &self.first,
                &format!("role {role} has no usage on schema auth"),
            )?;
            self.execute(&format!("grant usage on schema auth to {role}"))?;
        }
        self.execute(&format!(
            "revoke usage on schema auth from anon, authenticated, service_role, {OWNER}"
        ))?;
        counts += self.refused(OWNER, &self.first, "has no usage on schema auth")?;
        self.execute(&format!(
            "grant usage on schema auth to {OWNER} with grant option"
        ))?;
        counts += Counts::one(
            "an owner that may grant usage of schema auth does so",
            self.succeeds(OWNER, &self.first)?,
        );
        Ok(counts)
    }

    /// Each migration stops or changes nothing the second time, with every statement a transaction of its own. Whatever it did
    /// before it stopped, the API roles can still call.
    fn repetition(&self) -> Result<Counts> {
        self.project()?;
        let portable = self.database.engine_file(Engine::Portable);
        let mut counts = self.refused(SUPERUSER, &portable, "there are no policies")?;
        for migration in &self.migrations {
            run(&mut self.database.psql_file(OWNER, OTHER, migration))?;
        }
        self.select_engine()?;
        let before = self.facts()?;
        let calls = self
            .database
            .workspace()
            .root
            .join("tests/lifecycle/sql/data.sql");
        for migration in &self.migrations {
            // Some stop at the first object that is there.
            self.succeeds(OWNER, migration)?;
            let sentence = format!("the calls work after a second run of {}", name(migration));
            counts += Counts::one(&sentence, self.succeeds(SUPERUSER, &calls)?);
        }
        self.select_engine()?;
        counts += Counts::one("a second run changes nothing", self.facts()? == before);
        Ok(counts)
    }

    /// The portable engine is not selected where row level security is on and policies are missing.
    fn policies(&self) -> Result<Counts> {
        self.execute(
            "do $$ declare p record; begin \
               for p in select polname, polrelid::regclass as name from pg_catalog.pg_policy loop \
                 execute format('drop policy %I on %s', p.polname, p.name); \
               end loop; \
             end $$",
        )?;
        self.refused(
            OWNER,
            &self.database.engine_file(Engine::Portable),
            "there are no policies on chatkeep.identity_providers",
        )
    }

    /// A new database that belongs to the owner, with Supabase's roles and schemas.
    fn project(&self) -> Result<()> {
        self.database.add_as(OWNER, OTHER, "")?;
        self.database.supply_platform(OTHER)
    }

    /// The present engine's bodies: a second run of a migration of calls puts the portable ones in their place.
    fn select_engine(&self) -> Result<()> {
        if self.database.settings.engine == Engine::Native {
            self.database
                .execute_file(OTHER, &self.database.engine_file(Engine::Native))?;
        }
        Ok(())
    }

    /// Whether a file is refused for a reason, and has changed nothing.
    fn refused(&self, role: &str, file: &Path, reason: &str) -> Result<Counts> {
        let before = self.facts()?;
        let ran = try_run(&mut self.database.psql_file(role, OTHER, file))?;
        let is_refused = !ran.status.success() && ran.tail.iter().any(|line| line.contains(reason));
        let sentence = format!("{} says `{reason}` and changes nothing", name(file));
        Ok(Counts::one(
            &sentence,
            is_refused && self.facts()? == before,
        ))
    }

    fn succeeds(&self, role: &str, file: &Path) -> Result<bool> {
        Ok(try_run(&mut self.database.psql_file(role, OTHER, file))?
            .status
            .success())
    }

    /// All that the catalog says of Chatkeep in that database.
    fn facts(&self) -> Result<String> {
        self.database.execute_file(
            OTHER,
            &self
                .database
                .workspace()
                .root
                .join("tests/lifecycle/sql/fingerprint.sql"),
        )
    }

    fn execute(&self, statement: &str) -> Result<()> {
        self.database.execute(OTHER, statement)
    }
}

fn name(file: &Path) -> String {
    file.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

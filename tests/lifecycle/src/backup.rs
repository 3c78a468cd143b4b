//! A dump restored into a new database must bring back every row, policy, index and grant: what `pg_dump` leaves out would be
//! what an extension owns. By the superuser, with either engine, and by the owner of the tables, who may name no library and
//! so needs the portable one.

use crate::counts::Counts;
use crate::facts::compare;
use anyhow::{Result, ensure};
use local_postgres::console::{inherit, run, say, try_run};
use local_postgres::{Database, Engine, SUPERUSER};
use std::path::PathBuf;
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
const TABLES: &str = "identity_providers users tenants memberships member_usage sessions session_secrets chats chat_shares messages chat_summaries message_search message_ratings documents document_metadata attachments storage_outbox";

/// Dumps a database, restores the dump beside it and compares; each fact that is kept is one test.
pub fn test(database: &Database) -> Result<Counts> {
    let root = &database.workspace().root;
    let backup = Backup {
        database,
        dump: database.folder().join("dump"),
        facts: root.join("tests/lifecycle/sql/facts.sql"),
        calls: root.join("tests/lifecycle/sql/data.sql"),
        supabase: root.join("sql/supabase"),
    };
    // Rows for every table.
    database.execute_file("postgres", &backup.calls)?;
    let mut counts = backup.by_superuser()?;
    let is_native = database.settings.engine == Engine::Native;
    if is_native {
        counts += backup.native_by_owner()?;
        run(&mut backup.select(OWNER, "postgres", Engine::Portable))?;
    }
    counts += backup.by_owner()?;
    for name in ["postgres", COPY].into_iter().filter(|_| is_native) {
        run(&mut backup.select(SUPERUSER, name, Engine::Native))?;
        counts += backup.calls(name)?;
    }
    database.drop_added(COPY)?;
    Ok(counts)
}

struct Backup<'a> {
    database: &'a Database,
    /// Where a dump lies.
    dump: PathBuf,
    /// Prints what a dump must bring back.
    facts: PathBuf,
    /// Calls everything, as clients do.
    calls: PathBuf,
    /// The migrations.
    supabase: PathBuf,
}

impl Backup<'_> {
    /// The whole database, by the superuser.
    fn by_superuser(&self) -> Result<Counts> {
        self.database.add(COPY)?;
        self.dump(SUPERUSER, &[])?;
        run(self.restore(SUPERUSER, &[]).arg("--exit-on-error"))?;
        self.compare(WHOLE)
    }

    /// The portable engine by the owner, as docs/supabase.md tells.
    fn by_owner(&self) -> Result<Counts> {
        self.project()?;
        // With the list of the migrations that are applied.
        self.dump(
            OWNER,
            &[&OUR_SCHEMAS[..], &["--schema", "supabase_migrations"]].concat(),
        )?;
        run(self.restore(OWNER, &[]).arg("--exit-on-error"))?;
        let mut counts = self.compare(OURS)?;
        counts += self.calls(COPY)?;
        // An upgrade finds that list, and so has nothing to do.
        self.database.migrate(&self.supabase, COPY)?;
        Ok(counts)
    }

    /// The native engine by the owner, who cannot restore what names the library. `portable.sql` says so. The rows of such a
    /// dump can be had all the same: as docs/supabase.md tells, into the tables of the migrations.
    fn native_by_owner(&self) -> Result<Counts> {
        self.project()?;
        self.dump(OWNER, &OUR_SCHEMAS)?;
        let restored = try_run(&mut self.restore(OWNER, &[]))?;
        let selected = try_run(&mut self.select(OWNER, COPY, Engine::Portable))?;
        let is_refused = selected
            .tail
            .iter()
            .any(|line| line.contains("there are no policies on"));
        let mut counts = Counts::one(
            "the owner cannot restore what names the library",
            !restored.status.success(),
        );
        counts += Counts::one(
            "portable.sql refuses such a copy",
            !selected.status.success() && is_refused,
        );

        self.project()?;
        self.database.migrate(&self.supabase, COPY)?;
        for table in TABLES.split(' ') {
            let rows = ["--exit-on-error", "--data-only", "--table", table];
            run(self.restore(OWNER, &OUR_SCHEMAS).args(rows))?;
        }
        run(&mut self.select(SUPERUSER, COPY, Engine::Native))?;
        counts += self.compare(OURS)?;
        Ok(counts)
    }

    /// Makes the copy a new project: Supabase's roles and schemas, and the users of the original.
    fn project(&self) -> Result<()> {
        self.database.add_as(OWNER, COPY, "")?;
        self.database.supply_platform(COPY)?;
        let users = self.dump.with_extension("users").display().to_string();
        for (name, copy) in [
            (
                "postgres",
                format!("\\copy (select id from auth.users) to '{users}'"),
            ),
            (COPY, format!("\\copy auth.users (id) from '{users}'")),
        ] {
            run(self
                .database
                .psql(OWNER)
                .args(["--dbname", name, "--command", &copy]))?;
        }
        Ok(())
    }

    fn dump(&self, role: &str, options: &[&str]) -> Result<()> {
        let mut pg_dump = self.tool("pg_dump", role);
        run(pg_dump
            .args(options)
            .args(["--format", "custom", "--file"])
            .arg(&self.dump))
        .map(drop)
    }

    fn restore(&self, role: &str, options: &[&str]) -> Command {
        let mut pg_restore = self.tool("pg_restore", role);
        pg_restore
            .args(options)
            .args(["--dbname", COPY])
            .arg(&self.dump);
        pg_restore
    }

    /// A client program of the server, with the same login as psql.
    fn tool(&self, name: &str, role: &str) -> Command {
        let mut command = Command::new(self.database.program(name));
        inherit(&mut command, &self.database.psql(role));
        command
    }

    fn select(&self, role: &str, name: &str, engine: Engine) -> Command {
        self.database
            .psql_file(role, name, &self.database.engine_file(engine))
    }

    /// Whether every call works there.
    fn calls(&self, name: &str) -> Result<Counts> {
        let ran = try_run(&mut self.database.psql_file(SUPERUSER, name, &self.calls))?;
        if !ran.status.success() {
            say(ran.tail.join("\n"));
        }
        Ok(Counts::one(
            &format!("the calls work in {name}"),
            ran.status.success(),
        ))
    }

    /// Holds schemas of the copy against those of the original.
    fn compare(&self, schemas: &str) -> Result<Counts> {
        let facts = |name: &str| {
            let mut psql = self.database.psql_file(SUPERUSER, name, &self.facts);
            run(psql.arg("--set").arg(format!("schemas={schemas}")))
        };
        let original = facts("postgres")?;
        for kind in ["rows ", "policy ", "index ", "function "] {
            ensure!(
                original.lines().any(|line| line.starts_with(kind)),
                "The database has no {kind}to compare."
            );
        }
        Ok(compare(&original, &facts(COPY)?))
    }
}

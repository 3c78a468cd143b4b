//! Where the judges sit: databases that the migrations alone have made, under each set of privileges that Supabase
//! grants by default, and one with planted faults.

use crate::database::{Database, supabase};
use crate::debian;
use crate::failure::{Failure, Result};
use crate::places::Places;
use crate::safeupdate;
use crate::server::SUPERUSER;
use crate::step::Step;
use crate::throwaway::Throwaway;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version that all judges look at: the one that plpgsql_check is a Debian package for.
pub const MAJOR: u16 = 15;
const PLPGSQL_CHECK: &str = "postgresql-15-plpgsql-check";

/// The database that every judge looks at, made under the grants that older projects have by default.
pub const JUDGED: &str = "postgres";
/// A copy of it with the faults of `planted.sql`.
pub const PLANTED: &str = "planted";
/// Databases, and the default privileges that each is made under: a file of `sql/platform/default_privileges`.
pub type Modes = [(&'static str, &'static str)];
/// Every set of default privileges.
pub const MODES: &Modes = &[
    (JUDGED, "legacy"),
    ("everywhere", "legacy_everywhere"),
    ("revoked", "revoked"),
];
/// On the newest server, where tables have one privilege more (MAINTAIN, since PostgreSQL 17).
pub const MODES_OF_NEWEST: &Modes = &[(JUDGED, "legacy_everywhere")];

/// A server with the databases, and a working directory for the CLI. All of it is gone when this is.
pub struct Court {
    /// The folders of the repository.
    pub places: Places,
    /// The databases that were made.
    pub modes: &'static Modes,
    /// A copy of `sql`, where the CLI may write.
    pub workdir: PathBuf,
    database: Throwaway,
}

impl Court {
    /// Starts a server and makes the databases.
    pub fn set_up(places: &Places, major: u16, modes: &'static Modes) -> Result<Self> {
        let mut workdir = PathBuf::new();
        let database = Throwaway::start_with(places, "lint", major, |database, places, step| {
            fill(database, places, step, modes)?;
            workdir = database.workdir(step, &places.root.join("sql/supabase"))?;
            Ok(())
        })?;
        Ok(Self {
            places: places.clone(),
            modes,
            workdir,
            database,
        })
    }

    /// Makes the copy with the planted faults.
    pub fn plant(&self, step: &mut Step) -> Result<()> {
        let create = format!("create database {PLANTED} template {JUDGED}");
        let mut psql = self.database.0.psql(SUPERUSER);
        step.run(psql.args(["--dbname", "template1", "--command", &create]))?;
        let mut psql = self.database.0.psql("postgres");
        psql.args(["--dbname", PLANTED, "--command"]);
        step.run(psql.arg(include_str!("planted.sql"))).map(drop)
    }

    /// The Supabase CLI on one of the databases, as the owner of its objects.
    pub fn supabase(&self, database: &str, words: &[&str]) -> Command {
        let mut command = supabase(&self.places);
        let url = self.database.0.url_in("postgres", database);
        command.args(words).arg(format!("--remote={url}"));
        command.arg("--workdir").arg(&self.workdir);
        // Left to itself, it prints otherwise where it takes its caller for a program of a certain kind, and warns
        // on its standard output of a server without TLS, which listens on 127.0.0.1 here.
        command.arg("--agent=no").env("PGSSLMODE", "disable");
        command
    }

    /// What psql prints: a line for each row, tabs between its columns.
    pub fn ask(&self, step: &mut Step, database: &str, query: &str) -> Result<String> {
        let mut psql = self.database.0.psql(SUPERUSER);
        psql.args(["--no-align", "--tuples-only", "--field-separator", "\t"]);
        step.run(psql.args(["--dbname", database, "--command", query]))
    }
}

/// Makes the databases, under safeupdate: it refuses a statement without WHERE in a migration, and wherever the
/// judges have one analyzed.
fn fill(database: &Database, places: &Places, step: &mut Step, modes: &Modes) -> Result<()> {
    safeupdate::install(places, step, database.tree())?;
    let superuser = |name: &str| {
        let mut psql = database.psql(SUPERUSER);
        psql.args(["--dbname", name]);
        psql
    };
    let defaults = places.root.join("sql/platform/default_privileges");
    for (name, mode) in modes {
        if *name != JUDGED {
            database.add(step, name)?;
        }
        database.supply_platform(places, step, name)?;
        let file = defaults.join(format!("{mode}.sql"));
        step.run(superuser(name).arg("--file").arg(file))?;
        safeupdate::load(step, database, "postgres")?;
        database.migrate(places, step, &places.root.join("sql/supabase"), name)?;
    }
    if database.settings.major == MAJOR {
        plpgsql_check(places, step, &database.tree().folder("--pkglibdir")?)?;
        let create = "create extension plpgsql_check with schema extensions";
        step.run(superuser(JUDGED).args(["--command", create]))?;
    }
    Ok(())
}

/// Adds plpgsql_check to the server, which Debian brings as a package of its own.
fn plpgsql_check(places: &Places, step: &mut Step, libraries: &Path) -> Result<()> {
    if libraries.join("plpgsql_check.so").is_file() {
        return Ok(());
    }
    let folder = places.server(MAJOR);
    debian::unpack(places, step, &[PLPGSQL_CHECK], &folder)?;
    // Whatever the caller's umask is, the server's user must be able to read it.
    let mut chmod = Command::new("chmod");
    step.run(chmod.args(["-R", "u+rwX,go+rX"]).arg(&folder))?;
    if libraries.join("plpgsql_check.so").is_file() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{PLPGSQL_CHECK} did not bring {}/plpgsql_check.so.",
        libraries.display()
    ))
    .advise(format!(
        "install plpgsql_check for PostgreSQL {MAJOR} into that folder."
    )))
}

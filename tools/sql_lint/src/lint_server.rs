//! Where the checks run: databases that the migrations alone have made, under each set of privileges that Supabase grants
//! by default, and one with planted faults.

use anyhow::Result;
use local_postgres::{Database, SUPERUSER, Temporary, Workspace, console::run, safeupdate};
use std::path::PathBuf;

/// The version that all checks look at: the one that plpgsql_check is a Debian package for.
pub const MAJOR: u16 = 15;
/// The database that every check looks at, made under the grants that older projects have by default.
pub const JUDGED: &str = "postgres";
/// A copy of it with the faults of `planted.sql`.
pub const PLANTED: &str = "planted";
/// Databases, and the default privileges that each is made under: a file of `sql/platform/default_privileges`.
pub type Modes = [(&'static str, &'static str)];
/// Every set of default privileges.
pub const MODES: &Modes = &[(JUDGED, "legacy"), ("everywhere", "legacy_everywhere"), ("revoked", "revoked")];
/// On the newest server, where tables have one privilege more (MAINTAIN, since PostgreSQL 17).
pub const MODES_OF_NEWEST: &Modes = &[(JUDGED, "legacy_everywhere")];

/// A server with the databases, and a working directory for the CLI. All of it is gone when this is.
pub struct LintServer {
    /// The databases that were made.
    pub modes: &'static Modes,
    /// A copy of `sql/supabase`, where the CLI may write.
    pub workdir: PathBuf,
    database: Temporary,
}

impl LintServer {
    /// Starts a server and makes the databases.
    pub fn start(workspace: &Workspace, major: u16, modes: &'static Modes) -> Result<Self> {
        let mut workdir = PathBuf::new();
        let database = Temporary::start_with(workspace, "lint", major, |database| {
            fill(database, modes)?;
            workdir = database.workdir(&workspace.root.join("sql/supabase"))?;
            Ok(())
        })?;
        Ok(Self { modes, workdir, database })
    }

    /// The clone that it belongs to.
    pub fn workspace(&self) -> &Workspace {
        self.database.0.workspace()
    }

    /// Makes the copy with the planted faults.
    pub fn plant(&self) -> Result<()> {
        self.database.0.execute("template1", &format!("create database {PLANTED} template {JUDGED}"))?;
        let mut psql = self.database.0.psql("postgres");
        run(psql.args(["--dbname", PLANTED, "--command", include_str!("planted.sql")])).map(drop)
    }

    /// What the supabase CLI prints of one of the databases, as the owner of its objects.
    pub fn supabase(&self, database: &str, words: &[&str]) -> Result<String> {
        let mut command = self.workspace().supabase();
        let url = self.database.0.url_in("postgres", database);
        command.args(words).arg(format!("--remote={url}")).arg("--workdir").arg(&self.workdir);
        // Left to itself, it prints otherwise where it takes its caller for a program of a certain kind, and warns on its
        // standard output of a server without TLS, which listens on 127.0.0.1 here.
        run(command.arg("--agent=no").env("PGSSLMODE", "disable"))
    }

    /// What psql prints: a line for each row, tabs between its columns.
    pub fn ask(&self, database: &str, query: &str) -> Result<String> {
        let mut psql = self.database.0.psql(SUPERUSER);
        psql.args(["--no-align", "--tuples-only", "--field-separator", "\t", "--dbname", database]);
        run(psql.args(["--command", query]))
    }
}

/// Makes the databases, under safeupdate: it refuses a statement without WHERE in a migration, and wherever the checks
/// have one analyzed.
fn fill(database: &Database, modes: &Modes) -> Result<()> {
    let sql = database.workspace().root.join("sql");
    safeupdate::install(database)?;
    for (name, mode) in modes {
        if *name != JUDGED {
            database.add(name)?;
        }
        database.supply_platform(name)?;
        database.execute_file(name, &sql.join(format!("platform/default_privileges/{mode}.sql")))?;
        safeupdate::load(database, "postgres")?;
        database.migrate(&sql.join("supabase"), name)?;
    }
    if database.settings.major == MAJOR {
        database.installation.install_deb("postgresql-15-plpgsql-check", "plpgsql_check.so")?;
        database.execute(JUDGED, "create extension plpgsql_check with schema extensions")?;
    }
    Ok(())
}

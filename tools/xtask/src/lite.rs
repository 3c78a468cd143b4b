//! supabase-js through `@supabase/lite`, as docs/supabase.md says to serve it: on PGlite, and in front
//! of a Postgres.

use crate::counts::Counts;
use crate::database::Database;
use crate::deno;
use crate::edge;
use crate::failure::{AtPath, Result};
use crate::places::{Places, make_folder, remove_folder};
use crate::server::{SUPERUSER, free_port};
use crate::service::Service;
use crate::step::Step;
use crate::suite;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Runs `tests/clients` with PGlite, and `tests/pglite`, what the guide says of PGlite alone.
pub fn on_pglite(places: &Places, title: &str) -> Result<Counts> {
    test(places, "lite-on-pglite", "pglite", "", title)
}

/// Runs `tests/clients` in front of a server's new and empty database.
pub fn on_postgres(places: &Places, database: &Database, title: &str) -> Result<Counts> {
    let name = "chatkeep_lite";
    Step::start(places, "Making a database for @supabase/lite")
        .work(|step| database.add(step, name))?;
    let url = database.url_in(SUPERUSER, name);
    let counts = test(places, "lite-on-postgres", "postgres", &url, title);
    Step::start(places, "Dropping it").work(|step| database.drop_added(step, name))?;
    counts
}

/// Serves an example of the guide in a project of its own and runs the tests of a driver through it.
fn test(
    places: &Places,
    example: &str,
    driver: &str,
    database_url: &str,
    title: &str,
) -> Result<Counts> {
    edge::build(places)?;
    let lock = places.lock()?;
    deno::prepare(places)?;
    drop(lock);
    let npm = places.base.join("npm");
    let sql = places.root.join("sql");
    let guide = places.root.join("docs").join("supabase.md");
    let project = Project::new(places);
    let gateway = Step::start(places, "Starting @supabase/lite").work(|step| {
        project.fill(places, step)?;
        let mut program = deno::command(places, "run");
        program.arg(deno::allow_read(&[&npm, &guide]));
        program.arg(format!("--allow-write={}", project.0.display()));
        // It asks who it is before it makes files.
        program.arg("--allow-sys=homedir,uid,gid");
        program.args(["lite.ts", "--stop-with-stdin"]);
        program.env("HOME", &project.0).env("DO_NOT_TRACK", "1");
        program.env("CHATKEEP_LITE_WORKDIR", &project.0);
        program.env("CHATKEEP_GUIDE", &guide);
        program.env("CHATKEEP_EXAMPLE", example);
        program.env("DATABASE_URL", database_url);
        program.env("CHATKEEP_GATEWAY_PORT", free_port()?.to_string());
        Service::start_announcing(
            "@supabase/lite",
            places.log_of("@supabase/lite")?,
            &mut program,
        )
    });
    let (service, ready) = gateway?;
    let counts = Step::start(places, title).count(|step| {
        let mut test = deno::command(places, "test");
        test.arg(deno::allow_read(&[&places.base, &sql, &guide]));
        test.arg("clients/");
        if driver == "pglite" {
            test.arg("pglite/");
        }
        for (name, key) in [
            ("CHATKEEP_URL", "url"),
            ("CHATKEEP_ANON_KEY", "anon_key"),
            ("CHATKEEP_SERVICE_KEY", "service_role_key"),
        ] {
            test.env(name, ready[key].as_str().unwrap_or_default());
        }
        test.env("CHATKEEP_GATEWAY", "lite")
            .env("CHATKEEP_DRIVER", driver);
        test.env("CHATKEEP_SQL", &sql).env("CHATKEEP_GUIDE", &guide);
        let ran = step.try_run(&mut test)?;
        Ok(suite::judge(&ran))
    });
    drop(service);
    counts
}

/// Runs `tests/functions`: the example functions of `sql/supabase/functions` with PGlite, whose Storage they upload to.
pub fn functions(places: &Places, title: &str) -> Result<Counts> {
    edge::build(places)?;
    let lock = places.lock()?;
    deno::prepare(places)?;
    drop(lock);
    let project = Project::new(places);
    Step::start(places, title).count(|step| {
        let migrations = project.fill(places, step)?;
        // After ours, as a migration of the user's.
        let bucket = places.root.join("sql/supabase/functions/ingest/bucket.sql");
        fs::copy(&bucket, migrations.join("99990101000000_bucket.sql")).at("copy", &bucket)?;
        let mut test = deno::command(places, "test");
        // The programs it starts have rights of their own.
        test.args(["--allow-run", "--allow-read"]);
        test.arg(format!("--allow-write={}", project.0.display()))
            .arg("functions/");
        test.env("CHATKEEP_DENO_OF_SUPABASE", deno::of_supabase(places)?);
        test.env("CHATKEEP_FUNCTIONS", deno::folder(places).join("edge"));
        test.env("CHATKEEP_WORKDIR", &project.0);
        test.env(
            "CHATKEEP_PACKAGE_README",
            places.package().join("README.md"),
        );
        test.env("HOME", &project.0).env("DO_NOT_TRACK", "1");
        test.env("EXPERIMENTAL_STORAGE", "1");
        // Cargo sets it; Deno lets nobody hand it on to a program.
        test.env_remove("LD_LIBRARY_PATH");
        let ran = step.try_run(&mut test)?;
        Ok(suite::judge(&ran))
    })
}

/// A Supabase working directory that goes when it goes out of scope.
struct Project(PathBuf);

impl Project {
    /// Below the npm packages, so that what is imported in it is found.
    fn new(places: &Places) -> Self {
        let name = format!("lite-{}", std::process::id());
        Self(places.base.join("npm").join(name))
    }

    /// Gives it our migrations, and returns the folder that they lie in.
    fn fill(&self, places: &Places, step: &mut Step) -> Result<PathBuf> {
        let supabase = self.0.join("supabase");
        make_folder(&supabase)?;
        let migrations = places.root.join("sql/supabase/migrations");
        step.run(Command::new("cp").arg("-R").arg(migrations).arg(&supabase))?;
        Ok(supabase.join("migrations"))
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        if let Err(failure) = remove_folder(&self.0) {
            eprintln!("{failure}");
        }
    }
}

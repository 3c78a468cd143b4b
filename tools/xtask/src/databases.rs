//! `setup`, `db` and `serve`.

use crate::arguments::{Db, Named, Server};
use crate::gateway::{Gateway, Rest};
use anyhow::{Result, bail};
use local_postgres::{Database, Installation, SUPERUSER, Wanted, Workspace, advice, console};
use std::time::Duration;

/// Installs what the other commands would install.
pub fn set_up(workspace: &Workspace, majors: &[u16]) -> Result<()> {
    let _lock = workspace.lock()?;
    workspace.install_npm()?;
    workspace.install_cargo_pgrx()?;
    workspace.install_postrust()?;
    for major in majors {
        Installation::ensure(workspace, *major)?.install_extension()?;
    }
    eprintln!("Everything is installed, in {}.", workspace.base.display());
    Ok(())
}

/// Starts, stops, names or removes a database.
pub fn run(workspace: &Workspace, db: Db) -> Result<()> {
    let wanted = |Named { server, name }: Named| Wanted::kept(name, server.pg, server.engine);
    let open = |named: Named| Database::open(workspace, &wanted(named).name);
    match db {
        Db::Start { named, port } => {
            let database = Database::start(workspace, &Wanted { port, ..wanted(named) })?;
            println!("{}", database.url_of(SUPERUSER));
        }
        Db::Url(named) => {
            let database = open(named)?;
            if !database.is_running()? {
                let (name, settings) = (&database.name, &database.settings);
                let options = format!("--pg {} --engine {} --name {name}", settings.major, settings.engine);
                let todo = format!("start it with `cargo xtask db start {options}`.");
                bail!(advice(format_args!("Database {name} does not run."), todo));
            }
            println!("{}", database.url_of(SUPERUSER));
        }
        Db::Stop(named) => {
            let database = open(named)?;
            database.stop()?;
            eprintln!("Database {} is stopped; its data are kept.", database.name);
        }
        Db::Drop(named) => {
            let database = open(named)?;
            database.remove()?;
            eprintln!("Database {} is removed.", database.name);
        }
    }
    Ok(())
}

/// A database and its gateway until Ctrl-C.
pub fn serve(workspace: &Workspace, server: &Server) -> Result<()> {
    let name = format!("serve-pg{}-{}", server.pg, server.engine);
    let database = Stopping(Database::start(workspace, &Wanted::kept(Some(name), server.pg, server.engine))?);
    let mut gateway = Gateway::start(&database.0, Rest::Lite)?;
    println!("URL:              {}", gateway.keys.url);
    println!("anon key:         {}", gateway.keys.anon_key);
    println!("service_role key: {}", gateway.keys.service_role_key);
    println!("database:         {}", database.0.url_of(SUPERUSER));
    eprintln!("Serving until Ctrl-C.");
    while console::pause(Duration::from_millis(500)).is_ok() {
        gateway.check()?;
    }
    eprintln!("Stopping.");
    Ok(())
}

/// Stops the database's server when it goes out of scope, and keeps its data.
struct Stopping(Database);

impl Drop for Stopping {
    fn drop(&mut self) {
        if let Err(failure) = self.0.stop() {
            eprintln!("Database {} could not be stopped: {failure:#}", self.0.name);
        }
    }
}

//! `setup`, `db` and `serve`.

use crate::arguments::Arguments;
use crate::database::{Database, Wanted};
use crate::extension;
use crate::failure::{Failure, Result};
use crate::gateway::{Gateway, Rest};
use crate::places::Places;
use crate::server::Durability;
use crate::step;
use crate::toolchain;
use crate::tree::Tree;
use std::process::ExitCode;
use std::time::Duration;

/// Installs what the other commands would install.
pub fn setup(places: &Places, arguments: &Arguments) -> Result<ExitCode> {
    arguments.allow(&["pg"], 0)?;
    let lock = places.lock()?;
    toolchain::npm(places)?;
    toolchain::cargo_pgrx(places)?;
    toolchain::postrust(places)?;
    for major in arguments.majors()? {
        let tree = Tree::ensure(places, major)?;
        extension::install(places, &tree)?;
    }
    drop(lock);
    eprintln!("Everything is installed, in {}.", places.base.display());
    Ok(ExitCode::SUCCESS)
}

/// Starts, stops, names or removes a database.
pub fn db(places: &Places, arguments: &Arguments) -> Result<ExitCode> {
    let verb = arguments.words.first().map_or("", String::as_str);
    let options: &[&str] = match verb {
        "start" => &["pg", "engine", "name", "port"],
        "stop" | "url" | "drop" => &["pg", "engine", "name"],
        _ => {
            return Err(Failure::new("db needs to know what to do.")
                .advise("write `db start`, `db stop`, `db url` or `db drop`."));
        }
    };
    arguments.allow(options, 1)?;
    let (major, engine) = (arguments.major()?, arguments.engine()?);
    let name = match arguments.name()? {
        Some(name) => name.to_owned(),
        None => Wanted::default_name(major, engine),
    };
    match verb {
        "start" => {
            let port = arguments.port()?;
            let wanted = Wanted {
                name,
                major,
                engine,
                port,
                durability: Durability::Full,
            };
            println!("{}", Database::start(places, &wanted)?.url());
        }
        "url" => {
            let database = Database::open(places, &name)?;
            if !database.is_running()? {
                return Err(
                    Failure::new(format!("Database {name} does not run.")).advise(format!(
                        "start it with `cargo xtask db start --pg {} --engine {} --name {name}`.",
                        database.settings.major, database.settings.engine
                    )),
                );
            }
            println!("{}", database.url());
        }
        "stop" => {
            Database::open(places, &name)?.stop()?;
            eprintln!("Database {name} is stopped; its data are kept.");
        }
        _ => {
            Database::open(places, &name)?.remove()?;
            eprintln!("Database {name} is removed.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A database and its gateway until Ctrl-C.
pub fn serve(places: &Places, arguments: &Arguments) -> Result<ExitCode> {
    arguments.allow(&["pg", "engine"], 0)?;
    let (major, engine) = (arguments.major()?, arguments.engine()?);
    let name = format!("serve-{}", Wanted::default_name(major, engine));
    let wanted = Wanted {
        name,
        major,
        engine,
        port: None,
        durability: Durability::Full,
    };
    let database = Stopping(Database::start(places, &wanted)?);
    let mut gateway = Gateway::start(places, &database.0, Rest::Lite)?;
    println!("URL:              {}", gateway.url);
    println!("anon key:         {}", gateway.anon_key);
    println!("service_role key: {}", gateway.service_key);
    println!("database:         {}", database.0.url());
    eprintln!("Serving until Ctrl-C.");
    loop {
        match step::pause(Duration::from_millis(500)) {
            Err(failure) if failure.is_interruption() => break,
            paused => paused?,
        }
        gateway.check()?;
    }
    eprintln!("Stopping.");
    Ok(ExitCode::SUCCESS)
}

/// Stops the database's server when it goes out of scope, and keeps its data.
struct Stopping(Database);

impl Drop for Stopping {
    fn drop(&mut self) {
        if let Err(failure) = self.0.stop() {
            eprintln!("Database {} could not be stopped: {failure}", self.0.name);
        }
    }
}

//! Databases by name: the server of one, its schema and its engine.

use crate::arguments::Engine;
use crate::extension;
use crate::failure::{AtPath, Failure, Result};
use crate::places::{Places, make_folder, remove_folder, write_file};
use crate::server::{self, Durability, SUPERUSER, Server};
use crate::settings::Settings;
use crate::step::Step;
use crate::toolchain;
use crate::tree::Tree;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What to start.
pub struct Wanted {
    /// Name of the database's folder.
    pub name: String,
    /// Version of Postgres.
    pub major: u16,
    /// Engine to select.
    pub engine: Engine,
    /// Port to listen on; a free one when absent.
    pub port: Option<u16>,
    /// Whether it is kept or thrown away.
    pub durability: Durability,
}

impl Wanted {
    /// The name of a database for which none was given.
    pub fn default_name(major: u16, engine: Engine) -> String {
        format!("pg{major}-{engine}")
    }
}

/// A database that is set up: migrated, with an engine, its server running unless stopped since.
#[derive(Debug)]
pub struct Database {
    /// Name of its folder.
    pub name: String,
    /// Version, engine, port and password.
    pub settings: Settings,
    server: Server,
    folder: PathBuf,
}

impl Database {
    /// Starts a database, making it first if it is new.
    pub fn start(places: &Places, wanted: &Wanted) -> Result<Self> {
        Self::start_with(places, wanted, Self::prepare)
    }

    /// Starts a database as `start` does, but leaves it to the caller what is put into it.
    pub fn start_with(
        places: &Places,
        wanted: &Wanted,
        prepare: impl FnOnce(&Self, &Places, &mut Step) -> Result<()>,
    ) -> Result<Self> {
        let lock = places.lock()?;
        let folder = places.database(&wanted.name);
        let known = Settings::read(&folder)?;
        if let Some(settings) = &known {
            agrees(&wanted.name, settings, wanted.major)?;
        }
        let tree = Tree::ensure(places, wanted.major)?;
        let server_folder = places.database_server(&wanted.name);
        let server = Server::new(tree, server_folder, places.account.clone());
        if let Some(settings) = &known
            && server.is_running(settings.port, &settings.password)?
        {
            return Self::running(wanted, settings.clone(), server, folder);
        }
        toolchain::npm(places)?;
        if wanted.engine == Engine::Native {
            extension::install(places, &server.tree)?;
        }
        let port = choose_port(wanted.port, known.as_ref().map(|settings| settings.port))?;
        let settings = match known {
            Some(known) => Settings {
                port,
                engine: wanted.engine,
                ..known
            },
            None => Settings {
                major: wanted.major,
                engine: wanted.engine,
                port,
                password: new_password()?,
            },
        };
        let is_new = Settings::read(&folder)?.is_none();
        let database = Self {
            name: wanted.name.clone(),
            settings,
            server,
            folder,
        };
        let verb = if is_new { "Creating" } else { "Starting" };
        let engine = wanted.engine;
        let title = format!(
            "{verb} database {} (PostgreSQL {}, {engine})",
            wanted.name, wanted.major
        );
        let made = Step::start(places, title).work(|step| {
            if is_new {
                make_folder(&database.folder)?;
                // Left behind by a set-up that was cut short: nobody was given its password.
                database.server.stop()?;
                database
                    .server
                    .create(step, &database.settings.password, wanted.durability)?;
            }
            database.server.start(step, port)?;
            prepare(&database, places, step)
        });
        if let Err(failure) = made {
            database.server.stop()?;
            if is_new {
                database.server.remove()?;
                remove_folder(&database.folder)?;
            }
            return Err(failure);
        }
        database.settings.write(&database.folder)?;
        drop(lock);
        Ok(database)
    }

    /// The database already runs: the same engine and port, or a plain refusal.
    fn running(
        wanted: &Wanted,
        settings: Settings,
        server: Server,
        folder: PathBuf,
    ) -> Result<Self> {
        let name = &wanted.name;
        if settings.engine != wanted.engine {
            return Err(Failure::new(format!(
                "Database {name} already runs with the {} engine.",
                settings.engine
            ))
            .advise(format!(
                "give another --name, or run `cargo xtask db stop --name {name}` first: the next \
                 start then switches its engine and keeps its data."
            )));
        }
        match wanted.port {
            Some(port) if port != settings.port => Err(Failure::new(format!(
                "Database {name} already runs on port {}.",
                settings.port
            ))
            .advise(format!(
                "leave --port out, or run `cargo xtask db stop --name {name}` first."
            ))),
            _ => Ok(Self {
                name: name.clone(),
                settings,
                server,
                folder,
            }),
        }
    }

    /// A database that exists, running or not.
    pub fn open(places: &Places, name: &str) -> Result<Self> {
        let folder = places.database(name);
        let Some(settings) = Settings::read(&folder)? else {
            return Err(
                Failure::new(format!("There is no database {name}.")).advise(format!(
                    "start it with `cargo xtask db start --name {name}`. {}",
                    list(places)
                )),
            );
        };
        let tree = Tree::ensure(places, settings.major)?;
        let server = Server::new(tree, places.database_server(name), places.account.clone());
        Ok(Self {
            name: name.to_owned(),
            settings,
            server,
            folder,
        })
    }

    /// Stops the server and keeps the data.
    pub fn stop(&self) -> Result<()> {
        self.server.stop()
    }

    /// Whether its server runs.
    pub fn is_running(&self) -> Result<bool> {
        let Settings { password, port, .. } = &self.settings;
        self.server.is_running(*port, password)
    }

    /// Kills its server as a crash would.
    pub fn kill(&self) -> Result<()> {
        self.server.kill()
    }

    /// Stops the server and removes the data.
    pub fn remove(&self) -> Result<()> {
        self.server.stop()?;
        self.server.remove()?;
        remove_folder(&self.folder)
    }

    /// A program of the database's server, for instance `pg_dump`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.server.tree.program(name)
    }

    /// Where its server looks for the scripts of extensions.
    pub fn extension_scripts(&self) -> Result<PathBuf> {
        Ok(self.server.tree.folder("--sharedir")?.join("extension"))
    }

    /// The log of its server.
    pub fn log(&self) -> PathBuf {
        self.server.log()
    }

    /// The connection URL of the superuser.
    pub fn url(&self) -> String {
        self.url_of(SUPERUSER)
    }

    /// The connection URL of a role that may log in: the superuser, `postgres` or `authenticator`.
    pub fn url_of(&self, role: &str) -> String {
        self.url_in(role, "postgres")
    }

    /// The connection URL of a role in a database of the server that may be another one than `postgres`.
    pub fn url_in(&self, role: &str, database: &str) -> String {
        let Settings { password, port, .. } = &self.settings;
        format!("postgresql://{role}:{password}@127.0.0.1:{port}/{database}")
    }

    /// The installation that its server runs.
    pub fn tree(&self) -> &Tree {
        &self.server.tree
    }

    /// psql as a role.
    pub fn psql(&self, role: &str) -> Command {
        let Settings { password, port, .. } = &self.settings;
        server::psql(&self.program("psql"), *port, role, password)
    }

    /// Roles and schemas of Supabase, our migrations, the engine. Harmless to repeat.
    fn prepare(&self, places: &Places, step: &mut Step) -> Result<()> {
        self.supply_platform(places, step, "postgres")?;
        let sql = places.root.join("sql");
        self.migrate(places, step, &sql.join("supabase"), "postgres")?;
        let engine = sql
            .join("engines")
            .join(format!("{}.sql", self.settings.engine));
        step.run(self.psql(SUPERUSER).arg("--file").arg(engine))
            .map(drop)
    }

    /// Makes another, empty database on the server; one of its name that was left behind goes first.
    pub fn add(&self, step: &mut Step, name: &str) -> Result<()> {
        self.add_as(step, SUPERUSER, name, "")
    }

    /// Makes such a database that belongs to a role, with further options of `create database`.
    pub fn add_as(&self, step: &mut Step, owner: &str, name: &str, options: &str) -> Result<()> {
        self.drop_added(step, name)?;
        let create = format!("create database {name} owner {owner} template template0 {options}");
        step.run(self.psql(SUPERUSER).args(["--command", &create]))
            .map(drop)
    }

    /// Drops such a database, whoever is connected to it.
    pub fn drop_added(&self, step: &mut Step, name: &str) -> Result<()> {
        let forget = format!("drop database if exists {name} with (force)");
        step.run(self.psql(SUPERUSER).args(["--command", &forget]))
            .map(drop)
    }

    /// Roles and schemas of Supabase, in one of the server's databases.
    pub fn supply_platform(&self, places: &Places, step: &mut Step, database: &str) -> Result<()> {
        for file in sql_files(&places.root.join("sql").join("platform"))? {
            let mut psql = self.psql(SUPERUSER);
            step.run(psql.args(["--dbname", database, "--file"]).arg(file))?;
        }
        self.set_passwords(places, step, &["postgres", "authenticator"])
    }

    /// Lets roles log in with the database's password.
    pub fn set_passwords(&self, places: &Places, step: &mut Step, roles: &[&str]) -> Result<()> {
        // psql takes the password from its environment: an argument could be seen by other users.
        let mut text = "\\getenv password PGPASSWORD\n".to_owned();
        for role in roles {
            text.extend(["alter role ", role, " password :'password';\n"]);
        }
        let file = places.database(&self.name).join("logins.sql");
        write_file(&file, &text)?;
        step.run(self.psql(SUPERUSER).arg("--file").arg(&file))
            .map(drop)
    }

    /// Applies the migrations of a folder that a database of the server does not have yet, as their owner, by the tool
    /// that Supabase's users apply them with.
    pub fn migrate(
        &self,
        places: &Places,
        step: &mut Step,
        source: &Path,
        database: &str,
    ) -> Result<()> {
        let workdir = self.workdir(step, source)?;
        let mut push = supabase(places);
        push.args(["db", "push", "--yes", "--workdir"])
            .arg(&workdir);
        push.arg(format!("--remote={}", self.url_in("postgres", database)));
        step.run(&mut push)?;
        remove_folder(&workdir)
    }

    /// A copy of a Supabase working directory: the tool keeps notes in its workdir, and they are to stay in our folder.
    pub fn workdir(&self, step: &mut Step, source: &Path) -> Result<PathBuf> {
        let workdir = self.folder.join("workdir");
        remove_folder(&workdir)?;
        make_folder(&workdir)?;
        step.run(Command::new("cp").arg("-R").arg(source).arg(&workdir))?;
        Ok(workdir)
    }
}

/// The Supabase CLI, with its notes in our folder and nothing reported to anybody.
pub fn supabase(places: &Places) -> Command {
    let mut command = Command::new(places.npm_tool("supabase"));
    server::clear_environment(&mut command);
    let home = places.base.join("home");
    command
        .env("HOME", &home)
        .env("SUPABASE_HOME", home.join(".supabase"));
    command
        .env("DO_NOT_TRACK", "1")
        .env("SUPABASE_TELEMETRY_DISABLED", "1");
    command.current_dir(&places.root);
    command
}

/// The `.sql` files of a folder in the order of their names.
pub fn sql_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).at("read", folder)?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .collect();
    files.sort();
    Ok(files)
}

fn agrees(name: &str, settings: &Settings, major: u16) -> Result<()> {
    if settings.major == major {
        return Ok(());
    }
    Err(Failure::new(format!(
        "Database {name} is of PostgreSQL {}, not {major}.",
        settings.major
    ))
    .advise(format!(
        "give another --name, or remove it with `cargo xtask db drop --name {name}`."
    )))
}

fn choose_port(wanted: Option<u16>, last: Option<u16>) -> Result<u16> {
    match wanted {
        Some(port) if server::is_free(port) => Ok(port),
        Some(port) => Err(Failure::new(format!("Port {port} of 127.0.0.1 is in use."))
            .advise("choose another --port, or leave it out for a free one.")),
        None => match last {
            Some(port) if server::is_free(port) => Ok(port),
            _ => server::free_port(),
        },
    }
}

/// 192 random bits from the operating system, in hexadecimal.
pub fn new_password() -> Result<String> {
    let path = Path::new("/dev/urandom");
    let mut bytes = [0_u8; 24];
    let file = fs::File::open(path);
    file.and_then(|mut file| std::io::Read::read_exact(&mut file, &mut bytes))
        .at("read", path)?;
    let mut text = String::with_capacity(48);
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(half), 16));
        }
    }
    Ok(text)
}

/// A sentence that names the databases there are.
fn list(places: &Places) -> String {
    let entries = fs::read_dir(places.base.join("db"))
        .into_iter()
        .flatten()
        .flatten();
    let known = entries.filter(|entry| matches!(Settings::read(&entry.path()), Ok(Some(_))));
    let mut names: Vec<String> = known
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    if names.is_empty() {
        String::new()
    } else {
        format!("There are: {}.", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_hexadecimal_and_never_the_same() {
        let (one, other) = (new_password().unwrap(), new_password().unwrap());
        assert_eq!(one.len(), 48);
        assert!(one.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(one, other);
    }

    #[test]
    fn a_port_in_use_is_refused_when_asked_for_and_left_when_remembered() {
        let listener = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken = listener.local_addr().unwrap().port();
        assert!(
            choose_port(Some(taken), None)
                .unwrap_err()
                .to_string()
                .contains("in use")
        );
        assert_ne!(choose_port(None, Some(taken)).unwrap(), taken);
    }
}

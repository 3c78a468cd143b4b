//! Databases by name: the server of one, its schema and its engine.

use crate::connection::{is_free, psql};
use crate::console::{run, say, step};
use crate::workspace::write_secret;
use crate::{Durability, Engine, Installation, SUPERUSER, Workspace, advice, free_port, remove_folder, sql_files};
use anyhow::{Context, Error, Result, bail};
use clap::ValueEnum;
use fs_err as fs;
use std::collections::HashMap;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What to start.
#[derive(Debug, Clone)]
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
    /// A database that is kept.
    pub fn kept(name: Option<String>, major: u16, engine: Engine) -> Self {
        let name = name.unwrap_or_else(|| format!("pg{major}-{engine}"));
        Self { name, major, engine, port: None, durability: Durability::Full }
    }

    /// A database that is thrown away; the name tells who made it and carries the process id.
    pub fn temporary(purpose: &str, major: u16, engine: Engine, durability: Durability) -> Self {
        let name = format!("{purpose}-pg{major}-{engine}-{}", std::process::id());
        Self { durability, ..Self::kept(Some(name), major, engine) }
    }
}

/// What is remembered of a database, in a file of `key=value` lines that its owner alone may read. The file is written
/// last, so a database without it was never finished. No Debug: a password is never part of a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// Version of Postgres.
    pub major: u16,
    /// The engine that was selected last.
    pub engine: Engine,
    /// The port its server listens on, or last did.
    pub port: u16,
    /// The password of every role that may log in.
    pub password: String,
}

impl Settings {
    /// Reads the settings of a database's folder; none if there is no such database.
    fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join("connection");
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        let todo = format!("stop its server and remove {}.", folder.display());
        Self::parse(&text).map(Some).ok_or_else(|| advice(format_args!("{} is damaged.", path.display()), todo))
    }

    /// Writes the settings, at once or not at all.
    fn write(&self, folder: &Path) -> Result<()> {
        let Self { major, engine, port, password } = self;
        let new = folder.join("connection.new");
        write_secret(&new, &format!("pg={major}\nengine={engine}\nport={port}\npassword={password}\n"))?;
        Ok(fs::rename(&new, folder.join("connection"))?)
    }

    fn parse(text: &str) -> Option<Self> {
        let values: HashMap<&str, &str> = text.lines().filter_map(|line| line.split_once('=')).collect();
        Some(Self {
            major: values.get("pg")?.parse().ok()?,
            engine: Engine::from_str(values.get("engine")?, false).ok()?,
            port: values.get("port")?.parse().ok()?,
            password: (*values.get("password")?).to_owned(),
        })
    }
}

/// A database that is set up: migrated, with an engine, its server running unless stopped since.
pub struct Database {
    /// Name of its folder.
    pub name: String,
    /// Version, engine, port and password.
    pub settings: Settings,
    /// The installation that its server runs.
    pub installation: Installation,
}

impl Database {
    /// Starts a database, making it first if it is new.
    pub fn start(workspace: &Workspace, wanted: &Wanted) -> Result<Self> {
        Self::start_with(workspace, wanted, Self::prepare)
    }

    /// Starts a database as `start` does, but leaves it to the caller what is put into it.
    pub fn start_with(
        workspace: &Workspace,
        wanted: &Wanted,
        prepare: impl FnOnce(&Self) -> Result<()>,
    ) -> Result<Self> {
        let _lock = workspace.lock()?;
        let Wanted { name, major, engine, .. } = wanted;
        let folder = workspace.database(name);
        let known = Settings::read(&folder)?;
        let is_new = known.is_none();
        let new = || Ok(Settings { major: *major, engine: *engine, port: 0, password: new_password()? });
        let settings = known.map_or_else(new, Ok::<_, Error>)?;
        if settings.major != *major {
            let what = format!("Database {name} is of PostgreSQL {}, not {major}.", settings.major);
            let todo = format!("give another --name, or remove it with `cargo xtask db drop --name {name}`.");
            bail!(advice(what, todo));
        }
        let installation = Installation::ensure(workspace, *major)?;
        let mut database = Self { name: name.clone(), settings, installation };
        if !is_new && database.is_running()? {
            agrees_with_running(wanted, &database.settings)?;
            return Ok(database);
        }
        workspace.install_npm()?;
        if *engine == Engine::Native {
            database.installation.install_extension()?;
        }
        database.settings.engine = *engine;
        database.settings.port = choose_port(wanted.port, database.settings.port)?;
        let verb = if is_new { "Creating" } else { "Starting" };
        let made = step(format!("{verb} database {name} (PostgreSQL {major}, {engine})"), || {
            if is_new {
                fs::create_dir_all(&folder)?;
                // Left behind by a set-up that was cut short: nobody was given its password.
                database.stop()?;
                database.create_server(wanted.durability)?;
            }
            database.start_server()?;
            prepare(&database)
        });
        if let Err(failure) = made {
            database.stop()?;
            if is_new {
                database.remove()?;
            }
            return Err(failure);
        }
        database.settings.write(&folder)?;
        Ok(database)
    }

    /// A database that exists, running or not.
    pub fn open(workspace: &Workspace, name: &str) -> Result<Self> {
        let settings = Settings::read(&workspace.database(name))?.ok_or_else(|| {
            let todo = format!("start it with `cargo xtask db start --name {name}`. {}", list(workspace));
            advice(format_args!("There is no database {name}."), todo)
        })?;
        let installation = Installation::ensure(workspace, settings.major)?;
        Ok(Self { name: name.to_owned(), settings, installation })
    }

    /// Stops the server and removes the data.
    pub fn remove(&self) -> Result<()> {
        self.stop()?;
        remove_folder(&self.server_folder())?;
        remove_folder(&self.folder())
    }

    /// The clone that it belongs to.
    pub fn workspace(&self) -> &Workspace {
        &self.installation.workspace
    }

    /// A folder for what belongs to it, and goes with it.
    pub fn folder(&self) -> PathBuf {
        self.workspace().database(&self.name)
    }

    /// A program of the database's server, for instance `pg_dump`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.installation.program(name)
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

    /// psql as a role.
    pub fn psql(&self, role: &str) -> Command {
        psql(&self.program("psql"), self.settings.port, role, &self.settings.password)
    }

    /// psql as a role on a file, in one of the server's databases.
    pub fn psql_file(&self, role: &str, database: &str, file: &Path) -> Command {
        let mut psql = self.psql(role);
        psql.args(["--dbname", database, "--file"]).arg(file);
        psql
    }

    /// Runs a statement as the superuser, in one of the server's databases.
    pub fn execute(&self, database: &str, statement: &str) -> Result<()> {
        run(self.psql(SUPERUSER).args(["--dbname", database, "--command", statement])).map(drop)
    }

    /// Runs a file as the superuser, in one of the server's databases, and returns what it prints.
    pub fn execute_file(&self, database: &str, file: &Path) -> Result<String> {
        run(&mut self.psql_file(SUPERUSER, database, file))
    }

    /// The file that selects an engine.
    pub fn engine_file(&self, engine: Engine) -> PathBuf {
        self.workspace().root.join(format!("sql/engines/{engine}.sql"))
    }

    /// Roles and schemas of Supabase, our migrations, the engine. Harmless to repeat.
    fn prepare(&self) -> Result<()> {
        self.supply_platform("postgres")?;
        self.migrate(&self.workspace().root.join("sql/supabase"), "postgres")?;
        self.execute_file("postgres", &self.engine_file(self.settings.engine)).map(drop)
    }

    /// Makes another, empty database on the server; one of its name that was left behind goes first.
    pub fn add(&self, name: &str) -> Result<()> {
        self.add_as(SUPERUSER, name, "")
    }

    /// Makes such a database that belongs to a role, with further options of `create database`.
    pub fn add_as(&self, owner: &str, name: &str, options: &str) -> Result<()> {
        self.drop_added(name)?;
        self.execute("postgres", &format!("create database {name} owner {owner} template template0 {options}"))
    }

    /// Drops such a database, whoever is connected to it.
    pub fn drop_added(&self, name: &str) -> Result<()> {
        self.execute("postgres", &format!("drop database if exists {name} with (force)"))
    }

    /// Roles and schemas of Supabase, in one of the server's databases.
    pub fn supply_platform(&self, database: &str) -> Result<()> {
        for file in sql_files(&self.workspace().root.join("sql/platform"))? {
            self.execute_file(database, &file)?;
        }
        self.set_passwords(&["postgres", "authenticator"])
    }

    /// Lets roles log in with the database's password.
    pub fn set_passwords(&self, roles: &[&str]) -> Result<()> {
        // psql takes the password from its environment: an argument could be seen by other users.
        let mut text = "\\getenv password PGPASSWORD\n".to_owned();
        for role in roles {
            text.extend(["alter role ", role, " password :'password';\n"]);
        }
        let file = self.folder().join("logins.sql");
        fs::write(&file, text)?;
        self.execute_file("postgres", &file).map(drop)
    }

    /// Applies the migrations of a Supabase working directory that a database of the server does not have yet, as their
    /// owner, by the tool that Supabase's users apply them with.
    pub fn migrate(&self, source: &Path, database: &str) -> Result<()> {
        let workdir = self.workdir(source)?;
        let mut push = self.workspace().supabase();
        push.args(["db", "push", "--yes", "--workdir"]).arg(&workdir);
        run(push.arg(format!("--remote={}", self.url_in("postgres", database))))?;
        remove_folder(&workdir)
    }

    /// A copy of a Supabase working directory: the tool keeps notes in its workdir, and they are to stay in our folder.
    pub fn workdir(&self, source: &Path) -> Result<PathBuf> {
        let workdir = self.folder().join("workdir");
        remove_folder(&workdir)?;
        fs::create_dir_all(&workdir)?;
        run(Command::new("cp").arg("-R").arg(source).arg(&workdir))?;
        Ok(workdir)
    }
}

/// A database that is removed when it goes out of scope, also after an error or Ctrl-C.
pub struct Temporary(pub Database);

impl Temporary {
    /// Makes a new one that does not wait for the disk.
    pub fn start(workspace: &Workspace, purpose: &str, major: u16, engine: Engine) -> Result<Self> {
        let wanted = Wanted::temporary(purpose, major, engine, Durability::None);
        Database::start(workspace, &wanted).map(Self)
    }

    /// Makes such a database with what the caller puts into it: no engine is selected, nothing is built for it.
    pub fn start_with(
        workspace: &Workspace,
        purpose: &str,
        major: u16,
        prepare: impl FnOnce(&Database) -> Result<()>,
    ) -> Result<Self> {
        // The migrations by themselves are the portable engine.
        let wanted = Wanted::temporary(purpose, major, Engine::Portable, Durability::None);
        Database::start_with(workspace, &wanted, prepare).map(Self)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Err(failure) = self.0.remove() {
            say(format_args!("Database {} could not be removed: {failure:#}", self.0.name));
        }
    }
}

/// A database that already runs has the same engine and port, or is refused.
fn agrees_with_running(wanted: &Wanted, settings: &Settings) -> Result<()> {
    let name = &wanted.name;
    if settings.engine != wanted.engine {
        bail!(advice(
            format_args!("Database {name} already runs with the {} engine.", settings.engine),
            format_args!(
                "give another --name, or run `cargo xtask db stop --name {name}` first: the next start then switches \
                 its engine and keeps its data."
            ),
        ));
    }
    if wanted.port.is_some_and(|port| port != settings.port) {
        bail!(advice(
            format_args!("Database {name} already runs on port {}.", settings.port),
            format_args!("leave --port out, or run `cargo xtask db stop --name {name}` first."),
        ));
    }
    Ok(())
}

/// The wanted port, else the last one, else another; 0 stands for no last one.
fn choose_port(wanted: Option<u16>, last: u16) -> Result<u16> {
    match wanted {
        Some(port) if is_free(port) => Ok(port),
        Some(port) => {
            let todo = "choose another --port, or leave it out for a free one.";
            bail!(advice(format_args!("Port {port} of 127.0.0.1 is in use."), todo))
        }
        None if last != 0 && is_free(last) => Ok(last),
        None => free_port(),
    }
}

/// 192 random bits from the operating system, in hexadecimal.
pub fn new_password() -> Result<String> {
    let mut bytes = [0_u8; 24];
    let device = std::fs::File::open("/dev/urandom");
    device.and_then(|mut device| device.read_exact(&mut bytes)).context("could not read /dev/urandom")?;
    Ok(bytes.map(|byte| format!("{byte:02x}")).concat())
}

/// A sentence that names the databases there are.
fn list(workspace: &Workspace) -> String {
    let entries = fs::read_dir(workspace.base.join("db")).into_iter().flatten().flatten();
    let known = entries.filter(|entry| matches!(Settings::read(&entry.path()), Ok(Some(_))));
    let mut names: Vec<String> = known.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    if names.is_empty() { String::new() } else { format!("There are: {}.", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn settings_come_back_from_their_file_which_only_the_owner_reads() {
        let folder = tempfile::tempdir().unwrap();
        let (folder, file) = (folder.path(), folder.path().join("connection"));
        let settings = Settings { major: 17, engine: Engine::Portable, port: 5999, password: "s3".into() };
        assert!(Settings::read(folder).unwrap().is_none());
        settings.write(folder).unwrap();
        assert!(Settings::read(folder).unwrap().as_ref() == Some(&settings));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&file, "pg=17\n").unwrap();
        assert!(Settings::read(folder).err().unwrap().to_string().contains("damaged"));
    }

    #[test]
    fn a_port_in_use_is_refused_when_asked_for_and_left_when_remembered() {
        let listener = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken = listener.local_addr().unwrap().port();
        assert!(choose_port(Some(taken), 0).unwrap_err().to_string().contains("in use"));
        assert_ne!(choose_port(None, taken).unwrap(), taken);
    }
}

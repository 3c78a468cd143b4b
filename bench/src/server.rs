//! The server of the bench, and databases made and dropped on it: each scenario begins with a copy
//! of a database that nobody has used.

use crate::connection::{Connection, Login};
use anyhow::{Context, Result, anyhow};
use std::net::{SocketAddr, ToSocketAddrs};

/// Which engine answers in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Native,
    Portable,
}

impl Engine {
    /// The untouched database with this engine. The command that runs the bench has made both.
    fn template(self) -> &'static str {
        match self {
            Engine::Native => "postgres",
            Engine::Portable => "portable",
        }
    }
}

/// Where the server is.
pub struct Server {
    pub address: SocketAddr,
    login: Login,
}

impl Server {
    /// Reads PGHOST, PGPORT, PGUSER and PGPASSWORD, as every program of Postgres does.
    pub fn from_environment() -> Result<Self> {
        let read = |name: &str| {
            std::env::var(name).map_err(|_| {
                anyhow!(
                    "{name} is not set. Run me by `cargo xtask bench`, which starts a server for me."
                )
            })
        };
        let place = format!("{}:{}", read("PGHOST")?, read("PGPORT")?);
        let addresses = place.to_socket_addrs().context("finding the server")?;
        let address = { addresses }
            .next()
            .ok_or_else(|| anyhow!("{place} is no address"))?;
        let login = Login {
            user: read("PGUSER")?,
            password: read("PGPASSWORD")?,
        };
        Ok(Self { address, login })
    }

    /// The superuser in a database that is no template.
    pub fn admin(&self) -> Result<Connection> {
        Connection::open(self.address, "template1", &self.login)
    }

    /// Makes a database, lends it, and drops it.
    pub fn with_databases<T>(
        &self,
        wanted: &[(&str, Engine)],
        work: impl FnOnce(&[Database<'_>]) -> Result<T>,
    ) -> Result<T> {
        let mut databases = Vec::new();
        for (name, engine) in wanted {
            let create = format!(
                "create database bench_{name} template {}",
                engine.template()
            );
            // One is there if a run before this one was cut short.
            self.drop_database(&format!("bench_{name}"))?;
            self.admin()?.execute(&create)?;
            databases.push(Database {
                server: self,
                name: format!("bench_{name}"),
            });
        }
        let result = work(&databases);
        for database in &databases {
            self.drop_database(&database.name)?;
        }
        // The next scenario shall not share its disk with what this one left to be written.
        self.admin()?.execute("checkpoint")?;
        result
    }

    fn drop_database(&self, name: &str) -> Result<()> {
        self.admin()?
            .execute(&format!("drop database if exists {name} with (force)"))
    }
}

/// A database of one scenario.
pub struct Database<'a> {
    server: &'a Server,
    name: String,
}

impl Database<'_> {
    /// A connection as superuser. Commits do not wait for the disk, on any side.
    pub fn connect(&self) -> Result<Connection> {
        self.connect_at(self.server.address)
    }

    /// The same, by way of a proxy.
    pub fn connect_at(&self, address: SocketAddr) -> Result<Connection> {
        let mut connection = Connection::open(address, &self.name, &self.server.login)?;
        connection.execute("set synchronous_commit = off")?;
        Ok(connection)
    }

    /// Does what autovacuum, which is off, would have done by now: without statistics a statement that was prepared
    /// when its tables were empty would go on reading them from end to end.
    pub fn settle(&self) -> Result<()> {
        let mut admin = self.connect()?;
        // Rows of a commit that has not reached the disk yet cannot be marked as seen by all: what reads them first would
        // do it instead, and log their pages.
        admin.execute("checkpoint")?;
        admin.execute("vacuum (analyze)")?;
        admin.execute("checkpoint")
    }
}

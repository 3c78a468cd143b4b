//! The server of the benchmark, and the databases on it. Each scenario begins with a copy of an unused database.

use crate::connection::{Connection, Login};
use anyhow::{Context, Result, anyhow};
use std::net::{SocketAddr, ToSocketAddrs};

/// The engine of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Native,
    Portable,
}

impl Engine {
    /// The unused database with this engine. `cargo xtask bench` has made both.
    fn template(self) -> &'static str {
        match self {
            Engine::Native => "postgres",
            Engine::Portable => "portable",
        }
    }
}

/// The server's address.
pub struct Server {
    pub address: SocketAddr,
    login: Login,
}

impl Server {
    /// Reads PGHOST, PGPORT, PGUSER and PGPASSWORD, as programs of Postgres do.
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

    /// A superuser's connection to a database that is no template.
    pub fn admin(&self) -> Result<Connection> {
        Connection::open(self.address, "template1", &self.login)
    }

    /// Makes databases, passes them to `work`, and drops them.
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
            // An interrupted run may have left one.
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
        // Writes the data of this scenario to disk now, and not during the next scenario.
        self.admin()?.execute("checkpoint")?;
        result
    }

    fn drop_database(&self, name: &str) -> Result<()> {
        self.admin()?
            .execute(&format!("drop database if exists {name} with (force)"))
    }
}

/// A database of a scenario.
pub struct Database<'a> {
    server: &'a Server,
    name: String,
}

impl Database<'_> {
    /// A superuser's connection. Its commits do not wait for the disk, on both sides.
    pub fn connect(&self) -> Result<Connection> {
        self.connect_at(self.server.address)
    }

    /// A superuser's connection through a proxy at this address.
    pub fn connect_at(&self, address: SocketAddr) -> Result<Connection> {
        let mut connection = Connection::open(address, &self.name, &self.server.login)?;
        connection.execute("set synchronous_commit = off")?;
        Ok(connection)
    }

    /// Does the work of autovacuum, which is off. Without statistics, a statement that was prepared while its tables
    /// were empty would scan them completely.
    pub fn settle(&self) -> Result<()> {
        let mut admin = self.connect()?;
        // A row cannot be marked as visible to all before its commit is on disk. Otherwise the first reader would mark
        // the rows and log their pages.
        admin.execute("checkpoint")?;
        admin.execute("vacuum (analyze)")?;
        admin.execute("checkpoint")
    }
}

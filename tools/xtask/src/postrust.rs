//! `postrust-server`: an implementation of PostgREST's interface that has nothing in common with the
//! one in `@supabase/lite`, so that what the tests see through both is not one gateway's own idea.

use crate::database::Database;
use crate::failure::Result;
use crate::places::Places;
use crate::server::free_port;
use crate::service::Service;
use crate::step::Step;
use crate::toolchain;
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, Stdio};

/// A running server; it stops when it goes out of scope.
pub struct Postrust {
    /// Its root: what is `/rest/v1` on Supabase.
    pub url: String,
    service: Service,
}

impl Postrust {
    /// Starts one on a free port, with the settings that Supabase gives to PostgREST. It believes JWTs
    /// that are signed with the secret.
    pub fn start(places: &Places, database: &Database, secret: &str) -> Result<Self> {
        let lock = places.lock()?;
        toolchain::postrust(places)?;
        drop(lock);
        Step::start(places, "Starting postrust").work(|_| {
            let port = free_port()?;
            let mut command = Command::new(places.tool(toolchain::POSTRUST));
            // It is configured by its environment alone, and the caller may have set up another.
            command.env_clear();
            command.env("DATABASE_URL", database.url_of("authenticator"));
            command.env("PGRST_COMPAT_MODE", "true");
            command.env("PGRST_DB_ANON_ROLE", "anon");
            command.env("PGRST_DB_EXTRA_SEARCH_PATH", "public,extensions");
            command.env("PGRST_DB_MAX_ROWS", "1000");
            command.env("PGRST_DB_SCHEMAS", "public,chatkeep");
            command.env("PGRST_JWT_SECRET", secret);
            command.env("PGRST_SERVER_HOST", Ipv4Addr::LOCALHOST.to_string());
            command.env("PGRST_SERVER_PORT", port.to_string());
            command.stdin(Stdio::null());
            let log = places.database(&database.name).join("postrust.log");
            let mut service = Service::start("postrust", log, &mut command)?;
            // It listens once it has read the catalog.
            service.wait(|| {
                Ok(TcpStream::connect((Ipv4Addr::LOCALHOST, port))
                    .ok()
                    .map(drop))
            })?;
            // Somebody else may have taken the port first, and answer on it.
            service.check()?;
            let url = format!("http://{}:{port}", Ipv4Addr::LOCALHOST);
            Ok(Self { url, service })
        })
    }

    /// Fails once it has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        self.service.check()
    }
}

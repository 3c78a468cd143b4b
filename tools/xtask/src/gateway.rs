//! What stands between supabase-js and a database: GoTrue's interface served by `@supabase/lite` through
//! `tests/servers/gateway.ts`, and PostgREST's by the same or by postrust. postrust has nothing in common with the one in
//! `@supabase/lite`, so that what the tests see through both is not one gateway's own idea.

use crate::deno;
use crate::service::Service;
use anyhow::Result;
use local_postgres::{Database, POSTRUST, console, free_port, new_password};
use serde::Deserialize;
use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;

/// The role that owns schema `auth`, as on Supabase; `gateway.sql` makes it.
const AUTH_ROLE: &str = "supabase_auth_admin";

/// Who serves `/rest/v1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// `@supabase/lite`, in the gateway itself.
    Lite,
    /// `postrust-server`, behind it.
    Postrust,
}

/// What a client passes to `createClient`: the URL, the key of role anon, and the key of role `service_role`, which is
/// exempt from row level security.
#[derive(Deserialize)]
pub struct Keys {
    pub url: String,
    pub anon_key: String,
    pub service_role_key: String,
}

impl Keys {
    /// Tells a client program where the gateway is and what opens it.
    pub fn describe_to(&self, command: &mut Command) {
        command.env("CHATKEEP_URL", &self.url).env("CHATKEEP_ANON_KEY", &self.anon_key);
        command.env("CHATKEEP_SERVICE_KEY", &self.service_role_key);
    }
}

/// A running gateway; it stops when it goes out of scope.
pub struct Gateway {
    pub keys: Keys,
    /// What JWTs are signed with.
    pub jwt_secret: String,
    service: Service,
    postrust: Option<Service>,
}

impl Gateway {
    /// Prepares a database for the gateway and starts one on a free port.
    pub fn start(database: &Database, rest: Rest) -> Result<Self> {
        let workspace = database.workspace();
        deno::prepare(workspace)?;
        let secret = new_password()?;
        let mut command = deno::command(workspace, "run", &[&workspace.base.join("npm")]);
        command
            .args([&deno::program("tests/servers/gateway.ts"), "--stop-with-stdin"])
            .env("CHATKEEP_GATEWAY_JWT_SECRET", &secret);
        let mut postrust = None;
        if rest == Rest::Postrust {
            let (service, url) = start_postrust(database, &secret)?;
            postrust = Some(service);
            command.env("CHATKEEP_GATEWAY_REST_URL", url);
        } else {
            command.env("CHATKEEP_GATEWAY_REST_DB", database.url_of("authenticator"));
        }
        console::step("Starting the gateway", || {
            database.execute_file("postgres", &workspace.root.join("tests/servers/gateway.sql"))?;
            database.set_passwords(&[AUTH_ROLE])?;
            command.env("CHATKEEP_GATEWAY_PORT", free_port()?.to_string());
            command.env("CHATKEEP_GATEWAY_AUTH_DB", database.url_of(AUTH_ROLE));
            let log = database.folder().join("gateway.log");
            let (service, keys) = Service::start_announcing("The gateway", log, &mut command)?;
            Ok(Self { keys, jwt_secret: secret, service, postrust })
        })
    }

    /// Fails once the gateway has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        self.service.check()?;
        self.postrust.as_mut().map_or(Ok(()), Service::check)
    }
}

/// Starts postrust on a free port, with the settings that Supabase gives to PostgREST, and returns its root: what is
/// `/rest/v1` on Supabase. It believes JWTs that are signed with the secret.
fn start_postrust(database: &Database, secret: &str) -> Result<(Service, String)> {
    let workspace = database.workspace();
    let lock = workspace.lock()?;
    workspace.install_postrust()?;
    drop(lock);
    console::step("Starting postrust", || {
        let (host, port) = (Ipv4Addr::LOCALHOST, free_port()?);
        let mut command = Command::new(workspace.tool(POSTRUST));
        // It is configured by its environment alone, and the caller may have set up another.
        command.env_clear().envs([
            ("DATABASE_URL", database.url_of("authenticator").as_str()),
            ("PGRST_COMPAT_MODE", "true"),
            ("PGRST_DB_ANON_ROLE", "anon"),
            ("PGRST_DB_EXTRA_SEARCH_PATH", "public,extensions"),
            ("PGRST_DB_MAX_ROWS", "1000"),
            ("PGRST_DB_PRE_REQUEST", "chatkeep.pre_request"),
            ("PGRST_DB_SCHEMAS", "public,chatkeep"),
            ("PGRST_JWT_SECRET", secret),
            ("PGRST_SERVER_HOST", &host.to_string()),
            ("PGRST_SERVER_PORT", &port.to_string()),
        ]);
        let mut service = Service::start("postrust", database.folder().join("postrust.log"), &mut command)?;
        // It listens once it has read the catalog.
        service.wait(|| Ok(TcpStream::connect((host, port)).ok()))?;
        // Somebody else may have taken the port first, and answer on it.
        service.check()?;
        Ok((service, format!("http://{host}:{port}")))
    })
}

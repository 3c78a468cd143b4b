//! The gateway between supabase-js and a database: GoTrue's interface served by `@supabase/lite`
//! through `tools/xtask/npm/gateway.ts`, and PostgREST's by the same or by postrust.

use crate::database::{Database, new_password};
use crate::deno;
use crate::failure::{Failure, Result};
use crate::places::Places;
use crate::postrust::Postrust;
use crate::server::{SUPERUSER, free_port};
use crate::service::Service;
use crate::step::Step;
use serde_json::Value;
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

impl Rest {
    /// The name that a reader of test results sees.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lite => "lite",
            Self::Postrust => "postrust",
        }
    }
}

/// A running gateway; it stops when it goes out of scope.
pub struct Gateway {
    /// What a client passes to `createClient`.
    pub url: String,
    /// The key of role anon.
    pub anon_key: String,
    /// The key of role `service_role`: exempt from row level security.
    pub service_key: String,
    /// What JWTs are signed with.
    pub jwt_secret: String,
    service: Service,
    rest: Option<Postrust>,
}

impl Gateway {
    /// Prepares a database for the gateway and starts one on a free port.
    pub fn start(places: &Places, database: &Database, rest: Rest) -> Result<Self> {
        let lock = places.lock()?;
        deno::prepare(places)?;
        drop(lock);
        let secret = new_password()?;
        let rest = match rest {
            Rest::Lite => None,
            Rest::Postrust => Some(Postrust::start(places, database, &secret)?),
        };
        Step::start(places, "Starting the gateway").work(|step| {
            let roles = places.root.join("tools/xtask/npm/gateway.sql");
            step.run(database.psql(SUPERUSER).arg("--file").arg(roles))?;
            database.set_passwords(places, step, &[AUTH_ROLE])?;
            let mut command = deno::command(places, "run");
            command.arg(deno::allow_read(&[&places.base.join("npm")]));
            command.args(["gateway.ts", "--stop-with-stdin"]);
            command.env("CHATKEEP_GATEWAY_PORT", free_port()?.to_string());
            command.env("CHATKEEP_GATEWAY_JWT_SECRET", &secret);
            command.env("CHATKEEP_GATEWAY_AUTH_DB", database.url_of(AUTH_ROLE));
            match &rest {
                None => command.env("CHATKEEP_GATEWAY_REST_DB", database.url_of("authenticator")),
                Some(postrust) => command.env("CHATKEEP_GATEWAY_REST_URL", &postrust.url),
            };
            let log = places.database(&database.name).join("gateway.log");
            let (service, ready) = Service::start_announcing("The gateway", log, &mut command)?;
            let (url, anon_key, service_key) = read_ready(&ready)?;
            Ok(Self {
                url,
                anon_key,
                service_key,
                jwt_secret: secret,
                service,
                rest,
            })
        })
    }

    /// Tells a client program where the gateway is and what opens it.
    pub fn describe_to(&self, command: &mut Command) {
        command.env("CHATKEEP_URL", &self.url);
        command.env("CHATKEEP_ANON_KEY", &self.anon_key);
        command.env("CHATKEEP_SERVICE_KEY", &self.service_key);
    }

    /// Fails once the gateway has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        self.service.check()?;
        self.rest.as_mut().map_or(Ok(()), Postrust::check)
    }
}

/// Reads URL, anon key and service key.
fn read_ready(ready: &Value) -> Result<(String, String, String)> {
    let text = |name: &str| -> Result<String> {
        ready[name].as_str().map(str::to_owned).ok_or_else(|| {
            Failure::new(format!(
                "The gateway's first line does not name its {name}."
            ))
        })
    };
    Ok((text("url")?, text("anon_key")?, text("service_role_key")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_names_url_and_keys() {
        let line = r#"{"url":"http://127.0.0.1:1","anon_key":"a","service_role_key":"s"}"#;
        let expected = (
            "http://127.0.0.1:1".to_owned(),
            "a".to_owned(),
            "s".to_owned(),
        );
        let ready: Value = serde_json::from_str(line).unwrap();
        assert_eq!(read_ready(&ready).unwrap(), expected);
    }

    #[test]
    fn a_gateway_that_says_too_little_has_failed() {
        let ready: Value = serde_json::from_str("{\"url\":\"u\"}").unwrap();
        let failure = read_ready(&ready).unwrap_err().to_string();
        assert!(failure.contains("anon_key"), "{failure}");
    }
}

//! What `pre_request` adds to a request: one with a session token, and one with a JWT of Supabase Auth, which it leaves alone.
//! Each is compared with the same request at a gateway that calls no function before it.

use super::chatkeep::{load_others, open};
use crate::connection::{Connection, Statement};
use crate::random;
use crate::repetitions::alternate;
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use crate::server::{Database, Engine, Server};
use anyhow::Result;
use std::time::Instant;

/// The settings of a request, and the function before it, in one transaction as `PostgREST` sends them.
struct Gateway {
    connection: Connection,
    settings: Statement,
    pre_request: Option<Statement>,
    role: &'static str,
    claims: String,
    headers: String,
}

impl Gateway {
    /// The four kinds of requests: with a JWT and with a token, each without the function and with it.
    fn kinds(database: &Database<'_>) -> Result<Vec<Self>> {
        let token = open(database)?;
        let jwt = format!(
            concat!(
                r#"{{"aal":"aal1","amr":[{{"method":"password","timestamp":1767225600}}],"aud":"authenticated","#,
                r#""app_metadata":{{"provider":"email","providers":["email"]}},"email":"someone@example.com","#,
                r#""exp":4102444800,"iat":1767225600,"iss":"https://example.supabase.co/auth/v1","phone":"","#,
                r#""role":"authenticated","session_id":"{}","sub":"{}","user_metadata":{{}}}}"#
            ),
            random::uuid(),
            random::uuid()
        );
        let anonymous = r#"{"iss":"supabase","role":"anon"}"#.to_owned();
        let mut kinds = Vec::new();
        for (role, claims, more) in [
            ("authenticated", jwt, String::new()),
            (
                "anon",
                anonymous,
                format!(r#","x-chatkeep-session":"{token}""#),
            ),
        ] {
            for is_guarded in [false, true] {
                let mut connection = database.connect()?;
                let settings = connection.prepare(
                    "select set_config('role', $1, true), set_config('request.jwt.claims', $2, true),
                       set_config('request.headers', $3, true), set_config('request.cookies', '{}', true)",
                )?;
                let pre_request = is_guarded
                    .then(|| connection.prepare("select chatkeep.pre_request()"))
                    .transpose()?;
                kinds.push(Self {
                    connection,
                    settings,
                    pre_request,
                    role,
                    claims: claims.clone(),
                    headers: headers(&more),
                });
            }
        }
        Ok(kinds)
    }

    #[allow(clippy::cast_precision_loss)]
    fn time(&mut self, requests: usize) -> Result<f64> {
        let values = [
            self.role.into(),
            (&self.claims).into(),
            (&self.headers).into(),
        ];
        let mut statements: Vec<(&Statement, &[_])> = vec![(&self.settings, &values)];
        statements.extend(self.pre_request.iter().map(|call| (call, &[][..])));
        let start = Instant::now();
        for _ in 0..requests {
            self.connection.pipeline(&statements)?;
        }
        Ok(start.elapsed().as_secs_f64() * 1e6 / requests as f64)
    }
}

/// Headers of a browser with supabase-js, and more.
fn headers(more: &str) -> String {
    let key = "k".repeat(200);
    format!(
        concat!(
            r#"{{"accept":"*/*","accept-encoding":"gzip, deflate, br","accept-language":"en","accept-profile":"chatkeep","#,
            r#""apikey":"{key}","authorization":"Bearer {key}","content-type":"application/json","#,
            r#""host":"example.supabase.co","origin":"https://app.example.com","referer":"https://app.example.com/","#,
            r#""user-agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36","#,
            r#""x-client-info":"supabase-js/2.119.0"{more}}}"#
        ),
        key = key,
        more = more
    )
}

pub fn run(server: &Server, length: Length) -> Result<Vec<Comparison>> {
    let (rounds, requests) = length.choose((101, 500), (9, 200));
    let wanted = [
        ("pre_request", Engine::Native),
        ("pre_request_portable", Engine::Portable),
    ];
    server.with_databases(&wanted, |databases| {
        let mut gateways = Vec::new();
        for database in databases {
            load_others(database)?;
            gateways.extend(Gateway::kinds(database)?);
            database.settle()?;
        }
        for gateway in &mut gateways {
            gateway.time(50)?;
        }
        let measured = alternate("pre_request", rounds, &mut gateways, |gateway| {
            gateway.time(requests)
        })?;
        let mut comparison = Comparison::new(
            "pre_request",
            "What pre_request adds to a request",
            Unit::Microseconds,
        );
        let kinds = [
            ("a session token, native", Target::Limit(100.0)),
            ("a session token, portable", Target::Limit(250.0)),
            ("a JWT of Supabase Auth, native", Target::Ratio),
            ("a JWT of Supabase Auth, portable", Target::Ratio),
        ];
        // The sides of an engine are: JWT without and with the function, token without and with it.
        for ((name, target), first) in kinds.into_iter().zip([2, 6, 0, 4]) {
            if let [without, with] = &measured[first..first + 2] {
                let added: Vec<f64> = with.iter().zip(without).map(|(with, without)| with - without).collect();
                comparison.side(name, &added, true);
                comparison.alone(name, &added, target);
            }
        }
        comparison.note(format!(
            "{rounds} rounds of {requests} requests over one connection each, among 10000 sessions of others. A request is one transaction of settings and pre_request; the time of the same transaction without pre_request is subtracted."
        ));
        Ok(vec![comparison])
    })
}

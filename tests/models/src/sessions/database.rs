//! The database: callers with their own connections, and a superuser who moves times.

use super::call::Call;
use crate::connection::{self, Outcome, run};
use postgres::{Client, SimpleQueryRow};
use std::fmt::Write;

/// The most callers that present tokens at the same time.
pub const CALLERS: usize = 3;

/// The answer to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The status, or the SQLSTATE of a refusal.
    pub status: String,
    /// The token that was issued.
    pub token: Option<String>,
    /// The id of the session, if the call returns it.
    pub session: Option<String>,
    /// The generation of the session, if the call returns it.
    pub generation: Option<i32>,
    /// The number of sessions that were ended, if the call returns it.
    pub ended: Option<usize>,
}

/// The stored state of a session.
#[derive(Debug, PartialEq, Eq)]
pub struct Stored {
    pub revoked: Option<String>,
    pub generation: i32,
    pub has_previous: bool,
    /// The time since the last recorded use, in units of time.
    pub unused: i64,
}

pub struct Database {
    callers: Vec<Client>,
    superuser: Client,
    user: String,
}

impl Database {
    pub fn open() -> Outcome<Self> {
        Ok(Self {
            callers: connection::callers(CALLERS)?,
            superuser: connection::superuser()?,
            user: String::new(),
        })
    }

    /// Makes a new user for a history.
    pub fn begin(&mut self) -> Outcome<()> {
        let rows = run(
            &mut self.superuser,
            "insert into auth.users (id) values (gen_random_uuid()) returning id",
        )?;
        let id = rows.first().and_then(|row| row.get("id"));
        id.ok_or("no user was made")?.clone_into(&mut self.user);
        Ok(())
    }

    /// Lets time pass: moves all times of the user's sessions into the past.
    pub fn pass(&mut self, seconds: i64) -> Outcome<()> {
        let user = &self.user;
        run(
            &mut self.superuser,
            &format!(
                "update chatkeep_private.session_secrets x
                 set rotated_at = x.rotated_at - interval '{seconds} seconds',
                   confirmed_at = x.confirmed_at - interval '{seconds} seconds'
                 from chatkeep.sessions s where s.id = x.session_id and s.user_id = '{user}';
                 update chatkeep.sessions s
                 set created_at = s.created_at - interval '{seconds} seconds',
                   last_used_at = s.last_used_at - interval '{seconds} seconds',
                   expires_at = s.expires_at - interval '{seconds} seconds',
                   revoked_at = s.revoked_at - interval '{seconds} seconds'
                 where s.user_id = '{user}'"
            ),
        )
        .map(drop)
    }

    /// Makes calls at the same time, each by its own caller, who commits or rolls back. A single call needs no thread.
    pub fn call(&mut self, calls: &[Call], commits: bool) -> Outcome<Vec<Seen>> {
        let user = &self.user;
        if let ([call], Some(caller)) = (calls, self.callers.first_mut()) {
            return Ok(vec![answer(caller, &transaction(user, call, commits))?]);
        }
        std::thread::scope(|scope| {
            let running: Vec<_> = self
                .callers
                .iter_mut()
                .zip(calls)
                .map(|(caller, call)| {
                    scope.spawn(move || answer(caller, &transaction(user, call, commits)))
                })
                .collect();
            let joined = running.into_iter().map(std::thread::ScopedJoinHandle::join);
            joined
                .map(|seen| seen.map_err(|_| "a caller broke down".to_owned())?)
                .collect()
        })
    }

    /// The rows of the user's sessions, in the order of creation.
    pub fn stored(&mut self, unit: i64) -> Outcome<Vec<Stored>> {
        let sql = format!(
            "select s.revoked_reason, x.generation, x.previous_digest is not null as previous,
               floor(extract(epoch from clock_timestamp() - s.last_used_at) / {unit})::bigint as unused
             from chatkeep.sessions s join chatkeep_private.session_secrets x on x.session_id = s.id
             where s.user_id = '{}' order by s.created_at",
            self.user
        );
        let rows = run(&mut self.superuser, &sql)?;
        Ok(rows.iter().map(stored).collect())
    }
}

fn stored(row: &SimpleQueryRow) -> Stored {
    Stored {
        revoked: row.get("revoked_reason").map(str::to_owned),
        generation: number(row, "generation").unwrap_or(-1),
        has_previous: row.get("previous") == Some("t"),
        unused: number(row, "unused").unwrap_or(-1),
    }
}

fn number<T: std::str::FromStr>(row: &SimpleQueryRow, column: &str) -> Option<T> {
    row.try_get(column).ok()??.parse().ok()
}

/// A transaction in one message, as `PostgREST` sends it for its caller.
fn transaction(user: &str, call: &Call, commits: bool) -> String {
    let role = if call.needs_user() {
        "authenticated"
    } else {
        "anon"
    };
    let mut sql = format!("begin; set local role {role};");
    if call.needs_user() {
        let claims = format!(r#"{{"role":"authenticated","sub":"{user}","aal":"aal2"}}"#);
        let _ = write!(sql, "set local request.jwt.claims = '{claims}';");
    }
    let _ = write!(
        sql,
        "{}; {}",
        call.sql(),
        if commits { "commit" } else { "rollback" }
    );
    sql
}

fn answer(caller: &mut Client, sql: &str) -> Outcome<Seen> {
    let rows = match connection::answer(caller, sql)? {
        Ok(rows) => rows,
        Err(status) => {
            return Ok(Seen {
                status,
                token: None,
                session: None,
                generation: None,
                ended: None,
            });
        }
    };
    let row = rows.last().ok_or("a call returned no row")?;
    let text = |column| row.try_get(column).ok().flatten();
    Ok(Seen {
        status: text("status").unwrap_or_default().to_owned(),
        token: text("token").map(str::to_owned),
        session: text("session_id").map(str::to_owned),
        generation: number(row, "generation"),
        ended: number(row, "ended"),
    })
}

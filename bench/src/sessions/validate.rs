//! The cost of `validate_session`, compared with the shortest read of a session: one bare SELECT of its row by digest.

use super::chatkeep::{Session, load_others, open};
use crate::connection::{Connection, Statement};
use crate::repetitions::alternate;
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use crate::server::{Engine, Server};
use anyhow::Result;
use std::time::Instant;

enum Looker {
    Validate(Session),
    Select(Connection, Statement, String),
}

impl Looker {
    #[allow(clippy::cast_precision_loss)]
    fn time(&mut self, calls: usize) -> Result<f64> {
        let start = Instant::now();
        for _ in 0..calls {
            match self {
                Looker::Validate(session) => session.validate()?,
                Looker::Select(connection, statement, digest) => {
                    let digest: &String = digest;
                    connection.run(statement, &[digest.into()])?;
                }
            }
        }
        Ok(start.elapsed().as_secs_f64() * 1e6 / calls as f64)
    }
}

pub fn run(server: &Server, length: Length) -> Result<Vec<Comparison>> {
    let (rounds, calls) = length.choose((101, 500), (9, 200));
    let wanted = [
        ("validate", Engine::Native),
        ("validate_portable", Engine::Portable),
    ];
    server.with_databases(&wanted, |databases| {
        let [native, portable] = databases else {
            return Ok(vec![]);
        };
        load_others(native)?;
        load_others(portable)?;
        let ours = Session::of(native, open(native)?)?;
        let theirs = Session::of(portable, open(portable)?)?;
        let mut bare = native.connect()?;
        let digest = bare.value("select session_token::text from chatkeep.sessions limit 1")?;
        let statement = bare.prepare(
            "select id, user_id, tenant_id, expires_at, last_used_at, revoked_at from chatkeep.sessions
             where session_token = $1",
        )?;
        native.settle()?;
        portable.settle()?;
        let mut lookers = vec![
            Looker::Validate(ours),
            Looker::Validate(theirs),
            Looker::Select(bare, statement, digest),
        ];
        for looker in &mut lookers {
            looker.time(50)?;
        }
        let measured = alternate("validate", rounds, &mut lookers, |looker| looker.time(calls))?;
        let [native, portable, bare] = measured.as_slice() else {
            return Ok(vec![]);
        };
        let mut comparison = Comparison::new(
            "validate",
            "Time of one validate_session",
            Unit::Microseconds,
        );
        comparison.side("validate_session, native", native, true);
        comparison.side("validate_session, portable", portable, true);
        comparison.side("one bare SELECT by digest", bare, false);
        comparison.pair("native vs bare SELECT", native, bare, Target::AtMost(1.7));
        comparison.pair("portable vs bare SELECT", portable, bare, Target::Ratio);
        comparison.note(format!(
            "{rounds} rounds of {calls} calls over one connection, by role anon; the bare SELECT by a superuser."
        ));
        Ok(vec![comparison])
    })
}

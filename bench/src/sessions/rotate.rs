//! The time of a rotation: `rotate_session` on both engines, and the statements of `GoTrue`, over one connection and
//! over eight at the same time.

use super::chatkeep::{OTHERS, Session, load_others, open};
use super::gotrue::{self, GoTrue, Version};
use crate::repetitions::alternate;
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use crate::server::{Database, Engine, Server};
use anyhow::{Result, anyhow, ensure};
use std::time::Instant;

// There are only a few of these values, so a box would save nothing.
#[allow(clippy::large_enum_variant)]
enum Rotator {
    Chatkeep(Session),
    GoTrue(GoTrue),
}

impl Rotator {
    fn rotate(&mut self) -> Result<()> {
        match self {
            Rotator::Chatkeep(session) => session.rotate(),
            Rotator::GoTrue(session) => session.rotate(),
        }
    }
}

/// A side: sessions that rotate at the same time, each with its own connection.
type Side = Vec<Rotator>;

pub fn one(server: &Server, length: Length) -> Result<Vec<Comparison>> {
    let comparison = Comparison::new(
        "rotate",
        "Time of one rotation, over one connection",
        Unit::Microseconds,
    );
    run(server, length, comparison, 1, [4.0, 5.0])
}

pub fn eight(server: &Server, length: Length) -> Result<Vec<Comparison>> {
    let comparison = Comparison::new(
        "rotate-8",
        "Time per rotation, over eight connections at once",
        Unit::Microseconds,
    );
    run(server, length, comparison, 8, [2.2, 2.8])
}

fn run(
    server: &Server,
    length: Length,
    mut comparison: Comparison,
    connections: usize,
    [counter, rows]: [f64; 2],
) -> Result<Vec<Comparison>> {
    let (rounds, rotations) = length.choose((51, 200), (5, 100));
    let wanted = [
        ("sessions", Engine::Native),
        ("sessions_portable", Engine::Portable),
    ];
    server.with_databases(&wanted, |databases| {
        let [native, portable] = databases else {
            return Ok(vec![]);
        };
        gotrue::create_tables(native)?;
        load_others(native)?;
        load_others(portable)?;
        let mut sides = vec![
            chatkeep(native, connections)?,
            chatkeep(portable, connections)?,
            auth_server(native, connections, Version::Counter)?,
            auth_server(native, connections, Version::Rows)?,
        ];
        native.settle()?;
        portable.settle()?;
        for side in &mut sides {
            time(side, 50)?;
        }
        let measured = alternate(comparison.name, rounds, &mut sides, |side| {
            time(side, rotations)
        })?;
        let [ours, portable, version_2, version_1] = measured.as_slice() else {
            return Ok(vec![]);
        };
        comparison.side("rotate_session, native", ours, true);
        comparison.side("rotate_session, portable", portable, true);
        comparison.side("GoTrue v2", version_2, false);
        comparison.side("GoTrue v1", version_1, false);
        comparison.pair("native vs portable", ours, portable, Target::Speed);
        comparison.pair("native vs GoTrue v2, 18 round trips", ours, version_2, Target::Faster(counter));
        comparison.pair("native vs GoTrue v1, 24 round trips", ours, version_1, Target::Faster(rows));
        comparison.pair("portable vs GoTrue v2", portable, version_2, Target::Speed);
        comparison.pair("portable vs GoTrue v1", portable, version_1, Target::Speed);
        comparison.note(format!(
            "{rounds} rounds of {rotations} rotations over each connection, among {OTHERS} sessions of others, by role \
             anon under the policies; GoTrue's statements by a superuser, without them, and without the signing of a JWT."
        ));
        Ok(vec![comparison])
    })
}

fn chatkeep(database: &Database<'_>, connections: usize) -> Result<Side> {
    (0..connections)
        .map(|_| {
            let token = open(database)?;
            Session::of(database, token).map(Rotator::Chatkeep)
        })
        .collect()
}

fn auth_server(database: &Database<'_>, connections: usize, version: Version) -> Result<Side> {
    let expected = match version {
        Version::Counter => 18,
        Version::Rows => 24,
    };
    (0..connections)
        .map(|_| {
            let mut session = GoTrue::new(database, version)?;
            let trips = session.round_trips()?;
            ensure!(
                trips == expected,
                "GoTrue's rotation takes {expected} round trips, and this one {trips}"
            );
            Ok(Rotator::GoTrue(session))
        })
        .collect()
}

/// Microseconds per rotation, over all connections together.
#[allow(clippy::cast_precision_loss)]
fn time(side: &mut Side, rotations: usize) -> Result<f64> {
    let total = (side.len() * rotations) as f64;
    let start = Instant::now();
    let work = |session: &mut Rotator| (0..rotations).try_for_each(|_| session.rotate());
    if let [session] = side.as_mut_slice() {
        work(session)?;
    } else {
        std::thread::scope(|scope| {
            let threads: Vec<_> = side
                .iter_mut()
                .map(|session| scope.spawn(move || work(session)))
                .collect();
            threads.into_iter().try_for_each(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(anyhow!("a thread of the bench panicked")))
            })
        })?;
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / total)
}

//! Writers that repeat each call until it is acknowledged, and a killer that ends a process of the server (`kill -9`)
//! again and again, sometimes the postmaster. Afterwards every acknowledged write exists once, and every invariant
//! holds.

mod acknowledged;
mod server;
mod writer;

use crate::connection::{Outcome, Place, rows};
use crate::dice::Dice;
use crate::report::Report;
use crate::store;
use server::Server;
use std::time::{Duration, Instant};
use writer::{Shared, Written};

const WRITERS: u64 = 6;
/// The number of acknowledged calls between two kills.
const CALLS_BETWEEN: u64 = 60;
/// One kill in this number hits the postmaster.
const POSTMASTER_ONCE_IN: usize = 8;

pub fn run(place: &Place, seed: u64, seconds: u64) -> Outcome<(String, Report)> {
    let server = Server::read(place)?;
    let mut superuser = server.connect()?;
    store::empty(&mut superuser)?;
    for user in 0..writer::USERS {
        let (id, chat) = (writer::user(seed, user), writer::chat(seed, user));
        let sql = format!(
            "insert into auth.users (id) values ('{id}');
             select from chatkeep.add_member('{id}', '{id}', 'owner');
             insert into chatkeep.chats (id, tenant_id, user_id) values ('{chat}', '{id}', '{id}')"
        );
        rows(&mut superuser, &sql)?;
    }
    drop(superuser);

    let shared = Shared::default();
    let end = Instant::now() + Duration::from_secs(seconds);
    let (kills, written) = std::thread::scope(|scope| {
        let (server, shared) = (&server, &shared);
        let writers: Vec<_> = (0..WRITERS)
            .map(|number| scope.spawn(move || writer::write(server, shared, seed, number)))
            .collect();
        let kills = kill_until(server, shared, seed, end);
        shared.stop();
        let written: Vec<Outcome<Written>> = writers
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err("a writer broke down".to_owned()))
            })
            .collect();
        (kills, written)
    });
    let (processes, postmasters) = kills?;
    let written: Vec<Written> = written.into_iter().collect::<Outcome<_>>()?;

    let mut superuser = server.connect()?;
    let mut report = Report::default();
    let acknowledged = acknowledged::check(&written, place, &mut superuser, &mut report)?;
    store::check(&mut superuser, &mut report, "")?;
    let what = format!(
        "{processes} processes and {postmasters} servers killed, {acknowledged} writes acknowledged"
    );
    Ok((what, report))
}

/// Kills until `end`. Returns the numbers of killed processes and servers.
fn kill_until(server: &Server, shared: &Shared, seed: u64, end: Instant) -> Outcome<(u64, u64)> {
    let (mut processes, mut postmasters) = (0, 0);
    while Instant::now() < end && !shared.is_stopped() {
        shared.await_calls(CALLS_BETWEEN);
        let mut dice = Dice::at(seed, &[4000, processes + postmasters]);
        if dice.once_in(POSTMASTER_ONCE_IN) {
            server.kill_postmaster()?;
            postmasters += 1;
        } else {
            server.kill_process(&mut dice)?;
            processes += 1;
        }
        server.await_answer()?;
    }
    Ok((processes, postmasters))
}

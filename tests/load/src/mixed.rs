//! A mixed load: twelve clients make calls of every kind on a few shared users, chats and documents. A thirteenth
//! client disables, enables, moves and deletes users and makes new ones. Afterwards every invariant holds, and all
//! acknowledged rows exist.

mod acknowledged;
mod client;
mod conversations;
mod disturber;
mod documents;
mod ledger;
mod sessions;
mod shares;
mod turn;
mod upkeep;
mod watch;
mod world;

use crate::connection::{Outcome, Place};
use crate::report::Report;
use crate::store;
use std::sync::Barrier;
use std::time::{Duration, Instant};
use world::World;

const CLIENTS: u64 = 12;

pub fn run(place: &Place, seed: u64, seconds: u64) -> Outcome<(String, Report)> {
    let mut superuser = place.superuser("60s")?;
    store::empty(&mut superuser)?;
    let world = World::new(seed);
    world.populate(&mut superuser)?;
    let start = Barrier::new(usize::try_from(CLIENTS).unwrap_or(1) + 1);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut report = Report::default();
    let mut turns = 0;
    let ends: Vec<Outcome<(u64, Report)>> = std::thread::scope(|scope| {
        let (world, start) = (&world, &start);
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| scope.spawn(move || client::run(place, world, number, start, end)))
            .collect();
        let disturber = scope.spawn(move || disturber::run(place, world, start, end));
        let all = clients.into_iter().chain([disturber]);
        all.map(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err("a client broke down".to_owned()))
        })
        .collect()
    });
    for end in ends {
        let (done, found) = end?;
        turns += done;
        report.merge(found);
    }
    acknowledged::check(&world, place, &mut superuser, &mut report)?;
    store::check(&mut superuser, &mut report, "")?;
    let sum = world.sum();
    Ok((format!("{turns} calls, {sum}"), report))
}

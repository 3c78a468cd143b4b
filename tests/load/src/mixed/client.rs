//! A client of the load: chooses calls and passes on their answers.

use super::turn::{By, Turn};
use super::world::{TIMEOUT, USERS, World};
use super::{conversations, documents, sessions, shares, upkeep};
use crate::caller::Caller;
use crate::connection::{Outcome, Place, answer};
use crate::dice::Dice;
use crate::report::Report;
use std::sync::Barrier;
use std::time::Instant;

/// Makes calls, one after the other, until the time is over.
pub fn run(
    place: &Place,
    world: &World,
    number: u64,
    start: &Barrier,
    end: Instant,
) -> Outcome<(u64, Report)> {
    let connection = place.caller(TIMEOUT);
    start.wait();
    // If the client cannot connect, the disturber must not wait for its turns.
    let mut connection = connection.inspect_err(|_| world.stop())?;
    let mut report = Report::default();
    let mut turns = 0;
    while Instant::now() < end && !world.is_stopped() {
        let mut dice = Dice::at(world.seed, &[number, turns]);
        let turn = next(world, &mut dice);
        let answered = answer(&mut connection, &turn.request());
        let answered = answered.inspect_err(|_| world.stop());
        let answered = answered.map_err(|error| format!("{}: {error}", turn.call))?;
        turn.judge(world, &mut report, &answered);
        turn.remember(world, &answered);
        turns += 1;
        world.count_turn();
    }
    world.stop();
    Ok((turns, report))
}

/// The next call of a client.
fn next(world: &World, dice: &mut Dice) -> Turn {
    let user = dice.below(USERS);
    let by = By {
        caller: Caller::User(world.user(user)),
        user,
    };
    match dice.below(100) {
        0..47 => conversations::next(world, dice, by),
        47..55 => shares::next(world, dice, by),
        55..75 => sessions::next(world, dice, by),
        75..96 => documents::next(world, dice, by),
        _ => upkeep::next(dice, by),
    }
}

//! Disables, enables, moves and deletes users during their calls, gives their rows to others, and makes new users.

use super::world::{CHATS, STEADY, TIMEOUT, USERS, World};
use crate::caller::Caller;
use crate::connection::{Outcome, Place, answer};
use crate::dice::Dice;
use crate::report::Report;
use crate::verdict;
use std::sync::Barrier;
use std::time::Instant;

/// The number of calls between two disturbances.
const CALLS_BETWEEN: u64 = 25;

pub fn run(place: &Place, world: &World, start: &Barrier, end: Instant) -> Outcome<(u64, Report)> {
    let connections = place
        .caller(TIMEOUT)
        .and_then(|service| Ok((service, place.superuser(TIMEOUT)?)));
    start.wait();
    let (mut service, mut superuser) = connections?;
    let mut report = Report::default();
    let mut disturbances = 0;
    while Instant::now() < end && !world.is_stopped() {
        world.await_turns(CALLS_BETWEEN);
        let mut dice = Dice::at(world.seed, &[3000, disturbances]);
        let user = STEADY + dice.below(USERS - STEADY);
        let id = world.user(user);
        let (name, sql, is_superuser) = match dice.below(24) {
            0..6 => ("disabling a user", disable(&id), false),
            6..12 => ("enabling a user", enable(&id), false),
            12..17 => (
                "moving a user",
                move_to(&id, &tenant(world, &mut dice, &id)),
                false,
            ),
            17..19 => (
                "transfer_all",
                transfer_all(&id, &other(world, &mut dice)),
                false,
            ),
            19..21 => {
                let chat = world.chat(user, dice.below(CHATS));
                (
                    "transfer_chat",
                    transfer_chat(&chat, &other(world, &mut dice)),
                    false,
                )
            }
            _ => (
                "deleting a user",
                format!("delete from auth.users where id = '{id}'"),
                true,
            ),
        };
        let answered = if is_superuser {
            answer(&mut superuser, &sql)?
        } else {
            answer(&mut service, &Caller::Service.request(&sql))?
        };
        verdict::judge(&mut report, name, &sql, &answered);
        if is_superuser && answered.is_ok() {
            // The user's calls continue for a while, with a JWT that is valid longer than the account.
            world.await_turns(CALLS_BETWEEN);
            let new = world.renew_user(user);
            let sql = format!("insert into auth.users (id) values ('{new}')");
            let answered = answer(&mut superuser, &sql)?;
            verdict::judge(&mut report, "making a user", &sql, &answered);
        }
        disturbances += 1;
    }
    Ok((disturbances, report))
}

fn disable(id: &str) -> String {
    format!(
        "update chatkeep.users set disabled_at = coalesce(disabled_at, now()) where id = '{id}'"
    )
}

fn enable(id: &str) -> String {
    format!("update chatkeep.users set disabled_at = null where id = '{id}'")
}

fn move_to(id: &str, tenant: &str) -> String {
    format!("update chatkeep.memberships set tenant_id = '{tenant}' where user_id = '{id}'")
}

/// The tenant of most users, another one, or the user's own.
fn tenant(world: &World, dice: &mut Dice, own: &str) -> String {
    match dice.below(3) {
        0 => world.user(0),
        1 => world.user(STEADY - 1),
        _ => own.to_owned(),
    }
}

/// A user who does not stay either, or the same one.
fn other(world: &World, dice: &mut Dice) -> String {
    world.user(STEADY + dice.below(USERS - STEADY))
}

fn transfer_all(from: &str, to: &str) -> String {
    format!("select * from chatkeep.transfer_all('{from}', '{to}')")
}

fn transfer_chat(chat: &str, to: &str) -> String {
    format!("select * from chatkeep.transfer_chat('{chat}', '{to}')")
}

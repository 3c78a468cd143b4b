//! Histories of the sessions of one user, and how they are played.

use super::call::{Call, Opening};
use super::database::{CALLERS, Database, Seen};
use super::world::World;
use proptest::prelude::*;
use std::time::Instant;

/// The unit of time, in seconds. Grace, idle times and lives are multiples of it. A history takes less than one unit to
/// play, so both sides of every limit are tested, and a slow machine does not cross one.
const UNIT: i64 = 5;

/// The age of a token: the number of tokens that were first seen after it.
type Back = u8;

/// A step of a history. It names tokens by their age, so that a shorter history is still valid.
#[derive(Debug, Clone)]
pub enum Step {
    /// This number of units of time passes.
    Wait(u16),
    /// The user creates a session.
    Open(Opening),
    /// A caller presents a token.
    Present(Presenting, Back),
    /// A caller presents a token in a transaction that is rolled back.
    RolledBack(Presenting, Back),
    /// Several callers present tokens at the same time.
    AtOnce(Vec<(Presenting, Back)>),
    /// The user ends all sessions.
    RevokeAll,
}

/// The call that presents a token.
#[derive(Debug, Clone, Copy)]
pub enum Presenting {
    Rotate,
    Validate,
    Elevate,
    RevokeOthers,
    /// The owner revokes the token's session by its id.
    Revoke,
}

/// Histories of up to 16 steps after the first session.
pub fn histories() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..16)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        9 => (presenting(), back()).prop_map(|(call, back)| Step::Present(call, back)),
        4 => wait().prop_map(Step::Wait),
        2 => prop::collection::vec((presenting(), back()), 2..=CALLERS).prop_map(Step::AtOnce),
        2 => (presenting(), back()).prop_map(|(call, back)| Step::RolledBack(call, back)),
        2 => opening(),
        1 => Just(Step::RevokeAll),
    ]
}

fn presenting() -> impl Strategy<Value = Presenting> {
    prop_oneof![
        10 => Just(Presenting::Rotate),
        6 => Just(Presenting::Validate),
        1 => Just(Presenting::Elevate),
        1 => Just(Presenting::RevokeOthers),
        2 => Just(Presenting::Revoke),
    ]
}

/// The newest token, the one before and older ones. A token that is presented again stands for a lost response.
fn back() -> impl Strategy<Value = Back> {
    prop_oneof![5 => Just(0), 4 => Just(1), 2 => 0..4u8, 1 => any::<Back>()]
}

/// Times around the grace (2 units), the touch and the shorter idle time (12), and the ends of lives.
fn wait() -> impl Strategy<Value = u16> {
    prop_oneof![4 => 1..=3u16, 3 => 11..=13u16, 1 => Just(59u16), 1 => Just(60u16), 1 => Just(300u16)]
}

fn opening() -> impl Strategy<Value = Step> {
    let ttl = prop_oneof![1 => Just(2 * UNIT), 2 => Just(300), 6 => Just(2_592_000)];
    let idle = prop_oneof![3 => Just(None), 1 => Just(Some(12 * UNIT)), 1 => Just(Some(300))];
    let most = prop_oneof![3 => Just(None), 1 => Just(Some(1)), 2 => Just(Some(2))];
    (ttl, idle, most).prop_map(|(ttl, idle_ttl, max_sessions)| {
        Step::Open(Opening {
            ttl,
            idle_ttl,
            max_sessions,
        })
    })
}

/// Plays a history. The error is a difference from the model; it names tokens by their place, never by their text. A
/// history that took too long is played again, because the clock may be the cause of its difference.
pub fn play(database: &mut Database, history: &[Step]) -> Result<(), String> {
    for _ in 0..5 {
        let start = Instant::now();
        let outcome = attempt(database, history);
        if outcome.is_ok() || start.elapsed().as_secs() < UNIT.unsigned_abs() {
            return outcome;
        }
    }
    Err(format!("a history takes longer than {UNIT} seconds"))
}

fn attempt(database: &mut Database, history: &[Step]) -> Result<(), String> {
    database.begin()?;
    let mut stage = Stage {
        database,
        worlds: vec![World::default()],
        tokens: Vec::new(),
        sessions: Vec::new(),
        now: 0,
    };
    let first = Step::Open(Opening {
        ttl: 2_592_000,
        idle_ttl: Some(300),
        max_sessions: None,
    });
    stage.step(&first)?;
    for (place, step) in history.iter().enumerate() {
        stage
            .step(step)
            .map_err(|problem| format!("step {place}, {step:?}: {problem}"))?;
    }
    let stored = stage.database.stored(UNIT)?;
    let now = stage.now;
    let agrees = stage
        .worlds
        .iter()
        .any(|world| world.stored(now, UNIT) == stored);
    let expected = stage.worlds.first().map(|world| world.stored(now, UNIT));
    agrees
        .then_some(())
        .ok_or_else(|| format!("the rows at the end are {stored:?}, the model has {expected:?}"))
}

struct Stage<'a> {
    database: &'a mut Database,
    /// The possible states. After simultaneous calls there may be several, one for each possible order.
    worlds: Vec<World>,
    /// Every token that was seen, with the place of its session, in the order of its first appearance.
    tokens: Vec<(String, usize)>,
    /// Ids of the sessions, in the order of creation.
    sessions: Vec<String>,
    /// The time in microseconds.
    now: i64,
}

impl Stage<'_> {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Wait(units) => {
                let seconds = i64::from(*units) * UNIT;
                self.now += seconds * 1_000_000;
                self.database.pass(seconds)
            }
            Step::Open(opening) => self.make(&[Call::Create(*opening)], true),
            Step::Present(presenting, back) => {
                let call = self.call(*presenting, *back);
                self.make(&[call], true)
            }
            Step::RolledBack(presenting, back) => {
                let call = self.call(*presenting, *back);
                self.make(&[call], false)
            }
            Step::AtOnce(presenters) => {
                let calls: Vec<Call> = presenters
                    .iter()
                    .map(|(presenting, back)| self.call(*presenting, *back))
                    .collect();
                self.make(&calls, true)
            }
            Step::RevokeAll => self.make(&[Call::RevokeAll], true),
        }
    }

    /// The call that presents this token.
    fn call(&self, presenting: Presenting, back: Back) -> Call {
        let place = self.tokens.len() - 1 - usize::from(back) % self.tokens.len();
        let (token, session) = self.tokens[place].clone();
        match presenting {
            Presenting::Rotate => Call::Rotate(token),
            Presenting::Validate => Call::Validate(token),
            Presenting::Elevate => Call::Elevate(token),
            Presenting::RevokeOthers => Call::RevokeOthers(token),
            Presenting::Revoke => Call::Revoke(session, self.sessions[session].clone()),
        }
    }

    /// Makes calls at the same time, and keeps the states that some order of them explains. If there is none, it fails.
    fn make(&mut self, calls: &[Call], commits: bool) -> Result<(), String> {
        self.now += 1;
        let seen = self.database.call(calls, commits)?;
        for (call, seen) in calls.iter().zip(&seen) {
            self.remember(call, seen);
        }
        let (now, mut next, mut said) = (self.now, Vec::new(), Vec::new());
        for order in orders(calls.len()) {
            for world in &self.worlds {
                let mut world = world.clone();
                let mut in_order = order.iter();
                match in_order.try_for_each(|at| world.play(&calls[*at], now, commits, &seen[*at]))
                {
                    Ok(()) if !next.contains(&world) => next.push(world),
                    Ok(()) => {}
                    Err(problem) => said.push(format!("in the order {order:?}: {problem}")),
                }
            }
        }
        self.worlds = next;
        if self.worlds.is_empty() {
            return Err(said.join("; "));
        }
        Ok(())
    }

    fn remember(&mut self, call: &Call, seen: &Seen) {
        self.sessions.extend(seen.session.clone());
        let Some(token) = &seen.token else { return };
        if self.tokens.iter().any(|(known, _)| known == token) {
            return;
        }
        let parent = match call {
            Call::Rotate(parent) => self.tokens.iter().find(|(known, _)| known == parent),
            _ => None,
        };
        let newest = self.sessions.len() - 1;
        let session = parent.map_or(newest, |(_, session)| *session);
        self.tokens.push((token.to_owned(), session));
    }
}

/// All orders of this number of things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    (0..count).fold(vec![vec![]], |shorter, thing| {
        let longer = shorter.iter().flat_map(|order| {
            (0..=order.len()).map(move |place| {
                let mut order = order.clone();
                order.insert(place, thing);
                order
            })
        });
        longer.collect()
    })
}

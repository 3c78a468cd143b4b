//! The shared state of the clients: users, chats, messages, documents and tokens, and the acknowledged ones among them.

use super::ledger::Shares;
use crate::connection::{Outcome, rows};
use crate::dice::Dice;
use postgres::Client;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The users in the first places stay. The others are disabled, moved and deleted.
pub const STEADY: usize = 3;
pub const USERS: usize = 8;
/// The number of chats of a user. No call deletes the first of them.
pub const CHATS: usize = 3;
/// The `statement_timeout`. A statement that takes longer counts as an endless wait.
pub const TIMEOUT: &str = "20s";
/// The number of latest ids that are remembered of a kind.
const REMEMBERED: usize = 40;

pub struct World {
    pub seed: u64,
    /// How many users each place has had.
    generations: Vec<AtomicU64>,
    chats: Vec<Chat>,
    documents: Mutex<Vec<String>>,
    pub sessions: Mutex<Sessions>,
    pub appends: Mutex<Vec<Append>>,
    pub shares: Mutex<Shares>,
    turns: Mutex<u64>,
    more_turns: Condvar,
    stopped: AtomicBool,
}

#[derive(Default)]
struct Chat {
    generation: AtomicU64,
    messages: Mutex<Vec<String>>,
}

/// An acknowledged append.
pub struct Append {
    pub chat: String,
    pub message: String,
    /// The tenant and the owner of the chat.
    pub tenant: String,
    pub owner: String,
    /// Its time by the server's clock.
    pub at: String,
}

/// The issued tokens: the latest ones, and the newest of each session.
#[derive(Default)]
pub struct Sessions {
    latest: Vec<Token>,
    pub newest: BTreeMap<String, Token>,
}

#[derive(Clone)]
pub struct Token {
    pub session: String,
    pub user: usize,
    pub generation: u64,
    pub text: String,
}

impl World {
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            generations: (0..USERS).map(|_| AtomicU64::new(0)).collect(),
            chats: (0..USERS * CHATS).map(|_| Chat::default()).collect(),
            documents: Mutex::default(),
            sessions: Mutex::default(),
            appends: Mutex::default(),
            shares: Mutex::default(),
            turns: Mutex::new(0),
            more_turns: Condvar::new(),
            stopped: AtomicBool::new(false),
        }
    }

    /// Makes the users, all but one of them in one tenant, and the chats that stay.
    pub fn populate(&self, superuser: &mut Client) -> Outcome<()> {
        for user in 0..USERS {
            let id = self.user(user);
            let tenant = if user == STEADY - 1 {
                &id
            } else {
                &self.user(0)
            };
            let chat = self.chat(user, 0);
            let sql = format!(
                "insert into auth.users (id) values ('{id}');
                 select from chatkeep.add_member('{tenant}', '{id}');
                 insert into chatkeep.chats (id, tenant_id, user_id) values ('{chat}', '{tenant}', '{id}')"
            );
            rows(superuser, &sql)?;
        }
        Ok(())
    }

    /// The id of the present user of a place.
    pub fn user(&self, place: usize) -> String {
        let generation = self
            .generations
            .get(place)
            .map_or(0, |generation| generation.load(Ordering::Relaxed));
        Dice::at(self.seed, &[1000, place as u64, generation]).uuid()
    }

    /// Gives the place of a deleted user to a new one.
    pub fn renew_user(&self, place: usize) -> String {
        if let Some(generation) = self.generations.get(place) {
            generation.fetch_add(1, Ordering::Relaxed);
        }
        self.user(place)
    }

    /// The id of a user's chat.
    pub fn chat(&self, user: usize, number: usize) -> String {
        let place = user * CHATS + number;
        let generation = self
            .chats
            .get(place)
            .map_or(0, |chat| chat.generation.load(Ordering::Relaxed));
        Dice::at(self.seed, &[2000, place as u64, generation]).uuid()
    }

    /// Replaces a chat that is gone by another one, with an unused id.
    pub fn renew_chat(&self, user: usize, number: usize, gone: &str) {
        if self.chat(user, number) == gone
            && let Some(chat) = self.chats.get(user * CHATS + number)
        {
            chat.generation.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub fn remember_message(&self, user: usize, number: usize, id: &str) {
        if let Some(chat) = self.chats.get(user * CHATS + number) {
            push(&mut locked(&chat.messages), id.to_owned());
        }
    }

    /// One of the latest messages of a chat; an unknown id if there is none.
    pub fn message(&self, user: usize, number: usize, dice: &mut Dice) -> String {
        let chat = self.chats.get(user * CHATS + number);
        let known = chat.and_then(|chat| dice.among(&locked(&chat.messages)).cloned());
        known.unwrap_or_else(|| dice.uuid())
    }

    pub fn remember_document(&self, id: &str) {
        push(&mut locked(&self.documents), id.to_owned());
    }

    pub fn document(&self, dice: &mut Dice) -> String {
        let known = dice.among(&locked(&self.documents)).cloned();
        known.unwrap_or_else(|| dice.uuid())
    }

    pub fn remember_token(&self, token: Token) {
        let mut sessions = locked(&self.sessions);
        let newest = sessions
            .newest
            .entry(token.session.clone())
            .or_insert_with(|| token.clone());
        if newest.generation < token.generation {
            *newest = token.clone();
        }
        push(&mut sessions.latest, token);
    }

    /// One of the latest tokens, nearly always the newest of its session.
    pub fn token(&self, dice: &mut Dice) -> Option<Token> {
        let sessions = locked(&self.sessions);
        let token = dice.among(&sessions.latest)?;
        if dice.once_in(25) {
            return Some(token.clone());
        }
        sessions.newest.get(&token.session).cloned()
    }

    pub fn acknowledge(&self, append: Append) {
        locked(&self.appends).push(append);
    }

    pub fn count_turn(&self) {
        *locked(&self.turns) += 1;
        self.more_turns.notify_all();
    }

    /// Waits until the clients have made this number of further calls, or have ended.
    pub fn await_turns(&self, more: u64) {
        let mut turns = locked(&self.turns);
        let goal = *turns + more;
        while *turns < goal && !self.is_stopped() {
            let waited = self
                .more_turns
                .wait_timeout(turns, Duration::from_millis(100));
            turns = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// The acknowledged calls in one line.
    pub fn sum(&self) -> String {
        format!(
            "{} messages and {} sessions acknowledged, {} messages seen through shares",
            locked(&self.appends).len(),
            locked(&self.sessions).newest.len(),
            locked(&self.shares).seen()
        )
    }
}

pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn push<T>(list: &mut Vec<T>, item: T) {
    if list.len() >= REMEMBERED {
        list.remove(0);
    }
    list.push(item);
}

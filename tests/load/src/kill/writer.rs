//! A writer makes one call after the other. It repeats each call with the same ids until it is acknowledged.

use super::server::Server;
use crate::caller::Caller;
use crate::connection::{Outcome, answer, text};
use crate::dice::Dice;
use crate::literal::checksum;
use postgres::{Client, SimpleQueryRow};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The number of users. Writers of one user share a chat.
pub const USERS: u64 = 3;

/// For this time a rotation whose answer was lost can be repeated.
const GRACE: Duration = Duration::from_secs(10);

/// The shared state of writers and killer.
#[derive(Default)]
pub struct Shared {
    calls: Mutex<u64>,
    more_calls: Condvar,
    stopped: AtomicBool,
}

impl Shared {
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn count_call(&self) {
        *self.calls.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.more_calls.notify_all();
    }

    /// Waits until this number of further calls is acknowledged, or all writers have ended.
    pub fn await_calls(&self, more: u64) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let goal = *calls + more;
        while *calls < goal && !self.is_stopped() {
            let waited = self
                .more_calls
                .wait_timeout(calls, Duration::from_millis(100));
            calls = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The acknowledged writes of a writer.
#[derive(Default)]
pub struct Written {
    pub user: String,
    pub chat: String,
    /// Message ids and their contents.
    pub messages: Vec<(String, String)>,
    pub checksums: Vec<String>,
    pub rotations: u64,
    /// The newest token of the writer's session, with its generation.
    pub token: String,
    pub generation: u64,
    /// Verdicts on tokens that no crash explains.
    pub refused: Vec<String>,
}

pub fn user(seed: u64, number: u64) -> String {
    Dice::at(seed, &[5000, number]).uuid()
}

pub fn chat(seed: u64, number: u64) -> String {
    Dice::at(seed, &[6000, number]).uuid()
}

/// Writes until it is told to stop. The last call is also repeated until it is acknowledged.
pub fn write(server: &Server, shared: &Shared, seed: u64, number: u64) -> Outcome<Written> {
    let written = write_all(server, shared, seed, number);
    written.inspect_err(|_| shared.stop())
}

fn write_all(server: &Server, shared: &Shared, seed: u64, number: u64) -> Outcome<Written> {
    let mut writer = Writer {
        server,
        client: server.caller()?,
        number,
        written: Written {
            user: user(seed, number % USERS),
            chat: chat(seed, number % USERS),
            ..Written::default()
        },
    };
    writer.open_session()?;
    let mut turn = 0;
    while !shared.is_stopped() {
        let mut dice = Dice::at(seed, &[number, turn]);
        match dice.below(10) {
            0..5 => writer.append(&mut dice)?,
            5..8 => writer.rotate()?,
            _ => writer.register(turn)?,
        }
        shared.count_call();
        turn += 1;
    }
    Ok(writer.written)
}

struct Writer<'a> {
    server: &'a Server,
    client: Client,
    number: u64,
    written: Written,
}

impl Writer<'_> {
    fn append(&mut self, dice: &mut Dice) -> Outcome<()> {
        let id = dice.uuid();
        let content = format!("words {id}");
        let call = format!(
            "select * from chatkeep.append_message('{}', 'user', '{content}', message_id => '{id}')",
            self.written.chat
        );
        if !self.as_user(&call)?.is_empty() {
            self.written.messages.push((id, content));
        }
        Ok(())
    }

    fn register(&mut self, turn: u64) -> Outcome<()> {
        let bytes = usize::try_from(self.number * 10_000_000 + turn).unwrap_or(0);
        let checksum = checksum(bytes);
        let call = format!(
            "select * from chatkeep.register_document('https://files.test/{bytes}', '{checksum}')"
        );
        if !self.as_user(&call)?.is_empty() {
            self.written.checksums.push(checksum);
        }
        Ok(())
    }

    fn rotate(&mut self) -> Outcome<()> {
        let began = Instant::now();
        let call = format!(
            "select * from chatkeep.rotate_session('{}')",
            self.written.token
        );
        let rows = self.until_acknowledged(&Caller::Anon.request(&call))?;
        let row = rows.first();
        let status = row.map_or("no row", |row| text(row, "status")).to_owned();
        if matches!(status.as_str(), "rotated" | "replayed")
            && let Some(row) = row
        {
            text(row, "token").clone_into(&mut self.written.token);
            self.written.generation = text(row, "generation").parse().unwrap_or(0);
            self.written.rotations += 1;
            return Ok(());
        }
        if began.elapsed() < GRACE {
            self.written
                .refused
                .push(format!("rotate_session returned {status}"));
        }
        self.open_session()
    }

    fn open_session(&mut self) -> Outcome<()> {
        let rows = self.as_user("select * from chatkeep.create_session()")?;
        let row = rows.first().ok_or_else(|| {
            let refused = self.written.refused.join("; ");
            format!("create_session returned no row: {refused}")
        })?;
        text(row, "token").clone_into(&mut self.written.token);
        self.written.generation = 0;
        Ok(())
    }

    fn as_user(&mut self, call: &str) -> Outcome<Vec<SimpleQueryRow>> {
        let request = Caller::User(self.written.user.clone()).request(call);
        self.until_acknowledged(&request)
    }

    /// Sends a request until its answer arrives, on a new connection after each loss. Returns the rows.
    fn until_acknowledged(&mut self, request: &str) -> Outcome<Vec<SimpleQueryRow>> {
        loop {
            match answer(&mut self.client, request) {
                Ok(Ok(rows)) => return Ok(rows),
                Ok(Err(refusal)) => {
                    self.written
                        .refused
                        .push(format!("{refusal}, of {request}"));
                    return Ok(Vec::new());
                }
                Err(_) => self.client = self.server.caller()?,
            }
        }
    }
}

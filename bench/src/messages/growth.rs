//! Appends to a database of two million messages, and to one of two thousand.

use super::load;
use crate::connection::{Connection, Statement};
use crate::progress::Progress;
use crate::random::{self, SEED};
use crate::repetitions::alternate;
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use crate::server::{Database, Engine, Server};
use crate::stores::Texts;
use crate::text::TextGenerator;
use crate::users;
use anyhow::Result;
use std::time::Instant;

/// The number of chats of a user, and of messages in a chat.
const CHATS: usize = 20;
const MESSAGES: usize = 100;

struct Writer {
    connection: Connection,
    append: Statement,
    chats: Vec<String>,
    texts: Texts,
}

/// A database with this number of users, and a connection of one of them.
fn writer(database: &Database<'_>, users: usize) -> Result<Writer> {
    let mut admin = database.connect()?;
    let mut progress = Progress::start(&format!("growth: loading {users} users"));
    load::texts(&mut admin, &mut TextGenerator::new(SEED)?, 2_000)?;
    let mut user = String::new();
    for index in 0..users {
        progress.show(index, users);
        user = random::uuid();
        users::add(&mut admin, &user)?;
        load::chats(&mut admin, &user, CHATS, MESSAGES)?;
    }
    database.settle()?;
    drop(progress);
    let mut connection = database.connect()?;
    users::sign_in(&mut connection, &user)?;
    let rows = connection.query("select id from chatkeep.chats")?;
    Ok(Writer {
        append: connection
            .prepare("select id, seq, created_at from chatkeep.append_message($1, $2, $3)")?,
        connection,
        chats: rows.into_iter().flatten().flatten().collect(),
        texts: Texts::new()?,
    })
}

impl Writer {
    /// Microseconds per append, over the user's chats in turn.
    #[allow(clippy::cast_precision_loss)]
    fn append(&mut self, messages: usize) -> Result<f64> {
        let start = Instant::now();
        for chat in self.chats.iter().cycle().take(messages) {
            let text = self.texts.next();
            let values = [chat.into(), "user".into(), (&*text).into()];
            self.connection.run(&self.append, &values)?;
        }
        Ok(start.elapsed().as_secs_f64() * 1e6 / messages as f64)
    }
}

pub fn run(server: &Server, length: Length) -> Result<Vec<Comparison>> {
    let users = length.choose(1_000, 50);
    let rounds = length.choose(31, 7);
    let messages = 500;
    let wanted = [("large", Engine::Native), ("small", Engine::Native)];
    server.with_databases(&wanted, |databases| {
        let [large, small] = databases else {
            return Ok(vec![]);
        };
        let mut writers = [writer(large, users)?, writer(small, 1)?];
        for writer in &mut writers {
            writer.append(messages)?;
        }
        let measured = alternate("growth", rounds, &mut writers, |writer| writer.append(messages))?;
        let [large, small] = measured.as_slice() else {
            return Ok(vec![]);
        };
        let [many, few] = [users, 1].map(|users| users * CHATS * MESSAGES);
        let mut comparison = Comparison::new(
            "growth",
            "Time of one append_message, by the size of the database",
            Unit::Microseconds,
        );
        comparison.side(format!("into {many} messages"), large, true);
        comparison.side(format!("into {few} messages"), small, true);
        comparison.pair(format!("{many} vs {few}"), large, small, Target::AtMost(1.25));
        comparison.note(format!(
            "{rounds} rounds of {messages} appends, spread over the {CHATS} chats of one user; every user has as many."
        ));
        Ok(vec![comparison])
    })
}

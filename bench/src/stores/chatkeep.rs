//! Chatkeep: a turn is one call of `append_messages`, by the chat's owner, under Row Level Security.

use super::store::{Store, Texts};
use crate::connection::{Connection, Statement};
use crate::random;
use crate::server::Database;
use crate::users;
use anyhow::Result;
use std::fmt::Write;
use std::net::SocketAddr;

/// The side that makes the ids of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// The client, so that it may repeat a call after a lost answer.
    Client,
    /// The database.
    Database,
}

pub struct Chatkeep {
    name: &'static str,
    connection: Connection,
    append: Statement,
    texts: Texts,
    ids: Ids,
    chat: String,
}

impl Chatkeep {
    /// A user of the database, signed in with a connection to this address.
    pub fn new(
        name: &'static str,
        database: &Database<'_>,
        address: SocketAddr,
        texts: Texts,
        ids: Ids,
    ) -> Result<Self> {
        let user = random::uuid();
        users::add(&mut database.connect()?, &user)?;
        let mut connection = database.connect_at(address)?;
        users::sign_in(&mut connection, &user)?;
        let append = connection
            .prepare("select id, seq, created_at, outcome from chatkeep.append_messages($1, $2)")?;
        Ok(Self {
            name,
            connection,
            append,
            texts,
            ids,
            chat: String::new(),
        })
    }

    fn message(&mut self, into: &mut String, role: &str) {
        let text = self.texts.next();
        // Writing to a string cannot fail.
        let _ = write!(into, r#"{{"role":"{role}","content":"{text}""#);
        if self.ids == Ids::Client {
            let _ = write!(into, r#","message_id":"{}""#, random::uuid());
        }
        into.push('}');
    }

    fn append(&mut self, turns: usize) -> Result<()> {
        let mut messages = String::with_capacity(turns * 1_300 + 2);
        for turn in 0..turns {
            messages.push(if turn == 0 { '[' } else { ',' });
            self.message(&mut messages, "user");
            messages.push(',');
            self.message(&mut messages, "assistant");
        }
        messages.push(']');
        let values = [(&self.chat).into(), (&messages).into()];
        self.connection.run(&self.append, &values)
    }
}

impl Store for Chatkeep {
    fn name(&self) -> &str {
        self.name
    }

    fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    fn open(&mut self, turns: usize) -> Result<()> {
        self.chat = users::create_chat(&mut self.connection)?;
        if turns > 0 {
            self.append(turns)?;
        }
        Ok(())
    }

    fn turn(&mut self) -> Result<()> {
        self.append(1)
    }

    fn tables(&self) -> &'static [&'static str] {
        &[
            "chatkeep.chats",
            "chatkeep.messages",
            "chatkeep.message_search",
        ]
    }
}

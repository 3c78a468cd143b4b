//! The number of messages that one connection appends per second: `append_message` on both engines, and the same work
//! as one prepared statement, which is the least that a call could cost.

use super::load;
use crate::backend;
use crate::connection::{Connection, Statement, Value};
use crate::random;
use crate::repetitions::alternate;
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use crate::server::{Database, Engine, Server};
use crate::stores::Texts;
use crate::users;
use anyhow::Result;
use std::time::Instant;

const CALL: &str = "select id, seq, created_at from chatkeep.append_message($1, $2, $3)";
/// The same rows, policies and clock. The client passes the previous message, which the call finds by itself.
const BARE: &str = "
with touched as (
  update chatkeep.chats c
  set last_seq = c.last_seq + 1,
    message_count = c.message_count + 1,
    active_leaf_id = $4,
    updated_at = greatest(clock_timestamp(), c.updated_at + interval '1 microsecond')
  where c.id = $1 and c.user_id = (select chatkeep.uid()) and c.deleted_at is null
  returning c.tenant_id, c.user_id, c.last_seq, c.updated_at
)
insert into chatkeep.messages as m (
  id, chat_id, tenant_id, user_id, author_id, seq, parent_id, role, content, parts,
  status, model, token_count, metadata, created_at, updated_at
)
select $4, $1, t.tenant_id, t.user_id, t.user_id, t.last_seq, $5, $2, $3, null,
  'complete', null, null, '{}', t.updated_at, t.updated_at
from touched t
returning m.id, m.seq, m.created_at";

/// A signed-in user and a statement that appends.
pub struct Writer {
    connection: Connection,
    statement: Statement,
    is_bare: bool,
    texts: Texts,
    chat: String,
    last: Option<String>,
}

impl Writer {
    /// A new user who calls `append_message`.
    pub fn calling(database: &Database<'_>, texts: &Texts) -> Result<Self> {
        Self::new(database, texts, CALL, false)
    }

    fn bare(database: &Database<'_>, texts: &Texts) -> Result<Self> {
        let mut writer = Self::new(database, texts, BARE, true)?;
        writer
            .connection
            .execute("select set_config('chatkeep.writing', 'on', false)")?;
        Ok(writer)
    }

    fn new(database: &Database<'_>, texts: &Texts, sql: &str, is_bare: bool) -> Result<Self> {
        let user = random::uuid();
        users::add(&mut database.connect()?, &user)?;
        let mut connection = database.connect()?;
        users::sign_in(&mut connection, &user)?;
        let statement = connection.prepare(sql)?;
        Ok(Self {
            connection,
            statement,
            is_bare,
            texts: texts.clone(),
            chat: String::new(),
            last: None,
        })
    }

    fn append(&mut self) -> Result<()> {
        let text = self.texts.next();
        let chat = &self.chat;
        if !self.is_bare {
            let values = [chat.into(), "user".into(), (&*text).into()];
            return self.connection.run(&self.statement, &values);
        }
        let id = random::uuid();
        let parent = self.last.as_ref().map_or(Value::Null, Into::into);
        let values = [
            chat.into(),
            "user".into(),
            (&*text).into(),
            (&id).into(),
            parent,
        ];
        self.connection.run(&self.statement, &values)?;
        self.last = Some(id);
        Ok(())
    }

    /// Makes a new chat and warms up.
    fn begin(&mut self) -> Result<()> {
        self.chat = users::create_chat(&mut self.connection)?;
        self.last = None;
        (0..20).try_for_each(|_| self.append())
    }

    /// Microseconds of the server's CPU time per message, over this number of messages in one chat.
    #[allow(clippy::cast_precision_loss)]
    pub fn cpu(&mut self, messages: usize) -> Result<f64> {
        if self.chat.is_empty() {
            self.begin()?;
        }
        let backend = self.connection.backend;
        let work = || (0..messages).try_for_each(|_| self.append());
        Ok(backend::cpu_microseconds(backend, work)? / messages as f64)
    }

    /// Messages per second, over this number of messages in a new chat.
    #[allow(clippy::cast_precision_loss)]
    fn rate(&mut self, messages: usize) -> Result<f64> {
        self.begin()?;
        let start = Instant::now();
        for _ in 0..messages {
            self.append()?;
        }
        Ok(messages as f64 / start.elapsed().as_secs_f64())
    }
}

pub fn run(server: &Server, length: Length) -> Result<Vec<Comparison>> {
    let (rounds, messages) = length.choose((101, 500), (9, 300));
    let wanted = [
        ("append", Engine::Native),
        ("append_portable", Engine::Portable),
    ];
    server.with_databases(&wanted, |databases| {
        let [native, portable] = databases else {
            return Ok(vec![]);
        };
        load::others(native)?;
        load::others(portable)?;
        let texts = Texts::new()?;
        let mut writers = [
            Writer::calling(native, &texts)?,
            Writer::calling(portable, &texts)?,
            Writer::bare(native, &texts)?,
        ];
        let measured = alternate("append", rounds, &mut writers, |writer| writer.rate(messages))?;
        let [native, portable, bare] = measured.as_slice() else {
            return Ok(vec![]);
        };
        let mut comparison = Comparison::new(
            "append",
            "Messages that one connection appends in a second",
            Unit::PerSecond,
        );
        comparison.side("append_message, native", native, true);
        comparison.side("append_message, portable", portable, true);
        comparison.side("one bare statement", bare, false);
        comparison.pair("native vs portable", native, portable, Target::AtLeast(1.05));
        comparison.pair("native vs bare statement", native, bare, Target::AtLeast(0.95));
        comparison.note(format!(
            "{rounds} rounds of {messages} messages of 500 characters, each into a new chat, under the same policies."
        ));
        Ok(vec![comparison])
    })
}

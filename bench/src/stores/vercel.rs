//! S5: Vercel's ai-chatbot, one POST to an existing chat. It counts the user's messages of the day, reads the chat and
//! its whole history, and stores the two messages one by one. It has no index, so its tables hold only this
//! conversation: more rows would only slow it down.

use super::store::{Store, Texts, create_tables};
use crate::clock;
use crate::connection::{Connection, Statement, Value};
use crate::random;
use anyhow::Result;

const COUNT: &str = r#"select count("Message_v2"."id") from "Message_v2"
    inner join "Chat" on "Message_v2"."chatId" = "Chat"."id"
    where ("Chat"."userId" = $1 and "Message_v2"."createdAt" >= $2 and "Message_v2"."role" = $3)"#;
const CHAT: &str = r#"select "id", "createdAt", "title", "userId", "visibility" from "Chat" where "Chat"."id" = $1"#;
const HISTORY: &str = r#"select "id", "chatId", "role", "parts", "attachments", "createdAt"
    from "Message_v2" where "Message_v2"."chatId" = $1 order by "Message_v2"."createdAt" asc"#;
const INSERT: &str = r#"insert into "Message_v2"
    ("id", "chatId", "role", "parts", "attachments", "createdAt") values ($1, $2, $3, $4, $5, $6)"#;

/// The way in which statements are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// Prepared once, which is faster than in the application.
    Prepared,
    /// As drizzle on postgres.js sends them: parsed and described each time, which takes another round trip.
    Drizzle,
}

pub struct Vercel {
    connection: Connection,
    driver: Driver,
    count: Statement,
    chat: Statement,
    history: Statement,
    insert: Statement,
    texts: Texts,
    user_id: String,
    chat_id: String,
}

impl Vercel {
    /// Makes its tables in a new schema.
    pub fn new(mut connection: Connection, texts: Texts, driver: Driver) -> Result<Self> {
        let schema = match driver {
            Driver::Prepared => "vercel",
            Driver::Drizzle => "vercel_drizzle",
        };
        create_tables(&mut connection, schema, include_str!("vercel.sql"))?;
        let user_id = random::uuid();
        connection.execute(&format!(
            r#"insert into "User" (id, email) values ('{user_id}', 'someone@example.com')"#
        ))?;
        Ok(Self {
            count: connection.prepare(COUNT)?,
            chat: connection.prepare(CHAT)?,
            history: connection.prepare(HISTORY)?,
            insert: connection.prepare(INSERT)?,
            connection,
            driver,
            texts,
            user_id,
            chat_id: String::new(),
        })
    }

    fn insert(&mut self, role: &str, driver: Driver) -> Result<()> {
        let id = random::uuid();
        let parts = format!(r#"[{{"type":"text","text":"{}"}}]"#, self.texts.next());
        let now = clock::now();
        let values = [
            (&id).into(),
            (&self.chat_id).into(),
            role.into(),
            (&parts).into(),
            "[]".into(),
            (&now).into(),
        ];
        send(
            &mut self.connection,
            driver,
            (&self.insert, INSERT),
            &values,
        )
    }
}

fn send(
    connection: &mut Connection,
    driver: Driver,
    (statement, sql): (&Statement, &str),
    values: &[Value<'_>],
) -> Result<()> {
    match driver {
        Driver::Prepared => connection.run(statement, values),
        Driver::Drizzle => connection.run_described(sql, values),
    }
}

impl Store for Vercel {
    fn name(&self) -> &'static str {
        match self.driver {
            Driver::Prepared => "S5 Vercel, prepared",
            Driver::Drizzle => "S5 Vercel, as drizzle sends it",
        }
    }

    fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    fn open(&mut self, turns: usize) -> Result<()> {
        self.chat_id = random::uuid();
        self.connection.execute(&format!(
            r#"truncate "Chat", "Message_v2";
            insert into "Chat" (id, "createdAt", title, "userId")
            values ('{}', now(), 'title', '{}')"#,
            self.chat_id, self.user_id
        ))?;
        self.connection.execute("BEGIN")?;
        for _ in 0..turns {
            self.insert("user", Driver::Prepared)?;
            self.insert("assistant", Driver::Prepared)?;
        }
        self.connection.execute("COMMIT")
    }

    fn turn(&mut self) -> Result<()> {
        let yesterday = clock::yesterday();
        let count = [(&self.user_id).into(), (&yesterday).into(), "user".into()];
        let chat = [(&self.chat_id).into()];
        let connection = &mut self.connection;
        send(connection, self.driver, (&self.count, COUNT), &count)?;
        send(connection, self.driver, (&self.chat, CHAT), &chat)?;
        send(connection, self.driver, (&self.history, HISTORY), &chat)?;
        self.insert("user", self.driver)?;
        self.insert("assistant", self.driver)
    }

    fn tables(&self) -> &'static [&'static str] {
        match self.driver {
            Driver::Prepared => &["vercel.\"Chat\"", "vercel.\"Message_v2\""],
            Driver::Drizzle => &["vercel_drizzle.\"Chat\"", "vercel_drizzle.\"Message_v2\""],
        }
    }
}

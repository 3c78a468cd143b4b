//! S1: LangChain's `PostgresChatMessageHistory.add_messages([user, ai])` over psycopg 3. It opens a transaction in a
//! separate round trip and sends both inserts in one pipeline. Its table has no chat, owner, order or constraint.

use super::store::{Store, Texts, create_tables};
use crate::connection::{Connection, Statement};
use crate::random;
use anyhow::Result;

pub struct LangChain {
    connection: Connection,
    insert: Statement,
    texts: Texts,
    session: String,
}

impl LangChain {
    /// Makes its tables in a new schema.
    pub fn new(mut connection: Connection, texts: Texts) -> Result<Self> {
        create_tables(&mut connection, "langchain", include_str!("langchain.sql"))?;
        let insert = connection.prepare(
            "INSERT INTO chat_history (session_id, message) VALUES ($1::uuid, $2::jsonb)",
        )?;
        Ok(Self {
            connection,
            insert,
            texts,
            session: String::new(),
        })
    }

    fn messages(&mut self) -> (String, String) {
        let user = format!(
            concat!(
                r#"{{"type":"human","data":{{"content":"{}","id":null,"name":null,"#,
                r#""type":"human","additional_kwargs":{{}},"response_metadata":{{}}}}}}"#
            ),
            self.texts.next()
        );
        let answer = format!(
            concat!(
                r#"{{"type":"ai","data":{{"content":"{}","id":null,"name":null,"type":"ai","#,
                r#""additional_kwargs":{{}},"response_metadata":{{}},"tool_calls":[],"#,
                r#""invalid_tool_calls":[],"usage_metadata":null}}}}"#
            ),
            self.texts.next()
        );
        (user, answer)
    }
}

impl Store for LangChain {
    fn name(&self) -> &'static str {
        "S1 LangChain"
    }

    fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    fn open(&mut self, turns: usize) -> Result<()> {
        self.session = random::uuid();
        self.connection.execute("BEGIN")?;
        for _ in 0..turns {
            let (user, answer) = self.messages();
            let session = &self.session;
            self.connection.pipeline(&[
                (&self.insert, &[session.into(), (&user).into()]),
                (&self.insert, &[session.into(), (&answer).into()]),
            ])?;
        }
        self.connection.execute("COMMIT")
    }

    fn turn(&mut self) -> Result<()> {
        let (user, answer) = self.messages();
        let session = &self.session;
        self.connection.execute("BEGIN")?;
        self.connection.pipeline(&[
            (&self.insert, &[session.into(), (&user).into()]),
            (&self.insert, &[session.into(), (&answer).into()]),
        ])?;
        self.connection.execute("COMMIT")
    }

    fn tables(&self) -> &'static [&'static str] {
        &["langchain.chat_history"]
    }
}

//! S6: `SQLAlchemySession.add_items([user, answer])` of openai-agents, over asyncpg. Both inserts share one Sync here,
//! which makes five round trips; the package itself takes six.

use super::store::{Store, Texts, create_tables};
use crate::connection::{Connection, Statement};
use crate::random;
use anyhow::Result;

pub struct OpenAiAgents {
    connection: Connection,
    session_exists: Statement,
    insert: Statement,
    touch: Statement,
    texts: Texts,
    session: String,
}

impl OpenAiAgents {
    /// Makes its tables in a new schema.
    pub fn new(mut connection: Connection, texts: Texts) -> Result<Self> {
        let sql = include_str!("openai_agents.sql");
        create_tables(&mut connection, "openai_agents", sql)?;
        Ok(Self {
            session_exists: connection.prepare(
                "SELECT agent_sessions.session_id FROM agent_sessions \
                 WHERE agent_sessions.session_id = $1::VARCHAR",
            )?,
            insert: connection.prepare(
                "INSERT INTO agent_messages (session_id, message_data) \
                 VALUES ($1::VARCHAR, $2::VARCHAR)",
            )?,
            touch: connection.prepare(
                "UPDATE agent_sessions SET updated_at = CURRENT_TIMESTAMP \
                 WHERE agent_sessions.session_id = $1::VARCHAR",
            )?,
            connection,
            texts,
            session: String::new(),
        })
    }

    fn insert(&mut self) -> Result<()> {
        let user = format!(r#"{{"role":"user","content":"{}"}}"#, self.texts.next());
        let answer = format!(
            concat!(
                r#"{{"id":"msg_{id}","content":[{{"annotations":[],"text":"{text}","#,
                r#""type":"output_text","logprobs":[]}}],"role":"assistant","#,
                r#""status":"completed","type":"message"}}"#
            ),
            id = random::uuid(),
            text = self.texts.next()
        );
        let session = &self.session;
        self.connection.pipeline(&[
            (&self.insert, &[session.into(), (&user).into()]),
            (&self.insert, &[session.into(), (&answer).into()]),
        ])
    }
}

impl Store for OpenAiAgents {
    fn name(&self) -> &'static str {
        "S6 openai-agents"
    }

    fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    fn open(&mut self, turns: usize) -> Result<()> {
        self.session = random::uuid();
        self.connection.execute(&format!(
            "INSERT INTO agent_sessions (session_id) VALUES ('{}')",
            self.session
        ))?;
        self.connection.execute("BEGIN")?;
        for _ in 0..turns {
            self.insert()?;
        }
        self.connection.execute("COMMIT")
    }

    fn turn(&mut self) -> Result<()> {
        let session = [(&self.session).into()];
        self.connection.execute("BEGIN")?;
        self.connection.run(&self.session_exists, &session)?;
        self.insert()?;
        let session = [(&self.session).into()];
        self.connection.run(&self.touch, &session)?;
        self.connection.execute("COMMIT")
    }

    fn tables(&self) -> &'static [&'static str] {
        &[
            "openai_agents.agent_sessions",
            "openai_agents.agent_messages",
        ]
    }
}

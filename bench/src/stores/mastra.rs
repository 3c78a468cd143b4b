//! S3: Mastra's `saveMessages` with two messages, over node-postgres, in five round trips. Its content holds each text
//! twice, as `parts` and as `content`.

use super::store::{Store, Texts, create_tables};
use crate::clock;
use crate::connection::{Connection, Statement};
use crate::random;
use anyhow::Result;

pub struct Mastra {
    connection: Connection,
    thread_exists: Statement,
    insert: Statement,
    touch: Statement,
    texts: Texts,
    thread: String,
}

impl Mastra {
    /// Makes its tables in a new schema.
    pub fn new(mut connection: Connection, texts: Texts) -> Result<Self> {
        create_tables(&mut connection, "mastra", include_str!("mastra.sql"))?;
        Ok(Self {
            thread_exists: connection.prepare("SELECT * FROM mastra_threads WHERE id = $1")?,
            insert: connection.prepare(
                r#"INSERT INTO mastra_messages
                (id, thread_id, content, "createdAt", "createdAtZ", role, type, "resourceId")
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8), ($9, $10, $11, $12, $13, $14, $15, $16)
                ON CONFLICT (id) DO UPDATE SET
                thread_id = EXCLUDED.thread_id, content = EXCLUDED.content, role = EXCLUDED.role,
                type = EXCLUDED.type, "resourceId" = EXCLUDED."resourceId""#,
            )?,
            touch: connection.prepare(
                r#"UPDATE mastra_threads SET "updatedAt" = $1, "updatedAtZ" = $2 WHERE id = $3"#,
            )?,
            connection,
            texts,
            thread: String::new(),
        })
    }

    fn content(&mut self) -> String {
        let text = self.texts.next();
        format!(
            concat!(
                r#"{{"format":2,"parts":[{{"type":"text","text":"{text}","createdAt":{time}}}],"#,
                r#""content":"{text}"}}"#
            ),
            text = text,
            time = clock::milliseconds()
        )
    }

    fn insert(&mut self) -> Result<()> {
        let (user, answer) = (self.content(), self.content());
        let (first, second) = (random::uuid(), random::uuid());
        let (thread, now) = (&self.thread, clock::now());
        let values = [
            (&first).into(),
            thread.into(),
            (&user).into(),
            (&now).into(),
            (&now).into(),
            "user".into(),
            "v2".into(),
            "resource".into(),
            (&second).into(),
            thread.into(),
            (&answer).into(),
            (&now).into(),
            (&now).into(),
            "assistant".into(),
            "v2".into(),
            "resource".into(),
        ];
        self.connection.run(&self.insert, &values)
    }
}

impl Store for Mastra {
    fn name(&self) -> &'static str {
        "S3 Mastra"
    }

    fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    fn open(&mut self, turns: usize) -> Result<()> {
        self.thread = random::uuid();
        self.connection.execute(&format!(
            r#"INSERT INTO mastra_threads (id, "resourceId", title, "createdAt", "updatedAt")
            VALUES ('{}', 'resource', '', now(), now())"#,
            self.thread
        ))?;
        self.connection.execute("BEGIN")?;
        for _ in 0..turns {
            self.insert()?;
        }
        self.connection.execute("COMMIT")
    }

    fn turn(&mut self) -> Result<()> {
        self.connection
            .run(&self.thread_exists, &[(&self.thread).into()])?;
        self.connection.execute("BEGIN")?;
        self.insert()?;
        let now = clock::now();
        let values = [(&now).into(), (&now).into(), (&self.thread).into()];
        self.connection.run(&self.touch, &values)?;
        self.connection.execute("COMMIT")
    }

    fn tables(&self) -> &'static [&'static str] {
        &["mastra.mastra_threads", "mastra.mastra_messages"]
    }
}

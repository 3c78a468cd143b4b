//! S2: one turn of LangGraph's `invoke` on a graph of one node, with `PostgresSaver` and psycopg 3 in pipeline mode. It
//! stores states, not messages: every step stores the whole conversation again.

use super::store::{Store, Texts, create_tables};
use crate::clock;
use crate::connection::{Connection, Statement, Value};
use crate::random;
use anyhow::Result;

const READ: &str = "
select thread_id, checkpoint, checkpoint_ns, checkpoint_id, parent_checkpoint_id, metadata,
  (select array_agg(array[bl.channel::bytea, bl.type::bytea, bl.blob])
   from jsonb_each_text(checkpoint -> 'channel_versions')
   inner join checkpoint_blobs bl
     on bl.thread_id = checkpoints.thread_id
     and bl.checkpoint_ns = checkpoints.checkpoint_ns
     and bl.channel = jsonb_each_text.key
     and bl.version = jsonb_each_text.value) as channel_values,
  (select array_agg(array[cw.task_id::text::bytea, cw.channel::bytea, cw.type::bytea, cw.blob]
     order by cw.task_id, cw.idx)
   from checkpoint_writes cw
   where cw.thread_id = checkpoints.thread_id
     and cw.checkpoint_ns = checkpoints.checkpoint_ns
     and cw.checkpoint_id = checkpoints.checkpoint_id) as pending_writes
from checkpoints
where thread_id = $1 and checkpoint_ns = $2
order by checkpoint_id desc
limit 1";
const BLOB: &str = "
insert into checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
values ($1, $2, $3, $4, $5, $6)
on conflict (thread_id, checkpoint_ns, channel, version) do nothing";
const CHECKPOINT: &str = "
insert into checkpoints
  (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
values ($1, $2, $3, $4, $5, $6)
on conflict (thread_id, checkpoint_ns, checkpoint_id) do update
set checkpoint = excluded.checkpoint, metadata = excluded.metadata";
const WRITE: &str = "
insert into checkpoint_writes
  (thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, blob)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (thread_id, checkpoint_ns, checkpoint_id, task_id, idx) do nothing";

pub struct LangGraph {
    connection: Connection,
    read: Statement,
    blob: Statement,
    checkpoint: Statement,
    write: Statement,
    texts: Texts,
    thread: String,
    parent: String,
    /// All messages so far, in `msgpack`.
    history: Vec<u8>,
    step: usize,
}

impl LangGraph {
    /// Makes its tables in a new schema.
    pub fn new(mut connection: Connection, texts: Texts) -> Result<Self> {
        create_tables(&mut connection, "langgraph", include_str!("langgraph.sql"))?;
        Ok(Self {
            read: connection.prepare(READ)?,
            blob: connection.prepare(BLOB)?,
            checkpoint: connection.prepare(CHECKPOINT)?,
            write: connection.prepare(WRITE)?,
            connection,
            texts,
            thread: String::new(),
            parent: String::new(),
            history: Vec::new(),
            step: 0,
        })
    }

    /// A message as the serializer writes it: its class, its fields, and the function that reads it.
    fn message(&mut self, class: &str, kind: &str, more: &[u8]) -> Vec<u8> {
        let mut bytes = b"\xc8\x02\xa0\x05\x94\xd9\x1dlangchain_core.messages.".to_vec();
        bytes.extend_from_slice(kind.as_bytes());
        bytes.extend_from_slice(b"\xac");
        bytes.extend_from_slice(class.as_bytes());
        bytes.extend_from_slice(b"\x87\xa7content\xda\x01\xf4");
        bytes.extend_from_slice(self.texts.next().as_bytes());
        bytes.extend_from_slice(b"\xb1additional_kwargs\x80\xb1response_metadata\x80\xa4type\xa5");
        bytes.extend_from_slice(kind.as_bytes());
        bytes.extend_from_slice(b"\xa4name\xc0\xa2id\xd9\x24");
        bytes.extend_from_slice(random::uuid().as_bytes());
        bytes.extend_from_slice(more);
        bytes.extend_from_slice(b"\xb3model_validate_json");
        bytes
    }

    fn user_message(&mut self) -> Vec<u8> {
        self.message("HumanMessage", "human", b"")
    }

    fn answer(&mut self) -> Vec<u8> {
        let more = b"\xaatool_calls\x90\xb2invalid_tool_calls\x90\xaeusage_metadata\xc0";
        self.message("AIMessage", "ai", more)
    }

    fn version(&self) -> String {
        format!("{:032}.0.6180339887498948", self.step)
    }

    /// Stores a channel's value and the checkpoint that refers to it.
    fn put(&mut self, channel: &str, value: &[u8], source: &str) -> Result<()> {
        self.step += 1;
        let id = random::uuid();
        let version = self.version();
        let checkpoint = format!(
            concat!(
                r#"{{"v":4,"ts":"{time}","id":"{id}","channel_values":{{}},"#,
                r#""channel_versions":{{"__start__":"{version}","messages":"{version}","#,
                r#""branch:to:chat":"{version}"}},"versions_seen":{{"__input__":{{}},"#,
                r#""__start__":{{"__start__":"{version}"}},"#,
                r#""chat":{{"branch:to:chat":"{version}"}}}},"#,
                r#""updated_channels":["messages","branch:to:chat"],"pending_sends":[]}}"#
            ),
            time = clock::now(),
            id = id,
            version = version
        );
        let metadata = format!(
            r#"{{"source":"{source}","step":{},"parents":{{}}}}"#,
            self.step
        );
        let thread = Value::from(&self.thread);
        let namespace = Value::Text("");
        self.connection.pipeline(&[
            (
                &self.blob,
                &[
                    thread,
                    namespace,
                    channel.into(),
                    (&version).into(),
                    "msgpack".into(),
                    value.into(),
                ],
            ),
            (
                &self.checkpoint,
                &[
                    thread,
                    namespace,
                    (&id).into(),
                    (&self.parent).into(),
                    (&checkpoint).into(),
                    (&metadata).into(),
                ],
            ),
        ])?;
        self.parent = id;
        Ok(())
    }

    /// Stores the results of a task, before the step that uses them.
    fn put_writes(&mut self, writes: &[(&str, &[u8])]) -> Result<()> {
        let task = random::uuid();
        let rows: Vec<[Value<'_>; 9]> = ["0", "1"]
            .into_iter()
            .zip(writes)
            .map(|(index, (channel, value))| {
                [
                    (&self.thread).into(),
                    "".into(),
                    (&self.parent).into(),
                    (&task).into(),
                    "~__pregel_pull, chat".into(),
                    index.into(),
                    (*channel).into(),
                    "msgpack".into(),
                    (*value).into(),
                ]
            })
            .collect();
        let statements: Vec<(&Statement, &[Value<'_>])> = rows
            .iter()
            .map(|row| (&self.write, row.as_slice()))
            .collect();
        self.connection.pipeline(&statements)
    }
}

impl Store for LangGraph {
    fn name(&self) -> &'static str {
        "S2 LangGraph"
    }

    fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Stores only the last state. Earlier states do not change the reads and writes of a turn.
    fn open(&mut self, turns: usize) -> Result<()> {
        self.thread = random::uuid();
        self.parent = random::uuid();
        self.history.clear();
        self.step = turns * 3;
        for _ in 0..turns {
            let (user, answer) = (self.user_message(), self.answer());
            self.history.extend(user);
            self.history.extend(answer);
        }
        if turns == 0 {
            return Ok(());
        }
        let history = std::mem::take(&mut self.history);
        let stored = self.put("messages", &history, "loop");
        self.history = history;
        stored
    }

    fn turn(&mut self) -> Result<()> {
        let values = [(&self.thread).into(), Value::Text("")];
        self.connection.run(&self.read, &values)?;
        let (user, answer) = (self.user_message(), self.answer());
        self.put("__start__", &user, "input")?;
        self.put_writes(&[("messages", &user), ("branch:to:chat", b"\xc0")])?;
        let mut history = std::mem::take(&mut self.history);
        history.extend(user);
        self.put("messages", &history, "loop")?;
        self.put_writes(&[("messages", &answer)])?;
        history.extend(answer);
        self.put("messages", &history, "loop")?;
        self.history = history;
        Ok(())
    }

    fn tables(&self) -> &'static [&'static str] {
        &[
            "langgraph.checkpoints",
            "langgraph.checkpoint_blobs",
            "langgraph.checkpoint_writes",
        ]
    }
}

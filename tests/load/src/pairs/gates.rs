//! The locks at which the first call is stopped.

use super::scene::Scene;

pub struct Gate {
    pub name: &'static str,
    lock: fn(&Scene) -> String,
}

impl Gate {
    /// The statement that closes the gate until its transaction ends.
    pub fn lock(&self, scene: &Scene) -> String {
        (self.lock)(scene)
    }

    pub fn is_the_commit(&self) -> bool {
        self.name == "the commit"
    }
}

const fn gate(name: &'static str, lock: fn(&Scene) -> String) -> Gate {
    Gate { name, lock }
}

/// A statement before the first call's commit, which waits for the gate.
pub const WAIT_FOR_GATE: &str = "do 'begin perform pg_advisory_xact_lock_shared(7423); end';";

/// Row locks, which also conflict with the checks of foreign keys; the advisory locks of the calls; whole tables, which
/// stop a call at its first write there; and the commit, where the call holds all its locks.
pub static GATES: [Gate; 23] = [
    gate("the commit", |_| {
        "select pg_advisory_xact_lock(7423)".to_owned()
    }),
    gate("the user", |s| row("chatkeep.users", &s.ada)),
    gate("the chat", |s| row("chatkeep.chats", &s.live)),
    gate("the deleted chat", |s| row("chatkeep.chats", &s.gone)),
    gate("the first message", |s| {
        row("chatkeep.messages", &s.messages[0])
    }),
    gate("the streaming message", |s| {
        row("chatkeep.messages", &s.messages[3])
    }),
    gate("the own document", |s| row("chatkeep.documents", &s.own)),
    gate("the shared document", |s| {
        row("chatkeep.documents", &s.shared)
    }),
    gate("the session", |s| row("chatkeep.sessions", &s.session)),
    gate("the secret", |s| {
        let session = &s.session;
        format!(
            "select from chatkeep_private.session_secrets where session_id = '{session}' for update"
        )
    }),
    gate("lock of the user's sessions", |s| {
        advisory("sessions", &s.ada, 0)
    }),
    gate("lock of the owner's documents", |s| {
        advisory("documents", &s.ada, 0)
    }),
    gate("lock of the tenant's documents", |s| {
        advisory("documents", &s.ada, 1)
    }),
    gate("lock of the search index", |_| {
        "select pg_advisory_xact_lock(4841369552730651)".to_owned()
    }),
    gate("table users", |_| table("chatkeep.users")),
    gate("table chats", |_| table("chatkeep.chats")),
    gate("table messages", |_| table("chatkeep.messages")),
    gate("table message_search", |_| table("chatkeep.message_search")),
    gate("table documents", |_| table("chatkeep.documents")),
    gate("table document_metadata", |_| {
        table("chatkeep.document_metadata")
    }),
    gate("table attachments", |_| table("chatkeep.attachments")),
    gate("table sessions", |_| table("chatkeep.sessions")),
    gate("table session_secrets", |_| {
        table("chatkeep_private.session_secrets")
    }),
];

fn row(table: &str, id: &str) -> String {
    format!("select from {table} where id = '{id}' for update")
}

fn table(name: &str) -> String {
    format!("lock table {name} in share mode")
}

/// An advisory lock as `lock_sessions` and `lock_documents` take it. Ada's tenant has Ada's id.
fn advisory(kind: &str, id: &str, number: u8) -> String {
    format!("select pg_advisory_xact_lock(hashtextextended('chatkeep.{kind} {id}', {number}))")
}

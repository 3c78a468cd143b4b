//! The calls that meet, and what an operator does to a user meanwhile.

use super::scene::{OWN_SOURCE, SHARED_SOURCE, Scene};
use crate::caller::Caller;
use crate::literal::checksum;

pub struct Call {
    pub name: &'static str,
    who: Who,
    /// What it leaves behind for the other one.
    pub effect: Effect,
    sql: fn(&Scene, usize) -> String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Ada,
    /// In Ada's tenant.
    Bob,
    /// With a token, not signed in.
    Anon,
    Service,
    /// Who owns the database.
    Operator,
}

/// What a refusal of the other call may be due to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    None,
    Disables,
    Moves,
    DeletesUser,
    DeletesChat,
    PurgesChats,
}

impl Call {
    /// Whether it is done to Ada and not by her.
    pub const fn disturbs(&self) -> bool {
        matches!(
            self.effect,
            Effect::Disables | Effect::Moves | Effect::DeletesUser
        )
    }

    pub fn sql(&self, scene: &Scene, side: usize) -> String {
        (self.sql)(scene, side)
    }

    /// The whole request; `last` is a statement in front of its commit.
    pub fn request(&self, scene: &Scene, side: usize, last: &str) -> String {
        let caller = match self.who {
            Who::Ada => Caller::User(scene.ada.clone()),
            Who::Bob => Caller::User(scene.bob.clone()),
            Who::Anon => Caller::Anon,
            Who::Service => Caller::Service,
            Who::Operator => return self.sql(scene, side),
        };
        caller.request_that_ends(&self.sql(scene, side), last)
    }

    /// Whether the database's owner does it, and no caller of the API.
    pub const fn is_of_operator(&self) -> bool {
        matches!(self.who, Who::Operator)
    }

    /// Whether it acts for the user to whom something may be done.
    pub const fn is_for_ada(&self) -> bool {
        matches!(self.who, Who::Ada | Who::Service)
    }
}

const fn ada(name: &'static str, sql: fn(&Scene, usize) -> String) -> Call {
    call(name, Who::Ada, Effect::None, sql)
}

const fn call(
    name: &'static str,
    who: Who,
    effect: Effect,
    sql: fn(&Scene, usize) -> String,
) -> Call {
    Call {
        name,
        who,
        effect,
        sql,
    }
}

/// The new id of the first or of the second call.
fn new(scene: &Scene, side: usize) -> &str {
    scene.new.get(side).map_or("", String::as_str)
}

pub static CALLS: [Call; 46] = [
    ada("create_chat", |_, _| {
        "select * from chatkeep.create_chat('New')".to_owned()
    }),
    ada("create_chat, repeated", |s, _| {
        format!(
            "select * from chatkeep.create_chat('Live', chat_id => '{}')",
            s.live
        )
    }),
    ada("append_message", |s, side| {
        let new = new(s, side);
        format!(
            "select * from chatkeep.append_message('{}', 'user', 'new', message_id => '{new}')",
            s.live
        )
    }),
    call(
        "append_message, by the backend",
        Who::Service,
        Effect::None,
        |s, side| {
            let new = new(s, side);
            format!(
                "select * from chatkeep.append_message('{}', 'assistant', 'new', message_id => '{new}')",
                s.live
            )
        },
    ),
    ada("append_message, repeated", |s, _| {
        format!(
            "select * from chatkeep.append_message('{}', 'user', 'three', message_id => '{}')",
            s.live, s.messages[2]
        )
    }),
    ada("append_message, branch", |s, side| {
        let (new, parent) = (new(s, side), &s.messages[1]);
        format!(
            "select * from chatkeep.append_message('{}', 'user', 'new', '{new}', parent_id => '{parent}')",
            s.live
        )
    }),
    ada("append_messages", |s, side| {
        let new = new(s, side);
        format!(
            r#"select * from chatkeep.append_messages('{}', '[{{"message_id": "{new}", "role": "user", "content": "new"}}, {{"role": "assistant", "content": "newer"}}]')"#,
            s.live
        )
    }),
    ada("append_messages, branch", |s, side| {
        let (new, parent) = (new(s, side), &s.messages[0]);
        format!(
            r#"select * from chatkeep.append_messages('{}', '[{{"message_id": "{new}", "role": "user", "content": "new", "parent_id": "{parent}"}}]')"#,
            s.live
        )
    }),
    ada("finish_message", |s, _| {
        format!(
            "select * from chatkeep.finish_message('{}', '{}', 'whole')",
            s.live, s.messages[3]
        )
    }),
    ada("select_branch", |s, _| {
        format!(
            "select * from chatkeep.select_branch('{}', '{}')",
            s.live, s.messages[4]
        )
    }),
    ada("list_messages", |s, _| {
        format!("select * from chatkeep.list_messages('{}')", s.live)
    }),
    ada("search_messages", |_, _| {
        "select * from chatkeep.search_messages('two')".to_owned()
    }),
    ada("import_chat", |s, side| {
        let new = new(s, side);
        format!(
            r#"select * from chatkeep.import_chat('{{"id": "{}", "messages": [{{"id": "{new}", "role": "user", "content": "new"}}]}}')"#,
            s.live
        )
    }),
    ada("import_chat, new", |s, side| {
        let new = new(s, side);
        format!(
            r#"select * from chatkeep.import_chat('{{"id": "{new}", "messages": [{{"role": "user", "content": "new"}}]}}')"#
        )
    }),
    call("delete_chat", Who::Ada, Effect::DeletesChat, |s, _| {
        format!("select * from chatkeep.delete_chat('{}')", s.live)
    }),
    ada("restore_chat", |s, _| {
        format!("select * from chatkeep.restore_chat('{}')", s.gone)
    }),
    ada("attach", |s, side| {
        let (message, new) = (&s.messages[0], new(s, side));
        format!(
            "select * from chatkeep.attach('{}', '{message}', storage_path => 'files/{new}')",
            s.live
        )
    }),
    ada("attach, shared document", |s, _| {
        format!(
            "select * from chatkeep.attach('{}', '{}', '{}')",
            s.live, s.messages[0], s.shared
        )
    }),
    ada("create_session", |_, _| {
        "select * from chatkeep.create_session()".to_owned()
    }),
    ada("create_session, limited", |_, _| {
        "select * from chatkeep.create_session(max_sessions => 1)".to_owned()
    }),
    call(
        "create_session, by the backend",
        Who::Service,
        Effect::None,
        |s, _| {
            format!(
                "select * from chatkeep.create_session(user_id => '{}')",
                s.ada
            )
        },
    ),
    call("rotate_session", Who::Anon, Effect::None, |s, _| {
        format!("select * from chatkeep.rotate_session('{}')", s.token)
    }),
    call("validate_session", Who::Anon, Effect::None, |s, _| {
        format!("select * from chatkeep.validate_session('{}')", s.token)
    }),
    ada("elevate_session", |s, _| {
        format!(
            "select * from chatkeep.elevate_session('{}', 'aal2')",
            s.token
        )
    }),
    ada("revoke_session", |s, _| {
        format!("select * from chatkeep.revoke_session('{}')", s.session)
    }),
    ada("revoke_other_sessions", |s, _| {
        format!(
            "select * from chatkeep.revoke_other_sessions('{}')",
            s.other_token
        )
    }),
    ada("revoke_all_sessions", |_, _| {
        "select * from chatkeep.revoke_all_sessions()".to_owned()
    }),
    ada("register_document, new bytes", |_, side| {
        format!(
            "select * from chatkeep.register_document('{OWN_SOURCE}', '{}')",
            checksum(10 + side)
        )
    }),
    ada("register_document, new source", |_, side| {
        format!(
            "select * from chatkeep.register_document('https://files.test/new{side}', '{}')",
            checksum(1)
        )
    }),
    ada("register_document, shared", |_, _| {
        format!(
            "select * from chatkeep.register_document('{SHARED_SOURCE}', '{}', visibility => 'tenant')",
            checksum(12)
        )
    }),
    call(
        "register_document, shared by a colleague",
        Who::Bob,
        Effect::None,
        |_, side| {
            format!(
                "select * from chatkeep.register_document('https://files.test/bob{side}', '{}', visibility => 'tenant')",
                checksum(2)
            )
        },
    ),
    ada("register_documents", |_, _| {
        format!(
            r#"select * from chatkeep.register_documents('[{{"source_uri": "{SHARED_SOURCE}", "checksum": "{}"}}, {{"source_uri": "{OWN_SOURCE}", "checksum": "{}", "visibility": "tenant"}}]')"#,
            checksum(13),
            checksum(1)
        )
    }),
    // Two sources of one document: the second update of a row checks its foreign keys, and so asks for the owner.
    call(
        "register_documents, sources by a colleague",
        Who::Bob,
        Effect::None,
        |_, side| {
            let item = |number: usize| {
                format!(
                    r#"{{"source_uri": "https://files.test/bob{number}", "checksum": "{}", "visibility": "tenant"}}"#,
                    checksum(2)
                )
            };
            let (one, other) = (item(10 + side), item(20 + side));
            format!("select * from chatkeep.register_documents('[{one}, {other}]')")
        },
    ),
    ada("register_content", |_, _| {
        format!("select * from chatkeep.register_content('{OWN_SOURCE}', '\\x0102')")
    }),
    ada("set_document_status", |s, _| {
        format!(
            "select * from chatkeep.set_document_status('{}', 'ready')",
            s.shared
        )
    }),
    ada("tag_document", |s, side| {
        format!(
            "select * from chatkeep.tag_document('{}', '{{\"side\": {side}}}')",
            s.shared
        )
    }),
    call(
        "tag_document, by a colleague",
        Who::Bob,
        Effect::None,
        |s, _| {
            format!(
                "select * from chatkeep.tag_document('{}', '{{\"of\": \"Bob\"}}', 'bob')",
                s.shared
            )
        },
    ),
    ada("delete_document", |s, _| {
        format!("select * from chatkeep.delete_document('{}')", s.shared)
    }),
    call("index_messages", Who::Service, Effect::None, |_, _| {
        "select chatkeep.index_messages()".to_owned()
    }),
    call("fail_stale_messages", Who::Service, Effect::None, |_, _| {
        "select * from chatkeep.fail_stale_messages('0 s')".to_owned()
    }),
    call("purge_chats", Who::Service, Effect::PurgesChats, |_, _| {
        "select chatkeep.purge_chats('0 s')".to_owned()
    }),
    call(
        "purge_chats, in part",
        Who::Service,
        Effect::PurgesChats,
        |_, _| "select chatkeep.purge_chats('0 s', 1)".to_owned(),
    ),
    call("disabling", Who::Service, Effect::Disables, |s, _| {
        format!(
            "update chatkeep.users set disabled_at = now() where id = '{}'",
            s.ada
        )
    }),
    call("moving", Who::Service, Effect::Moves, |s, side| {
        let new = new(s, side);
        format!(
            "update chatkeep.users set tenant_id = '{new}' where id = '{}'",
            s.ada
        )
    }),
    call(
        "moving to known bytes",
        Who::Service,
        Effect::Moves,
        |s, _| {
            format!(
                "update chatkeep.users set tenant_id = '{}' where id = '{}'",
                s.eve, s.ada
            )
        },
    ),
    call("deleting", Who::Operator, Effect::DeletesUser, |s, _| {
        format!("delete from auth.users where id = '{}'", s.ada)
    }),
];

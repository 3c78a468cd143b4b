//! The calls of the pairs, and the changes that an operator makes to a user.

use super::scene::Scene;
use crate::caller::Caller;

pub struct Call {
    pub name: &'static str,
    who: Who,
    /// The effect of the call on the other call.
    pub effect: Effect,
    /// SQL with names of the scene in braces: see `Scene::fill`.
    sql: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Ada,
    /// In Ada's tenant.
    Bob,
    /// Anonymous, with a token.
    Anon,
    Service,
    /// The owner of the database.
    Operator,
}

/// The reason for which the other call may be refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    None,
    Disables,
    Moves,
    DeletesUser,
    DeletesChat,
    PurgesChats,
    Transfers,
}

impl Call {
    const fn by(who: Who, name: &'static str, sql: &'static str) -> Self {
        Self {
            name,
            who,
            effect: Effect::None,
            sql,
        }
    }

    const fn leaving(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// Whether it changes Ada's account.
    pub const fn disturbs(&self) -> bool {
        matches!(
            self.effect,
            Effect::Disables | Effect::Moves | Effect::DeletesUser
        )
    }

    pub fn sql(&self, scene: &Scene, side: usize) -> String {
        scene.fill(self.sql, side)
    }

    /// The whole request. `last` is a statement before its commit.
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

    /// Whether the database's owner makes it, instead of a caller of the API.
    pub const fn is_of_operator(&self) -> bool {
        matches!(self.who, Who::Operator)
    }

    /// Whether it works in Ada's chat for as long as she shares it.
    pub fn is_through_a_share(&self) -> bool {
        self.name.ends_with("through a share")
    }

    /// Whether it acts for Ada, whose account the other call may change.
    pub const fn is_for_ada(&self) -> bool {
        matches!(self.who, Who::Ada | Who::Service)
    }
}

const fn ada(name: &'static str, sql: &'static str) -> Call {
    Call::by(Who::Ada, name, sql)
}

const fn bob(name: &'static str, sql: &'static str) -> Call {
    Call::by(Who::Bob, name, sql)
}

const fn anon(name: &'static str, sql: &'static str) -> Call {
    Call::by(Who::Anon, name, sql)
}

const fn service(name: &'static str, sql: &'static str) -> Call {
    Call::by(Who::Service, name, sql)
}

const fn operator(name: &'static str, sql: &'static str) -> Call {
    Call::by(Who::Operator, name, sql)
}

pub static CALLS: [Call; 66] = [
    ada("create_chat", "select * from chatkeep.create_chat('New')"),
    ada(
        "create_chat, repeated",
        "select * from chatkeep.create_chat('Live', chat_id => '{live}')",
    ),
    ada(
        "append_message",
        "select * from chatkeep.append_message('{live}', 'user', 'new', message_id => '{new}')",
    ),
    service(
        "append_message, by the backend",
        "select * from chatkeep.append_message('{live}', 'assistant', 'new', message_id => '{new}')",
    ),
    ada(
        "append_message, repeated",
        "select * from chatkeep.append_message('{live}', 'user', 'three', message_id => '{third}')",
    ),
    ada(
        "append_message, branch",
        "select * from chatkeep.append_message('{live}', 'user', 'new', '{new}', parent_id => '{second}')",
    ),
    ada(
        "append_messages",
        r#"select * from chatkeep.append_messages('{live}', '[{"message_id": "{new}", "role": "user", "content": "new"}, {"role": "assistant", "content": "newer"}]')"#,
    ),
    ada(
        "append_messages, branch",
        r#"select * from chatkeep.append_messages('{live}', '[{"message_id": "{new}", "role": "user", "content": "new", "parent_id": "{first}"}]')"#,
    ),
    ada(
        "finish_message",
        "select * from chatkeep.finish_message('{live}', '{streaming}', 'whole')",
    ),
    ada(
        "select_branch",
        "select * from chatkeep.select_branch('{live}', '{branch}')",
    ),
    ada(
        "list_messages",
        "select * from chatkeep.list_messages('{live}')",
    ),
    ada(
        "search_messages",
        "select * from chatkeep.search_messages('two')",
    ),
    ada(
        "import_chat",
        r#"select * from chatkeep.import_chat('{"id": "{live}", "messages": [{"id": "{new}", "role": "user", "content": "new"}]}')"#,
    ),
    ada(
        "import_chat, new",
        r#"select * from chatkeep.import_chat('{"id": "{new}", "messages": [{"role": "user", "content": "new"}]}')"#,
    ),
    ada(
        "delete_chat",
        "select * from chatkeep.delete_chat('{live}')",
    )
    .leaving(Effect::DeletesChat),
    ada(
        "restore_chat",
        "select * from chatkeep.restore_chat('{gone}')",
    ),
    ada(
        "share_chat",
        "select * from chatkeep.share_chat('{live}', '{bob}')",
    ),
    ada(
        "share_chat, by a link",
        "select * from chatkeep.share_chat('{live}', by_link => true)",
    ),
    ada(
        "revoke_share",
        "select r.* from chatkeep.my_shares s, chatkeep.revoke_share(s.id) r",
    ),
    bob(
        "append_message, through a share",
        "select * from chatkeep.append_message('{live}', 'user', 'new', message_id => '{new}')",
    ),
    bob(
        "list_messages, through a share",
        "select * from chatkeep.list_messages('{live}')",
    ),
    ada(
        "update_chat",
        r#"select * from chatkeep.update_chat('{live}', 'named', 'model', '{"a": {"b": 1}}', true, 'Work', array['a'], 1)"#,
    ),
    ada(
        "finish_message, progress",
        "select * from chatkeep.finish_message('{live}', '{streaming}', 'half', status => 'streaming')",
    ),
    ada(
        "finish_message, stopped",
        "select * from chatkeep.finish_message('{live}', '{streaming}', status => 'stopped')",
    ),
    ada(
        "summarise_chat",
        "select * from chatkeep.summarise_chat('{live}', '{first}', 'in short {new}')",
    ),
    ada(
        "rate_message",
        "select * from chatkeep.rate_message('{live}', '{first}', 1, '{new}')",
    ),
    bob(
        "rate_message, through a share",
        "select * from chatkeep.rate_message('{live}', '{first}', -1, '{new}')",
    ),
    ada("copy_chat", "select * from chatkeep.copy_chat('{live}')"),
    bob(
        "copy_chat, through a share",
        "select * from chatkeep.copy_chat('{live}')",
    ),
    ada("get_chat", "select * from chatkeep.get_chat('{live}')"),
    ada("list_chats", "select * from chatkeep.list_chats()"),
    ada(
        "attach",
        "select * from chatkeep.attach('{live}', '{first}', storage_path => 'files/{new}')",
    ),
    ada(
        "attach, shared document",
        "select * from chatkeep.attach('{live}', '{first}', '{shared}')",
    ),
    ada("create_session", "select * from chatkeep.create_session()"),
    ada(
        "create_session, limited",
        "select * from chatkeep.create_session(max_sessions => 1)",
    ),
    service(
        "create_session, by the backend",
        "select * from chatkeep.create_session(user_id => '{ada}')",
    ),
    anon(
        "rotate_session",
        "select * from chatkeep.rotate_session('{token}')",
    ),
    anon(
        "validate_session",
        "select * from chatkeep.validate_session('{token}')",
    ),
    ada(
        "elevate_session",
        "select * from chatkeep.elevate_session('{token}', 'aal2')",
    ),
    ada(
        "revoke_session",
        "select * from chatkeep.revoke_session('{session}')",
    ),
    ada(
        "revoke_other_sessions",
        "select * from chatkeep.revoke_other_sessions('{other_token}')",
    ),
    ada(
        "revoke_all_sessions",
        "select * from chatkeep.revoke_all_sessions()",
    ),
    ada(
        "register_document, new bytes",
        "select * from chatkeep.register_document('{own_source}', '{new_checksum}')",
    ),
    ada(
        "register_document, new source",
        "select * from chatkeep.register_document('https://files.test/new{side}', '{checksum_1}')",
    ),
    ada(
        "register_document, shared",
        "select * from chatkeep.register_document('{shared_source}', '{checksum_12}', visibility => 'tenant')",
    ),
    bob(
        "register_document, shared by a colleague",
        "select * from chatkeep.register_document('https://files.test/bob{side}', '{checksum_2}', visibility => 'tenant')",
    ),
    ada(
        "register_documents",
        r#"select * from chatkeep.register_documents('[{"source_uri": "{shared_source}", "checksum": "{checksum_13}"}, {"source_uri": "{own_source}", "checksum": "{checksum_1}", "visibility": "tenant"}]')"#,
    ),
    // Two sources of one document: the second update of a row checks its foreign keys, and so reads the owner's row.
    bob(
        "register_documents, sources by a colleague",
        r#"select * from chatkeep.register_documents('[{"source_uri": "https://files.test/bob1{side}", "checksum": "{checksum_2}", "visibility": "tenant"}, {"source_uri": "https://files.test/bob2{side}", "checksum": "{checksum_2}", "visibility": "tenant"}]')"#,
    ),
    ada(
        "register_content",
        r"select * from chatkeep.register_content('{own_source}', '\x0102')",
    ),
    ada(
        "set_document_status",
        "select * from chatkeep.set_document_status('{shared}', 'ready')",
    ),
    ada(
        "tag_document",
        r#"select * from chatkeep.tag_document('{shared}', '{"side": {side}}')"#,
    ),
    bob(
        "tag_document, by a colleague",
        r#"select * from chatkeep.tag_document('{shared}', '{"of": "Bob"}', 'bob')"#,
    ),
    ada(
        "delete_document",
        "select * from chatkeep.delete_document('{shared}')",
    ),
    service("index_messages", "select chatkeep.index_messages()"),
    service(
        "measure_usage",
        "select chatkeep.measure_usage(older_than => '0 s')",
    ),
    service(
        "take_storage_deletions",
        "select * from chatkeep.take_storage_deletions(retry_after => '0 s')",
    ),
    service(
        "fail_stale_messages",
        "select * from chatkeep.fail_stale_messages('0 s')",
    ),
    service("purge_chats", "select chatkeep.purge_chats('0 s')").leaving(Effect::PurgesChats),
    service(
        "purge_chats, in part",
        "select chatkeep.purge_chats('0 s', 1)",
    )
    .leaving(Effect::PurgesChats),
    service(
        "transfer_chat",
        "select * from chatkeep.transfer_chat('{live}', '{bob}')",
    )
    .leaving(Effect::Transfers),
    service(
        "transfer_document",
        "select * from chatkeep.transfer_document('{shared}', '{bob}')",
    )
    .leaving(Effect::Transfers),
    service(
        "transfer_all",
        "select * from chatkeep.transfer_all('{ada}', '{bob}')",
    )
    .leaving(Effect::Transfers),
    service(
        "disabling",
        "update chatkeep.users set disabled_at = now() where id = '{ada}'",
    )
    .leaving(Effect::Disables),
    service(
        "moving",
        "update chatkeep.memberships set tenant_id = '{new}' where user_id = '{ada}'",
    )
    .leaving(Effect::Moves),
    service(
        "moving to known bytes",
        "update chatkeep.memberships set tenant_id = '{eve}' where user_id = '{ada}'",
    )
    .leaving(Effect::Moves),
    operator("deleting", "delete from auth.users where id = '{ada}'").leaving(Effect::DeletesUser),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    #[test]
    fn every_name_in_braces_is_a_name_of_the_scene() {
        let scene = Scene::new(&mut Dice::at(1, &[]));
        for call in &CALLS {
            let sql = call.sql(&scene, 0);
            // The braces of JSON come before a quote or a brace.
            let is_name = |(at, _)| sql[at + 1..].starts_with(char::is_alphabetic);
            assert!(!sql.match_indices('{').any(is_name), "{}: {sql}", call.name);
        }
    }
}

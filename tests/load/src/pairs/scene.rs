//! The rows that two calls share: Ada with a chat that Bob may write in, a deleted chat, two sessions and two documents; Bob, her colleague;
//! and Eve in another tenant, who has the same bytes as Ada's shared document.

use crate::connection::{Outcome, rows, text};
use crate::dice::Dice;
use crate::literal::checksum;
use postgres::Client;

pub struct Scene {
    pub ada: String,
    pub bob: String,
    pub eve: String,
    pub live: String,
    pub gone: String,
    /// The messages of the live chat: three complete ones in a row, one that streams, and one on a branch after the
    /// first.
    pub messages: [String; 5],
    pub own: String,
    pub shared: String,
    pub session: String,
    pub token: String,
    pub other_token: String,
    /// Unused ids for the first and the second call.
    pub new: [String; 2],
}

const OWN_SOURCE: &str = "https://files.test/own";
const SHARED_SOURCE: &str = "https://files.test/shared";

impl Scene {
    /// Chooses its ids. The other values come with its rows.
    pub fn new(dice: &mut Dice) -> Self {
        Self {
            ada: dice.uuid(),
            bob: dice.uuid(),
            eve: dice.uuid(),
            live: dice.uuid(),
            gone: dice.uuid(),
            messages: [(); 5].map(|()| dice.uuid()),
            own: String::new(),
            shared: String::new(),
            session: String::new(),
            token: String::new(),
            other_token: String::new(),
            new: [(); 2].map(|()| dice.uuid()),
        }
    }

    /// Empties the database and makes the rows.
    pub fn set(superuser: &mut Client, dice: &mut Dice) -> Outcome<Self> {
        let mut scene = Self::new(dice);
        let made = rows(superuser, &scene.sql())?;
        let made: Vec<_> = made.iter().filter(|row| !row.is_empty()).collect();
        let tokens: Vec<_> = made
            .iter()
            .filter(|row| !text(row, "token").is_empty())
            .collect();
        if let [first, second] = tokens.as_slice() {
            text(first, "token").clone_into(&mut scene.token);
            text(first, "session_id").clone_into(&mut scene.session);
            text(second, "token").clone_into(&mut scene.other_token);
        }
        for document in made.iter().filter(|row| text(row, "user_id") == scene.ada) {
            match text(document, "source_uri") {
                OWN_SOURCE => text(document, "id").clone_into(&mut scene.own),
                SHARED_SOURCE => text(document, "id").clone_into(&mut scene.shared),
                _ => {}
            }
        }
        if scene.token.is_empty() || scene.own.is_empty() || scene.shared.is_empty() {
            return Err("the scene was not set".to_owned());
        }
        Ok(scene)
    }

    /// The statement with values in place of the names in braces. Side 0 is the first call, side 1 the second.
    pub fn fill(&self, sql: &str, side: usize) -> String {
        let [first, second, third, streaming, branch] = &self.messages;
        let ids = [
            ("ada", &self.ada),
            ("bob", &self.bob),
            ("eve", &self.eve),
            ("live", &self.live),
            ("gone", &self.gone),
            ("first", first),
            ("second", second),
            ("third", third),
            ("streaming", streaming),
            ("branch", branch),
            ("shared", &self.shared),
            ("session", &self.session),
            ("token", &self.token),
            ("other_token", &self.other_token),
        ];
        let mut filled = sql.to_owned();
        let mut put = |name: &str, value: &str| {
            filled = filled.replace(&format!("{{{name}}}"), value);
        };
        for (name, id) in ids {
            put(name, id);
        }
        put("own_source", OWN_SOURCE);
        put("shared_source", SHARED_SOURCE);
        for bytes in [1, 2, 12, 13] {
            put(&format!("checksum_{bytes}"), &checksum(bytes));
        }
        // Each side has its own id and bytes.
        put("side", &side.to_string());
        put("new", self.new_id(side));
        put("new_checksum", &checksum(10 + side));
        filled
    }

    /// The unused id for the first or the second call.
    pub fn new_id(&self, side: usize) -> &str {
        self.new.get(side).map_or("", String::as_str)
    }

    fn sql(&self) -> String {
        let Self {
            ada,
            bob,
            eve,
            live,
            gone,
            messages: [first, second, third, streaming, branch],
            ..
        } = self;
        let as_user = |id: &str, calls: &str| {
            format!(
                r#"begin; set local role authenticated; set local request.jwt.claims = '{{"role":"authenticated","sub":"{id}"}}'; {calls}; commit;"#
            )
        };
        let item = |id: &str, content: &str, status: &str| {
            format!(
                r#"{{"message_id": "{id}", "role": "user", "content": "{content}", "status": "{status}"}}"#
            )
        };
        let items = [
            item(first, "one", "complete"),
            item(second, "two", "complete"),
            item(third, "three", "complete"),
            item(streaming, "", "streaming"),
        ]
        .join(",");
        let shared = format!(
            "select * from chatkeep.register_document('{SHARED_SOURCE}', '{}', visibility => 'tenant')",
            checksum(2)
        );
        let of_ada = [
            format!("select from chatkeep.create_chat('Live', chat_id => '{live}')"),
            format!("select from chatkeep.append_messages('{live}', '[{items}]')"),
            format!("select from chatkeep.append_message('{live}', 'user', 'branch', '{branch}', parent_id => '{first}')"),
            format!("select from chatkeep.select_branch('{live}', '{streaming}')"),
            format!("select from chatkeep.share_chat('{live}', '{bob}', permission => 'write')"),
            format!("select from chatkeep.create_chat('Gone', chat_id => '{gone}')"),
            format!("select from chatkeep.append_message('{gone}', 'user', 'one')"),
            format!("select from chatkeep.append_message('{gone}', 'user', 'two')"),
            format!("select from chatkeep.delete_chat('{gone}')"),
            // A rotated session whose successor is unused.
            "select r.* from chatkeep.create_session() c, chatkeep.rotate_session(c.token) r".to_owned(),
            "select * from chatkeep.create_session(max_sessions => 5)".to_owned(),
            format!("select * from chatkeep.register_document('{OWN_SOURCE}', '{}')", checksum(1)),
            shared.clone(),
        ]
        .join("; ");
        format!(
            "delete from auth.users;
             insert into auth.users (id) values ('{ada}'), ('{bob}'), ('{eve}');
             select from chatkeep.add_member('{ada}', '{ada}', 'owner') a, chatkeep.add_member('{ada}', '{bob}') b, chatkeep.add_member('{eve}', '{eve}', 'owner') e;
             {} {}",
            as_user(ada, &of_ada),
            as_user(eve, &shared)
        )
    }
}

//! The cost of Row Level Security: the same calls on the same chats, by their owner and by a role that is exempt.

use super::load;
use crate::backend;
use crate::connection::{Connection, Statement};
use crate::random;
use crate::repetitions::alternate;
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use crate::server::{Engine, Server};
use crate::stores::Texts;
use crate::users;
use anyhow::Result;

const CALLS: [(&str, &str, bool); 3] = [
    (
        "append_messages",
        "select id, seq, created_at, outcome from chatkeep.append_messages($1, jsonb_build_array(
           jsonb_build_object('role', 'user', 'content', $2::text),
           jsonb_build_object('role', 'assistant', 'content', $2)))",
        true,
    ),
    (
        "append_message",
        "select id, seq, created_at from chatkeep.append_message($1, 'user', $2)",
        true,
    ),
    (
        "list_messages",
        "select * from chatkeep.list_messages($1)",
        false,
    ),
];

struct Caller {
    connection: Connection,
    statement: Statement,
    takes_text: bool,
    chat: String,
    texts: Texts,
}

impl Caller {
    #[allow(clippy::cast_precision_loss)]
    fn cpu(&mut self, calls: usize) -> Result<f64> {
        let Self {
            connection,
            statement,
            takes_text,
            chat,
            texts,
        } = self;
        let chat: &String = chat;
        let spent = backend::cpu_microseconds(connection.backend, || {
            for _ in 0..calls {
                if *takes_text {
                    let text = texts.next();
                    connection.run(statement, &[chat.into(), (&*text).into()])?;
                } else {
                    connection.run(statement, &[chat.into()])?;
                }
            }
            Ok(())
        })?;
        Ok(spent / calls as f64)
    }
}

pub fn run(server: &Server, length: Length) -> Result<Vec<Comparison>> {
    let (rounds, calls) = length.choose((301, 40), (41, 40));
    server.with_databases(&[("rls", Engine::Native)], |databases| {
        let Some(database) = databases.first() else {
            return Ok(vec![]);
        };
        let user = random::uuid();
        users::add(&mut database.connect()?, &user)?;
        load::others(database)?;
        let texts = Texts::new()?;
        let mut callers = Vec::new();
        for (_, sql, takes_text) in CALLS {
            let mut connection = database.connect()?;
            users::sign_in(&mut connection, &user)?;
            let chat = users::create_chat(&mut connection)?;
            let mut service = database.connect()?;
            users::act_as_service(&mut service)?;
            fill(&mut connection, &chat, &mut texts.clone())?;
            for mut connection in [connection, service] {
                callers.push(Caller {
                    statement: connection.prepare(sql)?,
                    connection,
                    takes_text,
                    chat: chat.clone(),
                    texts: texts.clone(),
                });
            }
        }
        for caller in &mut callers {
            caller.cpu(20)?;
        }
        let measured = alternate("rls", rounds, &mut callers, |caller| caller.cpu(calls))?;
        let mut comparison = Comparison::new(
            "rls",
            "Server CPU of one call, under policies and exempt from them",
            Unit::Microseconds,
        );
        for ((name, _, _), pair) in CALLS.iter().zip(measured.chunks(2)) {
            if let [owner, service] = pair {
                comparison.side(format!("{name}, authenticated"), owner, true);
                comparison.side(format!("{name}, service_role"), service, false);
                comparison.pair(*name, owner, service, Target::AtMost(1.2));
            }
        }
        comparison.note(format!(
            "{rounds} rounds of {calls} calls by the chat's owner (ours) and by service_role (theirs). list_messages \
             returns 50 messages."
        ));
        Ok(vec![comparison])
    })
}

/// Fills a page to list.
fn fill(connection: &mut Connection, chat: &String, texts: &mut Texts) -> Result<()> {
    let append = connection.prepare("select chatkeep.append_message($1, 'user', $2)")?;
    for _ in 0..100 {
        let text = texts.next();
        connection.run(&append, &[chat.into(), (&*text).into()])?;
    }
    Ok(())
}

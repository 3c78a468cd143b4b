//! Checks that the acknowledged rows exist.

use super::world::{Append, TIMEOUT, World, locked};
use crate::caller::Caller;
use crate::connection::{Outcome, Place, answer, rows, text};
use crate::report::Report;
use postgres::Client;

pub fn check(
    world: &World,
    place: &Place,
    superuser: &mut Client,
    report: &mut Report,
) -> Outcome<()> {
    messages(world, superuser, report)?;
    seen(world, superuser, report)?;
    tokens(world, place, superuser, report)
}

/// Every append is in its chat, unless the chat was purged, its user was deleted, or the chat was made again. Another tenant may
/// have a chat of the same id: a chat that was moved has its owner, and one that was given away its tenant.
fn messages(world: &World, superuser: &mut Client, report: &mut Report) -> Outcome<()> {
    for appends in locked(&world.appends).chunks(1000) {
        let values: Vec<String> = appends
            .iter()
            .map(|append| {
                let Append {
                    chat,
                    message,
                    tenant,
                    owner,
                    at,
                } = append;
                format!("('{chat}', '{message}', '{tenant}', '{owner}', '{at}')")
            })
            .collect();
        let sql = format!(
            "select a.chat, a.message, a.at
             from (values {}) a (chat, message, tenant, owner, at)
             join chatkeep.chats c on c.id = a.chat::uuid and c.created_at < a.at::timestamptz
               and (c.tenant_id = a.tenant::uuid or c.user_id = a.owner::uuid)
             where to_jsonb(c) ->> 'purged_at' is null
               and not exists (
                 select from chatkeep.messages m
                 where m.id = a.message::uuid and m.chat_id = c.id and m.tenant_id = c.tenant_id
               )",
            values.join(", ")
        );
        for lost in rows(superuser, &sql)? {
            report.fault(
                "An acknowledged message is not in its chat",
                format!(
                    "message {} of chat {}, written at {}",
                    text(&lost, "message"),
                    text(&lost, "chat"),
                    text(&lost, "at")
                ),
            );
        }
    }
    Ok(())
}

/// What readers and writers have seen of a chat is of this chat, unless the chat was purged. The load uses the ids of a purged
/// chat's messages again in the next one.
fn seen(world: &World, superuser: &mut Client, report: &mut Report) -> Outcome<()> {
    let shares = locked(&world.shares);
    let seen: Vec<String> = shares
        .seen
        .iter()
        .map(|((chat, message), at)| format!("('{chat}', '{message}', '{at}')"))
        .collect();
    for seen in seen.chunks(1000) {
        let sql = format!(
            "select s.chat, s.message from (values {}) s (chat, message, at)
             join chatkeep.chats c on c.id = s.chat::uuid and c.created_at < s.at::timestamptz
             where to_jsonb(c) ->> 'purged_at' is null
               and exists (select from chatkeep.messages m where m.id = s.message::uuid)
               and not exists (select from chatkeep.messages m where m.id = s.message::uuid and m.chat_id = c.id)",
            seen.join(", ")
        );
        for row in rows(superuser, &sql)? {
            report.fault(
                "A reader saw a message of another chat",
                format!(
                    "message {}, through chat {}",
                    text(&row, "message"),
                    text(&row, "chat")
                ),
            );
        }
    }
    Ok(())
}

/// Every live session has one live token: the newest that was issued.
fn tokens(
    world: &World,
    place: &Place,
    superuser: &mut Client,
    report: &mut Report,
) -> Outcome<()> {
    let mut anon = place.caller(TIMEOUT)?;
    let live = rows(
        superuser,
        "select s.id from chatkeep.sessions s
         where s.revoked_at is null and s.expires_at > now()
           and (s.idle_ttl is null or s.last_used_at + s.idle_ttl > now())",
    )?;
    let sessions = locked(&world.sessions);
    for row in &live {
        let session = text(row, "id");
        let Some(token) = sessions.newest.get(session) else {
            report.fault("A session lives whose token nobody was given", session);
            continue;
        };
        let sql = format!("select * from chatkeep.validate_session('{}')", token.text);
        let status = match answer(&mut anon, &Caller::Anon.request(&sql))? {
            Ok(rows) => rows.first().map(|row| text(row, "status").to_owned()),
            Err(refusal) => Some(refusal.to_string()),
        };
        if status.as_deref() != Some("valid") {
            report.fault(
                format!(
                    "The newest token of a live session is {}",
                    status.unwrap_or_default()
                ),
                format!("session {session}, generation {}", token.generation),
            );
        }
    }
    Ok(())
}

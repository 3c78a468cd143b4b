//! A call of a client: its request, the check of its answer, and the values to remember.

use super::watch::Watch;
use super::world::{Append, STEADY, Token, World};
use crate::caller::Caller;
use crate::connection::{Answer, is_all_null, shortened, text};
use crate::report::Report;
use crate::verdict;

/// A chosen call.
pub struct Turn {
    pub call: &'static str,
    caller: Caller,
    /// The place of its user.
    user: usize,
    sql: String,
    /// Its chat: number and id.
    chat: Option<(usize, String)>,
    keep: Keep,
    /// What a call on a share is watched for.
    watch: Option<Watch>,
}

/// The value to remember if the call succeeds.
enum Keep {
    Nothing,
    Messages,
    Imported(Vec<String>),
    Documents,
    Token,
}

/// The caller, and the place of the user whose rows the call uses.
#[derive(Clone)]
pub struct By {
    pub caller: Caller,
    pub user: usize,
}

impl Turn {
    pub fn new(call: &'static str, by: By, sql: String) -> Self {
        Self {
            call,
            caller: by.caller,
            user: by.user,
            sql,
            chat: None,
            keep: Keep::Nothing,
            watch: None,
        }
    }

    pub fn about_chat(mut self, number: usize, id: String) -> Self {
        self.chat = Some((number, id));
        self
    }

    pub fn watched(mut self, watch: Watch) -> Self {
        self.watch = Some(watch);
        self
    }

    pub fn keeping_messages(mut self) -> Self {
        self.keep = Keep::Messages;
        self
    }

    pub fn keeping_imported(mut self, ids: Vec<String>) -> Self {
        self.keep = Keep::Imported(ids);
        self
    }

    pub fn keeping_documents(mut self) -> Self {
        self.keep = Keep::Documents;
        self
    }

    pub fn keeping_token(mut self) -> Self {
        self.keep = Keep::Token;
        self
    }

    pub fn request(&self) -> String {
        self.caller.request(&self.sql)
    }

    pub fn judge(&self, world: &World, report: &mut Report, answer: &Answer) {
        if let Some(watch) = &self.watch {
            watch.judge(world, report, self.call, answer);
        }
        // A disabled user has no tenant.
        if self.call != "tenant_id" {
            verdict::judge(report, self.call, &self.sql, answer);
        }
        let Err(refusal) = answer else { return };
        if self.user >= STEADY {
            return;
        }
        let is_false_refusal =
            refusal.code == "42501" && !verdict::is_about_rights_of_others(refusal);
        // The first chat of such a user always exists.
        let is_false_absence = matches!(self.chat, Some((0, _)))
            && matches!(refusal.code.as_str(), "PT404" | "PT410" | "PT409")
            && verdict::is_about_the_chat(refusal);
        if is_false_refusal || is_false_absence {
            report.fault(
                format!(
                    "{} was refused with {refusal}, though nobody disabled, moved or deleted its user",
                    self.call
                ),
                shortened(&self.sql),
            );
        }
    }

    pub fn remember(&self, world: &World, answer: &Answer) {
        let rows = match answer {
            Ok(rows) => rows,
            Err(refusal) => {
                if let Some((number, id)) = &self.chat
                    && *number > 0
                    && refusal.code == "PT404"
                    && verdict::is_about_the_chat(refusal)
                {
                    world.renew_chat(self.user, *number, id);
                }
                return;
            }
        };
        // A row of NULLs acknowledges nothing, and is itself a fault.
        for row in rows.iter().filter(|row| !is_all_null(row)) {
            match (&self.keep, &self.chat) {
                (Keep::Messages, Some((number, chat))) => {
                    world.remember_message(self.user, *number, text(row, "id"));
                    world.acknowledge(Append {
                        chat: chat.clone(),
                        message: text(row, "id").to_owned(),
                        tenant: text(row, "tenant_id").to_owned(),
                        owner: text(row, "user_id").to_owned(),
                        at: text(row, "created_at").to_owned(),
                    });
                }
                (Keep::Imported(ids), Some((number, chat))) => {
                    for id in ids {
                        world.remember_message(self.user, *number, id);
                        world.acknowledge(Append {
                            chat: chat.clone(),
                            message: id.clone(),
                            tenant: text(row, "tenant_id").to_owned(),
                            owner: text(row, "user_id").to_owned(),
                            at: text(row, "updated_at").to_owned(),
                        });
                    }
                }
                (Keep::Documents, _) => world.remember_document(text(row, "id")),
                (Keep::Token, _) if !text(row, "token").is_empty() => {
                    world.remember_token(Token {
                        session: text(row, "session_id").to_owned(),
                        user: self.user,
                        generation: text(row, "generation").parse().unwrap_or(0),
                        text: text(row, "token").to_owned(),
                    });
                }
                _ => {}
            }
        }
    }
}

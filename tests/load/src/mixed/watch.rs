//! What must hold of a call on a shared chat: a reader sees the active messages of this chat alone, a writer is the author of
//! what the writer appends, and a share that was revoked opens nothing any more.

use super::ledger::{Ledger, Share};
use super::world::{STEADY, World, locked};
use crate::connection::{Answer, text};
use crate::report::Report;

/// What a call on a share is watched for.
pub enum Watch {
    Sharing(Share),
    Revoking(Share),
    /// Whether the share had been revoked before.
    Opening(Share, bool),
    Using {
        chat: String,
        by: String,
        /// Where the chat was shared with nobody before: the number of shares that had begun.
        closed: Option<u64>,
        is_append: bool,
    },
}

impl Watch {
    /// Compares an answer with what is known of the share, and remembers it.
    pub fn judge(&self, world: &World, report: &mut Report, call: &str, answer: &Answer) {
        match self {
            Self::Sharing(share) => remember(world, share, answer),
            Self::Revoking(share) => forget(world, share, answer),
            Self::Opening(share, was_revoked) => {
                for row in answer.iter().flatten() {
                    if *was_revoked {
                        report.fault(format!("{call} opened a revoked share"), &share.id);
                    }
                    if text(row, "chat_id") != share.chat {
                        report.fault(format!("{call} opened another chat"), &share.id);
                    }
                    let mut words = text(row, "messages").split_whitespace();
                    let mut shares = locked(&world.shares);
                    while let (Some(id), Some(at)) = (words.next(), words.next()) {
                        shares.see(&share.chat, id, at);
                    }
                }
            }
            Self::Using {
                chat,
                by,
                closed,
                is_append,
            } => {
                let Ok(found) = answer else { return };
                let mut shares = locked(&world.shares);
                if closed.is_some() && shares.chats.get(chat).and_then(Ledger::closed) == *closed {
                    report.fault(
                        format!("{call} succeeded in a chat that is shared with nobody"),
                        format!("chat {chat}, by {by}"),
                    );
                }
                for row in found {
                    if text(row, "chat_id") != chat || text(row, "active") != "t" {
                        report.fault(
                            format!("{call} returned a message that is not of the active path"),
                            format!("message {} of chat {chat}", text(row, "id")),
                        );
                    }
                    if *is_append && text(row, "author_id") != by {
                        report.fault(
                            format!("{call} has another author than its caller"),
                            format!("message {} of {by}", text(row, "id")),
                        );
                    }
                    shares.see(chat, text(row, "id"), text(row, "created_at"));
                }
            }
        }
    }
}

fn remember(world: &World, share: &Share, answer: &Answer) {
    let mut shares = locked(&world.shares);
    let ledger = shares.chats.entry(share.chat.clone()).or_default();
    ledger.under_way = ledger.under_way.saturating_sub(1);
    let Ok([row]) = answer.as_deref() else { return };
    let mut share = share.clone();
    text(row, "id").clone_into(&mut share.id);
    text(row, "secret").clone_into(&mut share.secret);
    if share.secret.is_empty() {
        ledger.open.insert(share.id.clone());
    }
    shares.push(share);
}

fn forget(world: &World, share: &Share, answer: &Answer) {
    // With the chat of somebody who stays, its shares are purged.
    let is_gone = share.owner < STEADY && matches!(answer, Err(refusal) if refusal.code == "PT404");
    if answer.is_err() && !is_gone {
        return;
    }
    let mut shares = locked(&world.shares);
    if let Some(ledger) = shares.chats.get_mut(&share.chat) {
        ledger.open.remove(&share.id);
    }
    for known in shares
        .latest
        .iter_mut()
        .filter(|known| known.id == share.id)
    {
        known.is_revoked = true;
    }
}

//! What the load knows of shares: with whom a chat may be shared, which shares were revoked, and what readers have seen.

use std::collections::{BTreeMap, BTreeSet};

/// The number of latest shares that are remembered.
const REMEMBERED: usize = 40;

/// What the clients know of shares.
#[derive(Default)]
pub struct Shares {
    /// The latest ones, as far as they are remembered.
    pub latest: Vec<Share>,
    pub chats: BTreeMap<String, Ledger>,
    /// The chats and messages that somebody else than the owner has seen, with the times of the messages.
    pub seen: BTreeMap<(String, String), String>,
}

/// An acknowledged share, or one that is under way.
#[derive(Clone)]
pub struct Share {
    pub id: String,
    pub chat: String,
    pub owner: usize,
    pub reader: usize,
    /// The secret of a link.
    pub secret: String,
    pub is_revoked: bool,
}

/// With how many people a chat may be shared: never fewer than in the database.
#[derive(Default)]
pub struct Ledger {
    pub open: BTreeSet<String>,
    pub under_way: u64,
    pub begun: u64,
}

impl Shares {
    /// Remembers a message that a reader got.
    pub fn see(&mut self, chat: &str, message: &str, at: &str) {
        let key = (chat.to_owned(), message.to_owned());
        self.seen.insert(key, at.to_owned());
    }

    /// Remembers a share that was made.
    pub fn push(&mut self, share: Share) {
        self.latest.push(share);
        if self.latest.len() > REMEMBERED {
            // A forgotten share stays in its ledger: nobody can say any more that it ended.
            self.latest.remove(0);
        }
    }

    /// The number of messages that others than their owner have seen.
    pub fn seen(&self) -> usize {
        self.seen.len()
    }
}

impl Ledger {
    /// Where the chat is shared with nobody: the number of shares that have begun.
    pub fn closed(&self) -> Option<u64> {
        (self.open.is_empty() && self.under_way == 0).then_some(self.begun)
    }
}

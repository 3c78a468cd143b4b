//! The model, and the text of each of its tokens in the database.

use super::call::{Call, Opening};
use super::database::{Seen, Stored};
use chatkeep_core::sessions::model::{Answer, Book, TokenId};
use std::collections::HashMap;

/// A possible state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct World {
    book: Book,
    tokens: HashMap<String, TokenId>,
}

impl World {
    /// Makes a call in the model, and compares its result with the database's answer.
    pub fn play(
        &mut self,
        call: &Call,
        now: i64,
        commits: bool,
        seen: &Seen,
    ) -> Result<(), String> {
        let before = self.book.clone();
        let outcome = self.answer(call, now, seen);
        if !commits {
            self.book.roll_back(&before);
        }
        outcome
    }

    fn answer(&mut self, call: &Call, now: i64, seen: &Seen) -> Result<(), String> {
        let (status, answer, ended) = match call {
            Call::Create(Opening {
                ttl,
                idle_ttl,
                max_sessions,
            }) => {
                let micros = 1_000_000;
                let idle_ttl = idle_ttl.map(|idle| idle * micros);
                let token = self.book.create(now, ttl * micros, idle_ttl, *max_sessions);
                let answer = Answer {
                    status: "created",
                    token: Some(token),
                    generation: 0,
                };
                ("created", Some(answer), None)
            }
            Call::Rotate(token) => {
                let answer = self.book.rotate(self.token(token)?, now);
                (answer.status, Some(answer), None)
            }
            Call::Validate(token) => {
                let answer = self.book.validate(self.token(token)?, now);
                (answer.status, Some(answer), None)
            }
            Call::Elevate(token) => match self.book.elevate(self.token(token)?, now) {
                Some(answer) => (answer.status, Some(answer), None),
                None => ("PT409", None, None),
            },
            Call::RevokeOthers(token) => {
                let (status, ended) = self.book.revoke_others(self.token(token)?, now);
                (status, None, Some(ended))
            }
            Call::Revoke(session, _) => {
                self.book.revoke(*session);
                ("revoked", None, None)
            }
            Call::RevokeAll => ("revoked", None, Some(self.book.revoke_all_but(None))),
        };
        if seen.status != status {
            return Err(format!("says {}, the model {status}", seen.status));
        }
        // A refused token may not read its session's secrets, so no refusal returns their generation.
        let is_said = matches!(status, "created" | "rotated" | "replayed" | "valid");
        let generation = answer.map(|answer| answer.generation).filter(|_| is_said);
        if seen.generation != generation || seen.ended != ended {
            return Err(format!(
                "{status} has generation {:?} and ended {:?}, in the model {generation:?} and {ended:?}",
                seen.generation, seen.ended
            ));
        }
        self.same_token(
            answer.and_then(|answer| answer.token),
            seen.token.as_deref(),
        )
    }

    /// Whether the issued token is that of the model: the same text for the same token, and another text for another
    /// token.
    fn same_token(&mut self, expected: Option<TokenId>, text: Option<&str>) -> Result<(), String> {
        let (Some(expected), Some(text)) = (expected, text) else {
            return match (expected, text) {
                (None, None) => Ok(()),
                (expected, text) => Err(format!(
                    "hands out {} token, the model {expected:?}",
                    if text.is_some() { "a" } else { "no" }
                )),
            };
        };
        let is_new = !self.tokens.values().any(|token| *token == expected);
        match self.tokens.get(text) {
            Some(token) if *token == expected => Ok(()),
            None if is_new => {
                self.tokens.insert(text.to_owned(), expected);
                Ok(())
            }
            Some(token) => Err(format!("hands out {token:?}, the model {expected:?}")),
            None => Err(format!(
                "hands out a new token, the model {expected:?} again"
            )),
        }
    }

    fn token(&self, text: &str) -> Result<TokenId, String> {
        let token = self.tokens.get(text).copied();
        token.ok_or_else(|| "presents a token that the model never handed out".to_owned())
    }

    /// The expected rows. `unit` is the unit of time in seconds.
    pub fn stored(&self, now: i64, unit: i64) -> Vec<Stored> {
        let sessions = self.book.sessions.iter();
        sessions
            .map(|session| Stored {
                revoked: session.revoked.map(str::to_owned),
                generation: session.generation,
                has_previous: session.previous.is_some(),
                unused: (now - session.last_used_at) / (unit * 1_000_000),
            })
            .collect()
    }
}

//! A model of sessions: the results that the calls must have, without digests, salts, rows or locks. Random histories
//! compare it with the rules of [`crate::sessions::session`] and with both engines.
//!
//! A token is its number in its session, in the order of issue. Times are microseconds of one clock, and each call has its
//! own time. The model repeats the constants, so that a wrong constant in the rules is found.

/// A spent token may be presented again for 10 seconds.
const GRACE: i64 = 10_000_000;
/// A use is recorded if the last recorded one is more than a minute old.
const TOUCH: i64 = 60_000_000;

/// A token: its session, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenId {
    /// Place of the session in the order of creation.
    pub session: usize,
    /// 0 is the token of `create_session`.
    pub number: u32,
}

/// The result of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status column.
    pub status: &'static str,
    /// The token that the call issues, if any.
    pub token: Option<TokenId>,
    /// The generation of the session after the call.
    pub generation: i32,
}

/// One session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// How many tokens were ever issued, also by transactions that were rolled back.
    issued: u32,
    current: u32,
    /// The token before the current one, until the current one is used.
    pub previous: Option<u32>,
    /// How many times it was rotated.
    pub generation: i32,
    rotated_at: i64,
    /// The last use that was recorded.
    pub last_used_at: i64,
    expires_at: i64,
    idle_ttl: Option<i64>,
    /// Why it was revoked.
    pub revoked: Option<&'static str>,
}

impl Session {
    fn end(&self, now: i64) -> Option<&'static str> {
        if self.revoked.is_some() {
            Some("revoked")
        } else if now >= self.expires_at {
            Some("expired")
        } else if self
            .idle_ttl
            .is_some_and(|ttl| now >= self.last_used_at + ttl)
        {
            Some("idle")
        } else {
            None
        }
    }

    fn in_grace(&self, number: u32, now: i64) -> bool {
        self.previous == Some(number) && now - self.rotated_at < GRACE
    }

    fn reuse(&mut self) -> &'static str {
        self.revoked = Some("reuse");
        "reuse_detected"
    }

    fn note_use(&mut self, now: i64) {
        if now - self.last_used_at > TOUCH {
            self.last_used_at = now;
        }
    }

    fn revoke(&mut self, reason: &'static str) -> bool {
        let was_not = self.revoked.is_none();
        self.revoked.get_or_insert(reason);
        was_not
    }
}

/// The sessions of one user, in the order of creation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    /// All of them, ended ones too.
    pub sessions: Vec<Session>,
}

impl Book {
    /// `create_session`: the oldest live sessions beyond `max_sessions` are revoked.
    pub fn create(
        &mut self,
        now: i64,
        ttl: i64,
        idle_ttl: Option<i64>,
        max_sessions: Option<usize>,
    ) -> TokenId {
        if let Some(most) = max_sessions {
            let newest_first = self.sessions.iter_mut().rev();
            let live = newest_first.filter(|session| session.end(now).is_none());
            for session in live.skip(most.saturating_sub(1)) {
                session.revoke("limit");
            }
        }
        self.sessions.push(Session {
            issued: 1,
            current: 0,
            previous: None,
            generation: 0,
            rotated_at: now,
            last_used_at: now,
            expires_at: now + ttl,
            idle_ttl,
            revoked: None,
        });
        TokenId {
            session: self.sessions.len() - 1,
            number: 0,
        }
    }

    /// `rotate_session`.
    pub fn rotate(&mut self, token: TokenId, now: i64) -> Answer {
        let session = &mut self.sessions[token.session];
        let (status, number) = if let Some(end) = session.end(now) {
            (end, None)
        } else if token.number == session.current {
            session.previous = Some(session.current);
            session.current = session.issued;
            session.issued += 1;
            session.generation += 1;
            session.rotated_at = now;
            session.note_use(now);
            ("rotated", Some(session.current))
        } else if session.in_grace(token.number, now) {
            session.note_use(now);
            ("replayed", Some(session.current))
        } else {
            (session.reuse(), None)
        };
        Answer {
            status,
            token: number.map(|number| TokenId { number, ..token }),
            generation: session.generation,
        }
    }

    /// `validate_session`.
    pub fn validate(&mut self, token: TokenId, now: i64) -> Answer {
        let session = &mut self.sessions[token.session];
        let status = if let Some(end) = session.end(now) {
            end
        } else if token.number == session.current {
            session.previous = None;
            session.note_use(now);
            "valid"
        } else if session.in_grace(token.number, now) {
            session.note_use(now);
            "valid"
        } else {
            session.reuse()
        };
        Answer {
            status,
            token: None,
            generation: session.generation,
        }
    }

    /// `elevate_session` with a sufficient JWT: a validation that accepts only the current token. A token in grace is
    /// refused, which returns `None` and changes nothing.
    pub fn elevate(&mut self, token: TokenId, now: i64) -> Option<Answer> {
        let before = self.clone();
        let answer = self.validate(token, now);
        if answer.status == "valid" && self.sessions[token.session].current != token.number {
            *self = before;
            return None;
        }
        Some(answer)
    }

    /// `revoke_session` by the owner.
    pub fn revoke(&mut self, session: usize) {
        self.sessions[session].revoke("logout");
    }

    /// `revoke_all_sessions` by the owner, or `revoke_other_sessions` with the session that it spares. Returns the number of
    /// sessions that it revoked.
    pub fn revoke_all_but(&mut self, spared: Option<usize>) -> usize {
        let others = self.sessions.iter_mut().enumerate();
        others
            .filter(|(place, _)| Some(*place) != spared)
            .map(|(_, session)| usize::from(session.revoke("logout")))
            .sum()
    }

    /// `revoke_other_sessions`. Returns the status of the token and the number of sessions that it revoked.
    pub fn revoke_others(&mut self, token: TokenId, now: i64) -> (&'static str, usize) {
        let status = self.validate(token, now).status;
        let spared = Some(token.session);
        let ended = if status == "valid" {
            self.revoke_all_but(spared)
        } else {
            0
        };
        (status, ended)
    }

    /// Restores the state `before`, as a rollback does. Clients keep the tokens that were issued since, so their numbers are
    /// not used again.
    pub fn roll_back(&mut self, before: &Self) {
        let handed_out: Vec<u32> = self.sessions.iter().map(|session| session.issued).collect();
        self.sessions.clone_from(&before.sessions);
        for (session, issued) in self.sessions.iter_mut().zip(handed_out) {
            session.issued = issued;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::session::{SALT_BYTES, SECRET_BYTES, State, Token, Verdict};
    use proptest::prelude::*;

    /// The rules of [`crate::sessions::session`] on one row, as the calls apply them.
    struct Row {
        state: State,
        salt: Option<[u8; SALT_BYTES]>,
    }

    impl Row {
        fn present(
            &mut self,
            token: &Token,
            rotates: bool,
            now: i64,
            salt: u8,
        ) -> (&'static str, Option<Token>) {
            match self.state.judge(&token.refresh_digest(), now) {
                Verdict::Revoked => ("revoked", None),
                Verdict::Expired => ("expired", None),
                Verdict::Idle => ("idle", None),
                Verdict::Reused => {
                    self.state.revoked = true;
                    ("reuse_detected", None)
                }
                Verdict::Current if rotates => {
                    let salt = [salt; SALT_BYTES];
                    let child = token.child(&salt);
                    self.state.previous_digest = Some(token.refresh_digest().to_vec());
                    self.state.refresh_digest = child.refresh_digest().to_vec();
                    self.state.rotated_at = Some(now);
                    self.salt = Some(salt);
                    ("rotated", Some(child))
                }
                Verdict::Previous if rotates => {
                    ("replayed", self.salt.map(|salt| token.child(&salt)))
                }
                Verdict::Current => {
                    (self.state.previous_digest, self.salt) = (None, None);
                    ("valid", None)
                }
                Verdict::Previous => ("valid", None),
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// A history of one session without `idle_ttl`: each step presents one of its tokens, with or without a rotation,
        /// after some time.
        #[test]
        fn the_rules_agree_with_the_model(
            history in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), 0i64..15_000_000), 1..25)
        ) {
            let ttl = 150_000_000;
            let (mut now, mut book) = (0, Book::default());
            let first = book.create(now, ttl, None, None);
            let token = Token::new([1; SECRET_BYTES], [2; SECRET_BYTES]);
            let mut row = Row {
                state: State {
                    refresh_digest: token.refresh_digest().to_vec(),
                    previous_digest: None,
                    rotated_at: None,
                    revoked: false,
                    expires_at: ttl,
                    idle_expires_at: None,
                },
                salt: None,
            };
            let mut tokens = vec![(first, token)];
            for (salt, (which, rotates, wait)) in (0u8..).zip(history) {
                now += wait;
                let (id, token) = tokens[which.index(tokens.len())].clone();
                let expected = if rotates { book.rotate(id, now) } else { book.validate(id, now) };
                let (status, child) = row.present(&token, rotates, now, salt);
                prop_assert_eq!(status, expected.status);
                prop_assert_eq!(child.is_some(), expected.token.is_some());
                if let Some((id, child)) = expected.token.zip(child) {
                    match tokens.iter().find(|(known, _)| *known == id) {
                        Some((_, known)) => prop_assert_eq!(&child, known),
                        None => tokens.push((id, child)),
                    }
                }
            }
        }
    }
}

//! Session tokens: their text, the derivation of a successor, and the verdict on a presented token.
//!
//! A token is `cks_` and the base64url form (RFC 4648 section 5) of session secret, refresh secret and
//! CRC-32. The session secret stays for the session's life and proves possession. The refresh secret
//! changes with every rotation. The database stores only digests.
//!
//! A client that loses the answer to a rotation must get the same successor again, as in Elasticsearch and
//! `GoTrue` v2, and the database must not store anything that can be used as a token. So the successor, here
//! called child, is an HMAC under the parent's refresh secret, which only the client has.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use crate::{Refusal, digest, json, limits, text, uuid};

/// The prefix of every token. Scanners find leaked tokens by it.
pub const PREFIX: &str = "cks_";
/// Bytes of each of the two secrets: 192 bits.
pub const SECRET_BYTES: usize = 24;
/// Bytes of the salt of a rotation.
pub const SALT_BYTES: usize = 16;
/// The grace, in microseconds: for 10 seconds the token before gets the same child again.
pub const GRACE_MICROS: i64 = 10_000_000;
/// The shortest time between two writes of `last_used_at`, in microseconds: one minute.
pub const TOUCH_MICROS: i64 = 60_000_000;

const PAYLOAD_BYTES: usize = 2 * SECRET_BYTES;
const TOKEN_BYTES: usize = PAYLOAD_BYTES + 4;
/// The prefix, and four characters for three bytes.
const TOKEN_CHARS: usize = PREFIX.len() + (TOKEN_BYTES * 4).div_ceil(3);

/// The two secrets of a session. `Debug` hides them, and they are wiped when they are dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    session: [u8; SECRET_BYTES],
    refresh: [u8; SECRET_BYTES],
}

impl Token {
    /// A token of two random secrets.
    pub const fn new(session: [u8; SECRET_BYTES], refresh: [u8; SECRET_BYTES]) -> Self {
        Self { session, refresh }
    }

    /// Reads a presented token. Returns `None` for text that was never issued: a wrong length, alphabet or check sum. The
    /// caller does not learn which.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
        let written = URL_SAFE_NO_PAD
            .decode_slice(text.strip_prefix(PREFIX)?, bytes.as_mut())
            .ok()?;
        let (payload, sum) = bytes.split_at_checked(PAYLOAD_BYTES)?;
        if written != TOKEN_BYTES || check_sum(payload).to_be_bytes() != sum {
            return None;
        }
        let (session, refresh) = payload.split_at_checked(SECRET_BYTES)?;
        Some(Self {
            session: session.try_into().ok()?,
            refresh: refresh.try_into().ok()?,
        })
    }

    /// The text of the token, which a call returns once.
    pub fn expose(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
        let (payload, sum) = bytes.split_at_mut(PAYLOAD_BYTES);
        payload[..SECRET_BYTES].copy_from_slice(&self.session);
        payload[SECRET_BYTES..].copy_from_slice(&self.refresh);
        sum.copy_from_slice(&check_sum(payload).to_be_bytes());
        // The full capacity at once: a string that grows would leave a copy of the token in freed memory.
        let mut text = Zeroizing::new(String::with_capacity(TOKEN_CHARS));
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(&bytes[..], &mut text);
        text
    }

    /// The session secret, which proves possession of the session.
    pub const fn session_secret(&self) -> &[u8; SECRET_BYTES] {
        &self.session
    }

    /// The refresh secret, which the next rotation replaces.
    pub const fn refresh_secret(&self) -> &[u8; SECRET_BYTES] {
        &self.refresh
    }

    /// The digest in `sessions.session_token`.
    pub fn session_digest(&self) -> [u8; 32] {
        digest::sha256(&self.session)
    }

    /// The id of its session, by which the session of a spent token is found. Nobody can compute the digest from it.
    pub fn session_id(&self) -> [u8; 16] {
        uuid::v8(&digest::sha256(&self.session_digest()))
    }

    /// The digest in `session_secrets.refresh_digest`.
    pub fn refresh_digest(&self) -> [u8; 32] {
        digest::sha256(&self.refresh)
    }

    /// The successor: the same session secret, and as refresh secret the first 24 bytes of
    /// HMAC-SHA256(key = refresh secret, message = salt) (RFC 2104).
    #[must_use]
    pub fn child(&self, salt: &[u8]) -> Self {
        let mut refresh = [0; SECRET_BYTES];
        // HMAC accepts a key of any length, so this cannot fail. If it did, the secret of zeros would match no digest.
        if let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.refresh) {
            mac.update(salt);
            let mut derived = mac.finalize().into_bytes();
            refresh.copy_from_slice(&derived[..SECRET_BYTES]);
            derived.as_mut_slice().zeroize();
        }
        Self {
            session: self.session,
            refresh,
        }
    }
}

/// CRC-32 (IEEE 802.3), computed without a table: for 48 bytes a table would not pay.
fn check_sum(payload: &[u8]) -> u32 {
    const CRC_32: crc::Crc<u32, crc::NoTable> =
        crc::Crc::<u32, crc::NoTable>::new(&crc::CRC_32_ISO_HDLC);
    CRC_32.checksum(payload)
}

impl Drop for Token {
    fn drop(&mut self) {
        self.session.zeroize();
        self.refresh.zeroize();
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// The stored state of the session of a presented token. Times are microseconds of one clock.
#[derive(Clone, Debug)]
pub struct State {
    /// Digest of the current refresh secret.
    pub refresh_digest: Vec<u8>,
    /// Digest of the refresh secret before, as long as it is kept.
    pub previous_digest: Option<Vec<u8>>,
    /// The time of the last rotation.
    pub rotated_at: Option<i64>,
    /// Whether the session was revoked.
    pub revoked: bool,
    /// End of the session's life.
    pub expires_at: i64,
    /// When the session becomes idle unless it is used; `None` if never.
    pub idle_expires_at: Option<i64>,
}

/// The verdict on a presented token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The session was revoked. This is final, so it is checked first.
    Revoked,
    /// The session's life has ended.
    Expired,
    /// The session was unused for longer than its `idle_ttl`.
    Idle,
    /// The current token.
    Current,
    /// The token before the current one, within its grace.
    Previous,
    /// A spent token: it was replaced and has no grace any more.
    Reused,
}

impl State {
    /// Judges the token with the refresh digest `presented`. Read `now` after locking the row: a clock read before a wait
    /// would still accept a token whose grace or life ended meanwhile.
    pub fn judge(&self, presented: &[u8; 32], now: i64) -> Verdict {
        if self.revoked {
            Verdict::Revoked
        } else if now >= self.expires_at {
            Verdict::Expired
        } else if self.idle_expires_at.is_some_and(|idle| now >= idle) {
            Verdict::Idle
        } else if self.refresh_digest == presented {
            Verdict::Current
        } else if self.previous_digest.as_deref() == Some(presented)
            && self
                .rotated_at
                .is_some_and(|at| now < at.saturating_add(GRACE_MICROS))
        {
            Verdict::Previous
        } else {
            Verdict::Reused
        }
    }
}

/// The arguments of `create_session` that a rule applies to. JSON is passed as text, intervals as microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewSession<'a> {
    /// The first [`limits::USER_AGENT_CHARS`] characters are stored.
    pub user_agent: Option<&'a str>,
    /// What a proxy writes about the address of the device. The database keeps the first address in it.
    pub ip: Option<&'a str>,
    /// The session's life, in microseconds: one second to 400 days.
    pub ttl: Option<i64>,
    /// The longest time without a use, in microseconds: one second to 400 days, or `None` for no limit.
    pub idle_ttl: Option<i64>,
    /// The most live sessions of the user: 1 to [`limits::MAX_SESSIONS`], or `None` for no limit.
    pub max_sessions: Option<i32>,
    /// A JSON object.
    pub metadata: Option<&'a str>,
}

impl NewSession<'_> {
    /// Checks the arguments in the order of the signature and returns the first refusal: 22004 if one is missing, else 22023.
    pub fn check(&self) -> Result<(), Refusal> {
        // Both are only shown in a list of devices, so their length and form never fail a sign-in.
        for (argument, shown) in [("user_agent", self.user_agent), ("ip", self.ip)] {
            text::no_nul(argument, shown.unwrap_or_default())?;
        }
        life("ttl", self.ttl.ok_or_else(|| Refusal::missing("ttl"))?)?;
        if let Some(idle_ttl) = self.idle_ttl {
            life("idle_ttl", idle_ttl)?;
        }
        if self
            .max_sessions
            .is_some_and(|most| !(1..=limits::MAX_SESSIONS).contains(&most))
        {
            return Err(Refusal::invalid(
                "max_sessions",
                "must be between 1 and 1000",
                "Leave it out for no limit.",
            ));
        }
        json::object(
            "metadata",
            self.metadata.ok_or_else(|| Refusal::missing("metadata"))?,
        )
    }
}

/// Checks a level of assurance (NIST SP 800-63B): present (22004) and one of `aal1`, `aal2`, `aal3` (22023).
pub fn assurance_level(aal: Option<&str>) -> Result<(), Refusal> {
    text::one_of(
        "aal",
        aal,
        &["aal1", "aal2", "aal3"],
        "must be aal1, aal2 or aal3",
        "They are the levels of NIST SP 800-63B.",
    )
}

/// Whether a session may live for this number of microseconds: one second to 400 days.
pub fn is_life(micros: i64) -> bool {
    (limits::SESSION_MIN_MICROS..=limits::SESSION_MICROS).contains(&micros)
}

fn life(argument: &'static str, micros: i64) -> Result<(), Refusal> {
    if is_life(micros) {
        return Ok(());
    }
    Err(Refusal::invalid(
        argument,
        "must be between 1 second and 400 days",
        "Pass an interval such as '30 days'.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token(session: u8, refresh: u8) -> Token {
        Token::new([session; SECRET_BYTES], [refresh; SECRET_BYTES])
    }

    #[test]
    fn a_token_is_74_characters_with_a_prefix() {
        let text = token(1, 2).expose();
        assert_eq!((text.len(), &text[..4]), (74, PREFIX));
    }

    #[test]
    fn a_child_keeps_the_session_and_changes_the_secret() {
        let parent = token(1, 2);
        let child = parent.child(b"salt");
        assert_eq!(child.session_digest(), parent.session_digest());
        assert_ne!(child.refresh_digest(), parent.refresh_digest());
        assert_eq!(child, parent.child(b"salt"));
        assert_ne!(child, parent.child(b"other"));
    }

    #[test]
    fn the_derivation_of_a_child_never_changes() {
        // The portable engine must derive the same child: tests/contract/sessions/rotate_session.sql has this vector too.
        let child = token(1, 2).child(&[3; SALT_BYTES]);
        assert_eq!(
            child.expose().as_str(),
            "cks_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB1FjHWytHoFlPu2NPq1RWpqtG2ewhWMLjPsst8g"
        );
    }

    #[test]
    fn the_text_of_a_token_never_grows() {
        let text = token(1, 2).expose();
        assert_eq!((text.len(), text.capacity()), (TOKEN_CHARS, TOKEN_CHARS));
    }

    #[test]
    fn debug_hides_the_secrets() {
        assert_eq!(format!("{:?}", token(1, 2)), "Token(..)");
    }

    #[test]
    fn the_first_verdict_that_applies_wins() {
        let current = token(1, 2);
        let next = current.child(b"salt");
        let state = State {
            refresh_digest: next.refresh_digest().to_vec(),
            previous_digest: Some(current.refresh_digest().to_vec()),
            rotated_at: Some(100),
            revoked: false,
            expires_at: 1_000_000_000,
            idle_expires_at: Some(500_000_000),
        };
        let grandparent = token(1, 9).refresh_digest();
        for (name, state, digest, now, verdict) in [
            (
                "current",
                state.clone(),
                next.refresh_digest(),
                200,
                Verdict::Current,
            ),
            (
                "in grace",
                state.clone(),
                current.refresh_digest(),
                200,
                Verdict::Previous,
            ),
            (
                "last microsecond of grace",
                state.clone(),
                current.refresh_digest(),
                99 + GRACE_MICROS,
                Verdict::Previous,
            ),
            (
                "grace is over",
                state.clone(),
                current.refresh_digest(),
                100 + GRACE_MICROS,
                Verdict::Reused,
            ),
            (
                "grandparent",
                state.clone(),
                grandparent,
                200,
                Verdict::Reused,
            ),
            (
                "idle",
                state.clone(),
                next.refresh_digest(),
                500_000_000,
                Verdict::Idle,
            ),
            (
                "expired",
                state.clone(),
                next.refresh_digest(),
                1_000_000_000,
                Verdict::Expired,
            ),
            (
                "revoked before everything",
                State {
                    revoked: true,
                    ..state.clone()
                },
                grandparent,
                2_000_000_000,
                Verdict::Revoked,
            ),
        ] {
            assert_eq!(state.judge(&digest, now), verdict, "{name}");
        }
    }

    #[test]
    fn a_session_lives_between_a_second_and_400_days() {
        for (ttl, good) in [
            (0, false),
            (limits::SESSION_MIN_MICROS, true),
            (limits::SESSION_MICROS, true),
            (limits::SESSION_MICROS + 1, false),
            (-1, false),
        ] {
            let session = NewSession {
                ttl: Some(ttl),
                metadata: Some("{}"),
                ..NewSession::default()
            };
            assert_eq!(session.check().is_ok(), good, "{ttl}");
        }
    }

    proptest! {
        #[test]
        fn a_token_is_read_back(session: [u8; SECRET_BYTES], refresh: [u8; SECRET_BYTES]) {
            let token = Token::new(session, refresh);
            prop_assert_eq!(Token::parse(&token.expose()), Some(token));
        }

        #[test]
        fn text_with_one_changed_character_is_not_a_token(
            session: [u8; SECRET_BYTES], at in 0usize..74, with in "[A-Za-z0-9_-]"
        ) {
            let mut text = Token::new(session, [7; SECRET_BYTES]).expose().to_string();
            prop_assume!(text[at..=at] != *with);
            text.replace_range(at..=at, &with);
            prop_assert_eq!(Token::parse(&text), None);
        }

        #[test]
        fn any_text_is_read_without_panic(text: String) {
            let _ = Token::parse(&text);
            let _ = Token::parse(&format!("{PREFIX}{text}"));
        }
    }
}

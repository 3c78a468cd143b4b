//! Session tokens: how one is written, how its child is derived, and how a presented one is judged.
//!
//! A token is `cks_` and the base64url form (RFC 4648 section 5) of session secret, refresh secret and
//! CRC-32. The session secret stays for the session's life and proves possession; the refresh secret
//! changes with every rotation. The database stores digests only. The derived child follows
//! Elasticsearch's and `GoTrue` v2's idea that a lost response must be repeatable, with nothing reusable
//! at rest: the child is an HMAC under the parent's secret, which only the holder has.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use crate::{Refusal, digest, json, limits, text, uuid};

/// What every token begins with, so that scanners can find a leaked one.
pub const PREFIX: &str = "cks_";
/// Bytes of each of the two secrets: 192 bits.
pub const SECRET_BYTES: usize = 24;
/// Bytes of the salt of a rotation.
pub const SALT_BYTES: usize = 16;
/// How long a spent token may be presented again and get the same child: 10 seconds.
pub const GRACE_MICROS: i64 = 10_000_000;
/// How often `last_used_at` is written at most: once a minute.
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

    /// Reads a presented token. `None` is a token that was never issued: wrong length, wrong
    /// alphabet, wrong check sum. Nothing says which.
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

    /// The text to hand out, once.
    pub fn expose(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
        let (payload, sum) = bytes.split_at_mut(PAYLOAD_BYTES);
        payload[..SECRET_BYTES].copy_from_slice(&self.session);
        payload[SECRET_BYTES..].copy_from_slice(&self.refresh);
        sum.copy_from_slice(&check_sum(payload).to_be_bytes());
        // As long as the text will be, so that no copy of it is left behind by growing.
        let mut text = Zeroizing::new(String::with_capacity(TOKEN_CHARS));
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(&bytes[..], &mut text);
        text
    }

    /// The session secret, whose presentation unlocks the session's row.
    pub const fn session_secret(&self) -> &[u8; SECRET_BYTES] {
        &self.session
    }

    /// The refresh secret, which one rotation spends.
    pub const fn refresh_secret(&self) -> &[u8; SECRET_BYTES] {
        &self.refresh
    }

    /// What `sessions.session_token` holds.
    pub fn session_digest(&self) -> [u8; 32] {
        digest::sha256(&self.session)
    }

    /// The id of its session, by which a spent token finds it. It tells nothing of the digest that it is made of.
    pub fn session_id(&self) -> [u8; 16] {
        uuid::v8(&digest::sha256(&self.session_digest()))
    }

    /// What `session_secrets.refresh_digest` holds.
    pub fn refresh_digest(&self) -> [u8; 32] {
        digest::sha256(&self.refresh)
    }

    /// The successor: same session, refresh secret = first 24 bytes of
    /// HMAC-SHA256(key = refresh secret, message = salt) (RFC 2104).
    #[must_use]
    pub fn child(&self, salt: &[u8]) -> Self {
        let mut refresh = [0; SECRET_BYTES];
        // HMAC takes a key of any length, so the error cannot occur; a zero secret would match no digest.
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

/// CRC-32 (IEEE 802.3), bit by bit: a token is short, and a table would be long.
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

/// What the database knows of a session whose row the token unlocked. Times are microseconds of one clock.
#[derive(Clone, Debug)]
pub struct State {
    /// Digest of the refresh secret that is current.
    pub refresh_digest: Vec<u8>,
    /// Digest of the one before, while its grace lasts.
    pub previous_digest: Option<Vec<u8>>,
    /// When the current secret was made.
    pub rotated_at: Option<i64>,
    /// Whether the session was revoked.
    pub revoked: bool,
    /// End of the session's life.
    pub expires_at: i64,
    /// When the session falls idle if it is not used; `None`: never.
    pub idle_expires_at: Option<i64>,
}

/// The judgement on a presented token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The session was revoked: final, and checked before everything else.
    Revoked,
    /// Past the end of its life.
    Expired,
    /// Unused for longer than it may be.
    Idle,
    /// The current token.
    Current,
    /// The token before the current one, within its grace.
    Previous,
    /// A spent token: somebody presents what was replaced.
    Reused,
}

impl State {
    /// Judges the token whose refresh digest is `presented`, at `now`, which is read after the row was locked.
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

/// The arguments of `create_session` that a rule applies to. JSON comes as text, intervals as microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewSession<'a> {
    /// At most [`limits::USER_AGENT_CHARS`] characters.
    pub user_agent: Option<&'a str>,
    /// One second to 400 days.
    pub ttl: Option<i64>,
    /// One second to 400 days, or never idle.
    pub idle_ttl: Option<i64>,
    /// 1 to [`limits::MAX_SESSIONS`], or no limit.
    pub max_sessions: Option<i32>,
    /// A JSON object.
    pub metadata: Option<&'a str>,
}

impl NewSession<'_> {
    /// Checks every argument, in the order of the signature.
    pub fn check(&self) -> Result<(), Refusal> {
        if let Some(user_agent) = self.user_agent {
            text::at_most_chars("user_agent", user_agent, limits::USER_AGENT_CHARS)?;
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

/// A level of assurance, of NIST SP 800-63B.
pub fn assurance_level(aal: Option<&str>) -> Result<(), Refusal> {
    text::one_of(
        "aal",
        aal,
        &["aal1", "aal2", "aal3"],
        "must be aal1, aal2 or aal3",
        "They are the levels of NIST SP 800-63B.",
    )
}

/// Whether a session may live for so many microseconds: one second to 400 days.
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
    fn the_derivation_is_fixed_for_all_time() {
        // The portable engine must derive the same child: tests/contract/sessions/rotate_session.sql has the same vector.
        let child = token(1, 2).child(&[3; SALT_BYTES]);
        assert_eq!(
            child.expose().as_str(),
            "cks_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB1FjHWytHoFlPu2NPq1RWpqtG2ewhWMLjPsst8g"
        );
    }

    #[test]
    fn the_text_is_as_long_as_its_memory() {
        let text = token(1, 2).expose();
        assert_eq!((text.len(), text.capacity()), (TOKEN_CHARS, TOKEN_CHARS));
    }

    #[test]
    fn debug_hides_the_secrets() {
        assert_eq!(format!("{:?}", token(1, 2)), "Token(..)");
    }

    #[test]
    fn judgements_in_their_order() {
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
        fn written_and_read_back(session: [u8; SECRET_BYTES], refresh: [u8; SECRET_BYTES]) {
            let token = Token::new(session, refresh);
            prop_assert_eq!(Token::parse(&token.expose()), Some(token));
        }

        #[test]
        fn one_changed_character_is_no_token(
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

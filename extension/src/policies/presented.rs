//! The secrets of a token, which a call presents to policies and triggers.

use chatkeep_core::digest;
use chatkeep_core::sessions::session::{SECRET_BYTES, Token};
use std::ffi::CStr;
use zeroize::Zeroizing;

use crate::postgres::settings::{self, set_for_level};

/// The setting that holds the secrets of the token that a call was given, while the call runs: the session secret and
/// then the refresh secret, in hexadecimal. Policies read both, and the trigger that guards rotations reads the second.
const PRESENTED: &CStr = c"chatkeep.presented";

/// The number of hexadecimal digits of a secret.
const SECRET_DIGITS: usize = 2 * SECRET_BYTES;

/// The digest of the presented session secret; `None` if there is none.
pub fn session_digest() -> Option<[u8; 32]> {
    digest_at(0)
}

/// The digest of the presented refresh secret; `None` if there is none.
pub fn refresh_digest() -> Option<[u8; 32]> {
    digest_at(SECRET_DIGITS)
}

fn digest_at(first_digit: usize) -> Option<[u8; 32]> {
    let presented = Zeroizing::new(settings::get(PRESENTED)?);
    let digits = presented.get(first_digit..first_digit + SECRET_DIGITS)?;
    Some(digest::sha256(&Zeroizing::new(digest::unhex(digits)?)))
}

/// Presents the secrets of a token to policies and triggers, and runs `body`. They are presented until the call ends.
pub fn presenting<T>(token: &Token, body: impl FnOnce() -> T) -> T {
    let mut secrets = Zeroizing::new(Vec::with_capacity(2 * SECRET_DIGITS + 1));
    for secret in [token.session_secret(), token.refresh_secret()] {
        let digits = Zeroizing::new(digest::hex(secret));
        secrets.extend_from_slice(digits.as_bytes());
    }
    secrets.push(0);
    // The server frees its copy at the end of the call.
    set_for_level(
        PRESENTED,
        CStr::from_bytes_with_nul(&secrets).unwrap_or_default(),
    );
    body()
}

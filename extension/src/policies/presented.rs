//! The secrets of a token, which a call presents to policies and guards.

use chatkeep_core::digest;
use chatkeep_core::session::{SECRET_BYTES, Token};
use std::ffi::CStr;
use zeroize::Zeroizing;

use crate::postgres::settings::{self, set_for_level};

/// The setting that holds the session secret and then the refresh secret of the token that a call was given, in
/// hexadecimal, for the call's length: policies ask for the first, the guard of a rotation for the second.
const PRESENTED: &CStr = c"chatkeep.presented";

/// How many hexadecimal digits a secret has.
const SECRET_DIGITS: usize = 2 * SECRET_BYTES;

/// The digest of the session secret that is presented; `None` without one.
pub fn session_digest() -> Option<[u8; 32]> {
    digest_at(0)
}

/// The digest of the refresh secret that is presented; `None` without one.
pub fn refresh_digest() -> Option<[u8; 32]> {
    digest_at(SECRET_DIGITS)
}

fn digest_at(first_digit: usize) -> Option<[u8; 32]> {
    let presented = Zeroizing::new(settings::get(PRESENTED)?);
    let digits = presented.get(first_digit..first_digit + SECRET_DIGITS)?;
    Some(digest::sha256(&Zeroizing::new(digest::unhex(digits)?)))
}

/// Runs `body` with the secrets of the token presented to policies and guards, until the call ends.
pub fn presenting<T>(token: &Token, body: impl FnOnce() -> T) -> T {
    let mut secrets = Zeroizing::new(Vec::with_capacity(2 * SECRET_DIGITS + 1));
    for secret in [token.session_secret(), token.refresh_secret()] {
        let digits = Zeroizing::new(digest::hex(secret));
        secrets.extend_from_slice(digits.as_bytes());
    }
    secrets.push(0);
    // The server frees the setting's own copy at the end of the call.
    set_for_level(
        PRESENTED,
        CStr::from_bytes_with_nul(&secrets).unwrap_or_default(),
    );
    body()
}

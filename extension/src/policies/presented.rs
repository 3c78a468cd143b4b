//! The secrets of a token, which a call presents to policies and guards.

use chatkeep_core::digest;
use chatkeep_core::session::{SECRET_BYTES, Token};
use std::ffi::CStr;
use zeroize::Zeroizing;

use crate::postgres::settings::{set_for_call, setting};

pub fn presented_digest(first_digit: usize) -> Option<[u8; 32]> {
    let digits = setting(PRESENTED)?.get(first_digit..first_digit + 2 * SECRET_BYTES)?;
    Some(digest::sha256(&Zeroizing::new(digest::unhex(digits)?)))
}

/// The setting that holds the session secret and the refresh secret of the token that a call was given, in
/// hexadecimal, for the call's length: policies ask for the first, the guard of a rotation for the second.
const PRESENTED: &CStr = c"chatkeep.presented";

/// Runs `body` with the secrets of the token presented to policies and guards, until the call ends.
pub fn presenting<T>(token: &Token, body: impl FnOnce() -> T) -> T {
    let mut secrets = Zeroizing::new(Vec::with_capacity(4 * SECRET_BYTES + 1));
    for secret in [token.session_secret(), token.refresh_secret()] {
        let digits = Zeroizing::new(digest::hex(secret));
        secrets.extend_from_slice(digits.as_bytes());
    }
    secrets.push(0);
    // The setting's own copy is the server's, which frees it at the end of the call.
    set_for_call(
        PRESENTED,
        CStr::from_bytes_with_nul(&secrets).unwrap_or_default(),
    );
    body()
}

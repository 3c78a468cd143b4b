//! Randomness of the operating system.

use crate::postgres::error;

/// Random bytes. Not by `pg_strong_random`, which opens `/dev/urandom` each time in a server without OpenSSL.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if getrandom::fill(&mut bytes).is_err() {
        error::internal("the server has no randomness to give");
    }
    bytes
}

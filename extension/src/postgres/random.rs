//! Randomness.

/// Random bytes of the operating system. Not `pg_strong_random`, which without OpenSSL opens `/dev/urandom` each time.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if getrandom::fill(&mut bytes).is_err() {
        pgrx::ereport!(
            ERROR,
            pgrx::PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
            "the server has no randomness to give"
        );
    }
    bytes
}

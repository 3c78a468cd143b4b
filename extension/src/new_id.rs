//! Ids of new rows.

use crate::postgres::clock::now;
use crate::postgres::datum::Uuid;
use crate::postgres::random::random;

/// A new UUID of version 7, of this moment.
pub fn new_id() -> Uuid {
    const UNIX_TO_2000_MICROS: i64 = 946_684_800_000_000;
    let unix_ms = u64::try_from((now() + UNIX_TO_2000_MICROS) / 1000).unwrap_or(0);
    chatkeep_core::uuid::v7(unix_ms, random())
}

//! Ids of new rows.

use pgrx::pg_sys;

use crate::postgres::clock::now;
use crate::postgres::datum::uuid;
use crate::postgres::random::random;

/// A new UUID version 7 as a datum.
pub fn new_uuid() -> pg_sys::Datum {
    const UNIX_TO_2000_MICROS: i64 = 946_684_800_000_000;
    let unix_ms = u64::try_from((now() + UNIX_TO_2000_MICROS) / 1000).unwrap_or(0);
    let id = chatkeep_core::uuid::v7(unix_ms, random());
    uuid(&id)
}

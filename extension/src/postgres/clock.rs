//! Times of the server.

use pgrx::pg_sys;

/// The timestamptz `-infinity`. Bounds go into statements as plain values: under row security an index condition may hold
/// no `coalesce`, which the planner takes for a leak.
pub const BEGINNING: i64 = i64::MIN;
/// The timestamptz `infinity`.
pub const END: i64 = i64::MAX;

/// The time now, in microseconds since 2000-01-01: what `clock_timestamp()` reads.
pub fn now() -> i64 {
    // SAFETY: reads the clock, nothing else.
    unsafe { pg_sys::GetCurrentTimestamp() }
}

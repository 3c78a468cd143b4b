//! The clock of the server, in microseconds since 2000-01-01, and the ends of time.

use pgrx::pg_sys;

/// The timestamptz `-infinity`.
pub const BEGINNING: i64 = i64::MIN;
/// The timestamptz `infinity`.
pub const END: i64 = i64::MAX;
/// The first microsecond that no timestamp has (`END_TIMESTAMP` of `datatype/timestamp.h`). Only infinity is later.
pub const AFTER_LAST: i64 = 9_223_371_331_200_000_000;

/// The time now, which is what `clock_timestamp()` reads.
pub fn now() -> i64 {
    // SAFETY: reads the clock, nothing else.
    unsafe { pg_sys::GetCurrentTimestamp() }
}

//! How long a session lives.

use chatkeep_core::session;
use pgrx::{FromDatum, IntoDatum, direct_function_call_as_datum, pg_sys};

/// How long a life is that begins now, in microseconds, by the days of the calendar: a month may have 31.
pub fn life(interval: pg_sys::Datum, now: i64) -> i64 {
    const DAY: i64 = 86_400_000_000;
    // SAFETY: the datum is an interval, which is passed by reference.
    let parts = unsafe { &*interval.cast_mut_ptr::<pg_sys::Interval>() };
    // As intervals compare, and first, so that what is far too long is not added to a date.
    let compared = i64::from(parts.month)
        .saturating_mul(30 * DAY)
        .saturating_add(i64::from(parts.day).saturating_mul(DAY))
        .saturating_add(parts.time);
    if !session::is_life(compared) {
        return compared;
    }
    later(now, interval).map_or(compared, |end| end.saturating_sub(now))
}

/// A time and an interval added up, by the time zone of the caller as in a statement.
pub fn later(time: i64, interval: pg_sys::Datum) -> Option<i64> {
    // SAFETY: the function takes these two types and gives a timestamptz.
    unsafe {
        let sum = direct_function_call_as_datum(
            pg_sys::timestamptz_pl_interval,
            &[time.into_datum(), Some(interval)],
        )?;
        i64::from_datum(sum, false)
    }
}

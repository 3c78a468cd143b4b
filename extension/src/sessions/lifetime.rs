//! How long a session lives.

use chatkeep_core::session;

use crate::postgres::interval::Interval;

/// How long a life is that begins now, in microseconds, by the days of the calendar: a month may have 31.
pub fn lifetime(interval: Interval, now: i64) -> i64 {
    const DAY: i64 = 86_400_000_000;
    // As intervals compare. First, so that an interval that is far too long is not added to a date.
    let compared = i64::from(interval.months())
        .saturating_mul(30 * DAY)
        .saturating_add(i64::from(interval.days()).saturating_mul(DAY))
        .saturating_add(interval.microseconds());
    if !session::is_life(compared) {
        return compared;
    }
    interval
        .after(now)
        .map_or(compared, |end| end.saturating_sub(now))
}

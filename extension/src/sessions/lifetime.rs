//! How long a session lives.

use chatkeep_core::sessions::session;

use crate::postgres::interval::Interval;

/// How long an interval lasts from now on, in microseconds, by the calendar: a month may have 31 days.
pub fn lifetime(interval: Interval, now: i64) -> i64 {
    const DAY: i64 = 86_400_000_000;
    // This is how Postgres compares intervals. It comes first, since an interval that is far too long cannot be added
    // to a date.
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

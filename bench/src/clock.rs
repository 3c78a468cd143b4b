//! Times as JavaScript clients send them: ISO 8601, UTC, milliseconds.

use humantime::format_rfc3339_millis;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
pub fn milliseconds() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since_1970.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

/// The present time.
pub fn now() -> String {
    format_rfc3339_millis(SystemTime::now()).to_string()
}

/// The time a day ago.
pub fn yesterday() -> String {
    const DAY: Duration = Duration::from_hours(24);
    format_rfc3339_millis(SystemTime::now() - DAY).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_and_name_utc() {
        let time = yesterday();
        assert_eq!(time.len(), "1970-01-01T00:00:00.000Z".len());
        assert!(time.ends_with('Z') && time < now());
    }
}

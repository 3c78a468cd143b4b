//! Intervals.

use pgrx::{FromDatum, IntoDatum, direct_function_call_as_datum, pg_sys};

use crate::postgres::datum::Read;

/// An interval, whose three parts count on their own.
#[derive(Clone, Copy)]
pub struct Interval(pg_sys::Interval);

impl Interval {
    /// Whole months.
    pub const fn months(self) -> i32 {
        self.0.month
    }

    /// Days, beside the months.
    pub const fn days(self) -> i32 {
        self.0.day
    }

    /// Microseconds, beside the days.
    pub const fn microseconds(self) -> i64 {
        self.0.time
    }

    /// The time at the end of the interval, by the time zone of the session, as a statement adds it up.
    pub fn after(self, time: i64) -> Option<i64> {
        let interval = pg_sys::Datum::from(&raw const self.0);
        // SAFETY: the function takes a timestamptz and an interval, and gives a timestamptz.
        unsafe {
            let sum = direct_function_call_as_datum(
                pg_sys::timestamptz_pl_interval,
                &[time.into_datum(), Some(interval)],
            )?;
            i64::from_datum(sum, false)
        }
    }
}

// SAFETY: an interval is passed by reference.
unsafe impl Read<'_> for Interval {
    const TYPES: &'static [pg_sys::Oid] = &[pg_sys::INTERVALOID];

    unsafe fn read(value: pg_sys::Datum) -> Self {
        // SAFETY: as the caller says; the alignment of the type is that of its fields.
        Self(unsafe { *value.cast_mut_ptr::<pg_sys::Interval>() })
    }
}

//! How many tests passed and failed.

use local_postgres::console::say;
use std::ops::AddAssign;

/// A number of passed and one of failed tests.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl Counts {
    /// One test, whose sentence is said when it does not hold.
    pub fn one(sentence: &str, holds: bool) -> Self {
        if !holds {
            say(format_args!("  not so: {sentence}"));
        }
        Self {
            passed: u64::from(holds),
            failed: u64::from(!holds),
        }
    }
}

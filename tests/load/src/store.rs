//! The store as a whole: made ready for a part, checked after it.

use crate::connection::{Outcome, rows};
use crate::report::Report;
use postgres::Client;

/// Removes everybody, and so everything. From here on a deadlock of callers is told at once, not after the second for which
/// all others would stand still.
pub fn empty(superuser: &mut Client) -> Outcome<()> {
    rows(
        superuser,
        "truncate auth.users cascade; alter role authenticator set deadlock_timeout = '50ms'",
    )
    .map(drop)
}

/// Checks every invariant. Each row that breaks one is a fault; `when` says after what.
pub fn check(superuser: &mut Client, report: &mut Report, when: &str) -> Outcome<()> {
    for (sentence, query) in invariants() {
        for row in rows(superuser, query)? {
            let columns = row.columns().iter().enumerate().map(|(place, column)| {
                format!("{} {}", column.name(), row.get(place).unwrap_or("null"))
            });
            let found: Vec<String> = columns.collect();
            report.fault(
                format!("It does not hold that {sentence}"),
                format!("{} {when}", found.join(", ")),
            );
        }
    }
    Ok(())
}

/// The sentences of the file, each with its query.
fn invariants() -> Vec<(&'static str, &'static str)> {
    let blocks = include_str!("invariants.sql").split("\n\n").skip(1);
    let pairs = blocks.filter_map(|block| block.trim().strip_prefix("-- ")?.split_once('\n'));
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_of_the_file_is_a_sentence_with_a_query() {
        let found = invariants();
        let sentences = include_str!("invariants.sql").matches("\n-- ").count();
        assert_eq!(found.len(), sentences);
        for (sentence, query) in found {
            assert!(
                query.starts_with("select") || query.starts_with("with"),
                "{sentence}"
            );
            assert!(query.ends_with(';'), "{sentence}");
        }
    }
}

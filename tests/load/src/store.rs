//! The whole store: empties it before a part, and checks it afterwards.

use crate::connection::{Outcome, rows};
use crate::report::Report;
use postgres::Client;

/// Removes all users, and so all rows. From now on, a deadlock of callers is detected at once, instead of after a
/// second in which all others wait.
pub fn empty(superuser: &mut Client) -> Outcome<()> {
    rows(
        superuser,
        "truncate auth.users cascade; alter role authenticator set deadlock_timeout = '50ms'",
    )
    .map(drop)
}

/// Checks every invariant. Each row that breaks one is a fault. `when` describes the work before.
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

//! Two lists of facts about databases, one fact a line.

use crate::counts::Counts;
use local_postgres::console::say;
use std::collections::BTreeSet;

/// Compares two lists, where each fact is a test; names those that only one has.
pub fn compare(before: &str, after: &str) -> Counts {
    let (before, after): (BTreeSet<&str>, BTreeSet<&str>) =
        (before.lines().collect(), after.lines().collect());
    let lost = before
        .difference(&after)
        .map(|fact| format!("  lost:  {fact}"));
    let gained = after
        .difference(&before)
        .map(|fact| format!("  other: {fact}"));
    let differences: Vec<String> = lost.chain(gained).collect();
    differences.iter().take(20).for_each(say);
    Counts {
        passed: before.intersection(&after).count() as u64,
        failed: differences.len() as u64,
    }
}

/// Compares two lists as one test: there are facts, and none differs.
pub fn same(sentence: &str, before: &str, after: &str) -> Counts {
    let facts = compare(before, after);
    Counts::one(sentence, facts.failed == 0 && facts.passed > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_is_a_failure() {
        assert_eq!(
            compare("a\nb\nc\n", "a\nc\nd\n"),
            Counts {
                passed: 2,
                failed: 2
            }
        );
    }

    #[test]
    fn facts_are_the_same_where_there_are_some_and_none_differs() {
        for (before, after, is_same) in [
            ("a\nb\n", "b\na\n", true),
            ("a\nb\n", "a\n", false),
            ("", "", false),
        ] {
            assert_eq!(
                same("both", before, after),
                Counts {
                    passed: u64::from(is_same),
                    failed: u64::from(!is_same)
                }
            );
        }
    }
}

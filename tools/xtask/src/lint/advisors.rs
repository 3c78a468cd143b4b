//! `supabase db advisors`: Splinter, the lints that Supabase's dashboard shows. Warnings and errors are complaints; a
//! mere hint is one unless `sql/advisors.tsv` lists it with a reason.

use crate::failure::{Failure, Result};
use crate::lint::judges::results;

/// One line of the list.
struct Listed<'a> {
    key: &'a str,
    reason: &'a str,
}

impl Listed<'_> {
    /// A key that ends in `*` stands for all that begin so, and may stand for none: whether an index of a new
    /// database has been used yet depends on what was run before.
    fn is_pattern(&self) -> bool {
        self.key.ends_with('*')
    }

    fn covers(&self, key: &str) -> bool {
        match self.key.strip_suffix('*') {
            Some(front) => key.starts_with(front),
            None => self.key == key,
        }
    }
}

/// What is wrong with the findings that the CLI printed, and with the list.
pub fn complaints(printed: &str, list: &str) -> Result<Vec<String>> {
    let listed = read_list(list)?;
    let mut fired = vec![false; listed.len()];
    let mut complaints = Vec::new();
    for finding in results(printed)? {
        let text = |name: &str| finding[name].as_str().unwrap_or_default();
        let (level, key) = (text("level"), text("cacheKey"));
        let covering = listed.iter().position(|one| one.covers(key));
        match covering {
            Some(index) if level == "INFO" => fired[index] = true,
            _ => complaints.push(format!("{level} {key}: {}", text("detail"))),
        }
    }
    for (one, fired) in listed.iter().zip(fired) {
        if !fired && !one.is_pattern() {
            complaints.push(format!(
                "{} ({}) is found no more: take it from sql/advisors.tsv",
                one.key, one.reason
            ));
        }
    }
    Ok(complaints)
}

fn read_list(list: &str) -> Result<Vec<Listed<'_>>> {
    let lines = list
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| match line.split_once('\t') {
            Some((key, reason)) if !key.is_empty() && !reason.trim().is_empty() => {
                Ok(Listed { key, reason })
            }
            _ => Err(
                Failure::new(format!("sql/advisors.tsv: `{line}` has no reason."))
                    .advise("write the finding's cache_key, a tab, and the reason."),
            ),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# why\nunused_index_*\ta new database\nno_primary_key_a_b\tby design\n";

    fn finding(level: &str, key: &str) -> String {
        format!("{{\"level\":\"{level}\",\"cacheKey\":\"{key}\",\"detail\":\"d\"}}")
    }

    fn found(findings: &[String]) -> Vec<String> {
        complaints(&format!("{{\"results\":[{}]}}", findings.join(",")), LIST).unwrap()
    }

    #[test]
    fn what_is_listed_may_be_found_and_nothing_else() {
        let listed = [
            finding("INFO", "no_primary_key_a_b"),
            finding("INFO", "unused_index_a_b_c"),
        ];
        assert_eq!(found(&listed), Vec::<String>::new());
        let other = [
            finding("INFO", "no_primary_key_a_b"),
            finding("INFO", "duplicate_index_a"),
        ];
        assert_eq!(found(&other), ["INFO duplicate_index_a: d"]);
    }

    #[test]
    fn a_warning_cannot_be_listed() {
        let complaints = found(&[finding("WARN", "no_primary_key_a_b")]);
        assert!(
            complaints[0].starts_with("WARN no_primary_key_a_b"),
            "{complaints:?}"
        );
    }

    #[test]
    fn what_is_listed_and_not_found_is_taken_from_the_list() {
        let complaints = complaints("{\"results\":[]}", LIST).unwrap();
        assert_eq!(complaints.len(), 1);
        assert!(
            complaints[0].starts_with("no_primary_key_a_b (by design)"),
            "{complaints:?}"
        );
    }

    #[test]
    fn a_line_without_a_reason_and_an_answer_that_is_no_list_are_failures() {
        assert!(complaints("{\"results\":[]}", "no_primary_key_a_b\n").is_err());
        assert!(complaints("connection refused", "").is_err());
    }
}

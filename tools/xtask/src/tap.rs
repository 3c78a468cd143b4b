//! Reads the Test Anything Protocol that pgTAP prints through psql (testanything.org, version 12).

use crate::counts::Counts;

/// One file's tests.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tap {
    /// How many passed and failed; tests that were planned and did not run have failed.
    pub counts: Counts,
    /// What went wrong, each a line for a person, with pgTAP's own explanation after it.
    pub problems: Vec<String>,
}

/// Judges a file's output. `is_success` tells whether psql ended well.
pub fn read(output: &str, is_success: bool) -> Tap {
    let mut tap = Tap::default();
    let mut planned = None;
    let mut explains = false;
    for line in output.lines() {
        if let Some(count) = plan(line) {
            planned = Some(count);
        } else if let Some(rest) = line.strip_prefix("not ok") {
            // A test marked TODO is expected to fail, one marked SKIP did not run.
            if is_excused(rest) {
                tap.counts.passed += 1;
            } else {
                tap.counts.failed += 1;
                tap.problems.push(line.to_owned());
                explains = true;
                continue;
            }
        } else if line == "ok" || line.starts_with("ok ") {
            tap.counts.passed += 1;
        } else if line.starts_with("Bail out!") {
            tap.counts.failed += 1;
            tap.problems.push(line.to_owned());
        } else if line.starts_with('#') {
            if explains {
                tap.problems.push(format!("  {line}"));
            }
            continue;
        }
        explains = false;
    }
    let ran = tap.counts.passed + tap.counts.failed;
    match planned {
        Some(0) | None => tap.fail(1, "the file has no plan: no test was announced".to_owned()),
        Some(planned) if planned != ran => {
            tap.fail(
                planned.abs_diff(ran),
                format!("{planned} tests were planned, {ran} ran"),
            );
        }
        Some(_) => {}
    }
    if !is_success && tap.counts.failed == 0 {
        tap.fail(1, "psql ended with an error".to_owned());
    }
    tap
}

impl Tap {
    fn fail(&mut self, count: u64, problem: String) {
        self.counts.failed += count;
        self.problems.push(problem);
    }
}

fn plan(line: &str) -> Option<u64> {
    let rest = line.strip_prefix("1..")?;
    rest.split_whitespace().next()?.parse().ok()
}

fn is_excused(rest: &str) -> bool {
    rest.split_once('#').is_some_and(|(_, directive)| {
        let directive = directive.trim_start().to_ascii_uppercase();
        directive.starts_with("TODO") || directive.starts_with("SKIP")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(output: &str, is_success: bool) -> (u64, u64) {
        let tap = read(output, is_success);
        (tap.counts.passed, tap.counts.failed)
    }

    #[test]
    fn tests_are_counted_and_failures_explained() {
        let tap = read(
            "1..3\nok 1 - a\nnot ok 2 - b\n# Failed test 2: \"b\"\n#   have: 1\nok 3 - c\n# end\n",
            true,
        );
        assert_eq!(
            tap.counts,
            Counts {
                passed: 2,
                failed: 1
            }
        );
        assert_eq!(
            tap.problems,
            ["not ok 2 - b", "  # Failed test 2: \"b\"", "  #   have: 1"]
        );
    }

    #[test]
    fn tests_that_did_not_run_have_failed() {
        for (output, is_success, expected) in [
            ("1..3\nok 1 - a\n", false, (1, 2)),
            ("1..1\nok 1\nok 2\n", true, (2, 1)),
            ("ok 1 - a\n", true, (1, 1)),
            ("", false, (0, 1)),
            ("1..0\n", true, (0, 1)),
            ("1..1\nok 1\n", false, (1, 1)),
            ("1..1\nok 1\nBail out! no\n", true, (1, 2)),
        ] {
            assert_eq!(counts(output, is_success), expected, "{output:?}");
        }
    }

    #[test]
    fn a_test_marked_as_todo_may_fail() {
        assert_eq!(
            counts("1..2\nnot ok 1 - a # TODO later\nok 2 # SKIP no\n", true),
            (2, 0)
        );
        assert_eq!(counts("1..1\nnot ok 1 - the todo list\n", true), (0, 1));
    }
}

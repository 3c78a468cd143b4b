//! How many tests passed and failed, read from what test programs print. A program that counts nothing has failed, and so
//! has a test that was planned and did not run: no skipped test goes unnoticed.

use anyhow::Result;
use local_postgres::console::{Ran, say, try_run};
use regex::Regex;
use std::ops::AddAssign;
use std::process::Command;

/// The closing lines of cargo (`test result: ok. 3 passed; 1 failed; …`), of Deno (`ok | 3 passed (2 steps) | 1 failed`), and
/// of programs that print `3 passed, 1 failed`.
const CLOSING: &str =
    r"(?m)^(?:test result: [a-zA-Z]+\. |ok \| |FAILED \| )?([0-9]+) passed[^;|,\n]*[;|,] ([0-9]+) failed";
/// The lines that Node prints, one for each number.
const NODE: &str = r"(?m)^# (pass|fail|cancelled) ([0-9]+)$";

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
    /// One test.
    pub fn one(is_passed: bool) -> Self {
        Self { passed: u64::from(is_passed), failed: u64::from(!is_passed) }
    }

    /// Sums the closing lines of a program's output.
    pub fn read(output: &str) -> Result<Self> {
        let mut sum = Self::default();
        for (_, [passed, failed]) in Regex::new(CLOSING)?.captures_iter(output).map(|line| line.extract()) {
            sum += Self { passed: passed.parse()?, failed: failed.parse()? };
        }
        for (_, [word, count]) in Regex::new(NODE)?.captures_iter(output).map(|line| line.extract()) {
            *(if word == "pass" { &mut sum.passed } else { &mut sum.failed }) += count.parse::<u64>()?;
        }
        Ok(sum)
    }

    /// A program that fails or counts nothing has at least one failure to show for it.
    pub fn judged(mut self, is_success: bool) -> Self {
        if (!is_success || self.passed == 0) && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

/// Runs a test program, counts its tests and repeats the end of a failed one.
pub fn of(command: &mut Command) -> Result<Counts> {
    judge(&try_run(command)?)
}

/// Counts a test program's results and repeats the end of a failed one.
pub fn judge(ran: &Ran) -> Result<Counts> {
    let counts = Counts::read(&ran.stdout)?.judged(ran.status.success());
    if counts.failed > 0 {
        say(format_args!("\n{}", ran.tail.join("\n")));
        if counts.passed == 0 && ran.status.success() {
            say("No test was run.");
        }
    }
    Ok(counts)
}

/// Reads the Test Anything Protocol that pgTAP prints through psql (testanything.org, version 12). `is_success` tells whether
/// psql ended well. Also returns what went wrong, each a line for a person, with pgTAP's own explanation after it.
pub fn read_tap(output: &str, is_success: bool) -> (Counts, Vec<String>) {
    let (mut counts, mut problems, mut planned, mut explains) = (Counts::default(), vec![], 0, false);
    for line in output.lines() {
        // A test marked TODO is expected to fail, one marked SKIP did not run.
        let directive = line.split_once('#').map_or("", |(_, directive)| directive.trim_start()).to_ascii_uppercase();
        let is_excused = directive.starts_with("TODO") || directive.starts_with("SKIP");
        let has_failed = line.starts_with("not ok") && !is_excused || line.starts_with("Bail out!");
        if let Some(plan) = line.strip_prefix("1..") {
            planned = plan.split_whitespace().next().and_then(|count| count.parse().ok()).unwrap_or(0);
        } else if has_failed {
            counts.failed += 1;
            problems.push(line.to_owned());
        } else if line == "ok" || line.starts_with("ok ") || line.starts_with("not ok") {
            counts.passed += 1;
        } else if line.starts_with('#') {
            if explains {
                problems.push(format!("  {line}"));
            }
            continue;
        }
        explains = has_failed;
    }
    let ran = counts.passed + counts.failed;
    if planned == 0 {
        counts.failed += 1;
        problems.push("the file has no plan: it stopped before finish(), or tests nothing".to_owned());
    } else if planned != ran {
        counts.failed += planned.abs_diff(ran);
        problems.push(format!("{planned} tests were planned, {ran} ran"));
    }
    if !is_success && counts.failed == 0 {
        counts.failed = 1;
        problems.push("psql ended with an error".to_owned());
    }
    (counts, problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_of_each_program_are_summed() {
        let output = "running 2 tests\ntest a ... ok\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\
            test result: FAILED. 5 passed; 1 failed; 0 ignored; 0 measured\n\
            ok | 7 passed (12 steps) | 0 failed (3s)\n\
            FAILED | 1 passed | 2 failed | 1 ignored\n\
            # tests 4\n# pass 3\n# fail 1\n# cancelled 0\n\
            4 passed, 3 failed\nnothing 9 passed, 9 failed\n";
        assert_eq!(Counts::read(output).unwrap(), Counts { passed: 22, failed: 7 });
    }

    #[test]
    fn a_program_that_fails_or_tests_nothing_counts_as_a_failure() {
        for (passed, is_success, failed) in [(0, true, 1), (0, false, 1), (2, true, 0), (2, false, 1)] {
            assert_eq!(Counts { passed, failed: 0 }.judged(is_success).failed, failed);
        }
    }

    #[test]
    fn tests_that_did_not_run_have_failed() {
        for (output, is_success, expected) in [
            ("1..3\nok 1 - a\n", false, (1, 2)),
            ("1..1\nok 1\nok 2\n", true, (2, 1)),
            ("ok 1 - a\n", true, (1, 1)),
            // A plan may come last, and must come.
            ("ok 1 - a\nok 2 - b\n1..2\n", true, (2, 0)),
            ("ok 1 - a\nok 2 - b\n", false, (2, 1)),
            ("", false, (0, 1)),
            ("1..0\n", true, (0, 1)),
            ("1..1\nok 1\n", false, (1, 1)),
            ("1..1\nok 1\nBail out! no\n", true, (1, 2)),
            ("1..2\nnot ok 1 - a # TODO later\nok 2 # SKIP no\n", true, (2, 0)),
            ("1..1\nnot ok 1 - the todo list\n", true, (0, 1)),
        ] {
            let (counts, _) = read_tap(output, is_success);
            assert_eq!((counts.passed, counts.failed), expected, "{output:?}");
        }
    }

    #[test]
    fn failures_are_explained() {
        let output = "1..3\nok 1 - a\nnot ok 2 - b\n# Failed test 2: \"b\"\n#   have: 1\nok 3 - c\n# end\n";
        let (counts, problems) = read_tap(output, true);
        assert_eq!(counts, Counts { passed: 2, failed: 1 });
        assert_eq!(problems, ["not ok 2 - b", "  # Failed test 2: \"b\"", "  #   have: 1"]);
    }
}

//! How many tests passed and failed, read from what test programs print at their end.

use std::ops::AddAssign;

/// A number of passed and one of failed tests.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
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
        Self {
            passed: u64::from(is_passed),
            failed: u64::from(!is_passed),
        }
    }

    /// Sums the closing lines of cargo (`test result: ok. 3 passed; 1 failed; …`), Deno
    /// (`ok | 3 passed | 1 failed`), Node (`# pass 3`, `# fail 1`) and of programs that print `3 passed, 1 failed`.
    pub fn read(output: &str) -> Self {
        let mut sum = Self::default();
        for line in output.lines() {
            let line = plain(line);
            if let Some(counts) = closing_line(&line).or_else(|| node_line(&line)) {
                sum += counts;
            }
        }
        sum
    }

    /// A program that fails or counts nothing has at least one failure to show for it.
    pub fn judged(mut self, is_success: bool) -> Self {
        if (!is_success || self.passed == 0) && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

fn closing_line(line: &str) -> Option<Counts> {
    let line = line.trim();
    let body = line
        .strip_prefix("test result: ")
        .and_then(|rest| rest.split_once(". "))
        .map(|(_, body)| body)
        .or_else(|| line.strip_prefix("ok | "))
        .or_else(|| line.strip_prefix("FAILED | "))
        .unwrap_or(line);
    let parts: Vec<&str> = body.split([';', '|', ',']).map(str::trim).collect();
    let number = |part: Option<&&str>, word: &str| -> Option<u64> {
        let (number, rest) = part?.split_once(' ')?;
        rest.split_whitespace()
            .next()
            .filter(|found| *found == word)?;
        number.parse().ok()
    };
    let passed = number(parts.first(), "passed")?;
    let failed = parts
        .iter()
        .skip(1)
        .find_map(|part| number(Some(part), "failed"))?;
    Some(Counts { passed, failed })
}

/// Node prints one line for each number: `# pass 3`, `# fail 1`.
fn node_line(line: &str) -> Option<Counts> {
    let (word, number) = line.strip_prefix("# ")?.split_once(' ')?;
    let number = number.parse().ok()?;
    match word {
        "pass" => Some(Counts {
            passed: number,
            failed: 0,
        }),
        "fail" | "cancelled" => Some(Counts {
            passed: 0,
            failed: number,
        }),
        _ => None,
    }
}

/// The line without the colours that some programs print even to a pipe.
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            // A sequence ends with its first letter.
            for escaped in characters.by_ref() {
                if escaped.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            text.push(character);
        }
    }
    text
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
            \u{1b}[0m\u{1b}[32mok\u{1b}[0m | 1 passed | 2 failed | 1 ignored\n\
            # tests 4\n# pass 3\n# fail 1\n# cancelled 0\n\
            4 passed, 3 failed\nnothing 9 passed, 9 failed\n";
        assert_eq!(
            Counts::read(output),
            Counts {
                passed: 22,
                failed: 7
            }
        );
    }

    #[test]
    fn a_program_that_fails_or_tests_nothing_counts_as_a_failure() {
        let none = Counts::default();
        assert_eq!(none.judged(true).failed, 1);
        assert_eq!(none.judged(false).failed, 1);
        let two = Counts {
            passed: 2,
            failed: 0,
        };
        assert_eq!(two.judged(true), two);
        assert_eq!(two.judged(false).failed, 1);
    }
}

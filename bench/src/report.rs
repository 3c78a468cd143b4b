//! The result of a comparison: sides, pairs of them, and the target of each pair.

use crate::statistics::{Summary, ratios};
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use std::fmt::Write;

/// The unit of the numbers of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    PerSecond,
    Milliseconds,
    Microseconds,
    Bytes,
    Buffers,
    Rows,
    Pages,
    RoundTrips,
    Kibibytes,
    Mebibytes,
    MebibytesPerSecond,
}

impl Unit {
    pub fn name(self) -> &'static str {
        match self {
            Unit::PerSecond => "messages/s",
            Unit::Milliseconds => "ms",
            Unit::Microseconds => "µs",
            Unit::Bytes => "bytes",
            Unit::Buffers => "buffers",
            Unit::Rows => "rows",
            Unit::Pages => "pages",
            Unit::RoundTrips => "round trips",
            Unit::Kibibytes => "KiB",
            Unit::Mebibytes => "MiB",
            Unit::MebibytesPerSecond => "MiB/s",
        }
    }

    /// A number with about three significant digits.
    pub fn write(self, number: f64) -> String {
        match self {
            Unit::Milliseconds | Unit::Mebibytes => format!("{number:.2}"),
            Unit::Kibibytes => format!("{number:.1}"),
            Unit::Microseconds if number < 100.0 => format!("{number:.1}"),
            _ => format!("{number:.0}"),
        }
    }
}

/// The target of a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// Our number divided by theirs.
    AtLeast(f64),
    /// Our number divided by theirs.
    AtMost(f64),
    /// Their number divided by ours: the factor by which we are faster.
    Faster(f64),
    /// Our number itself, in the comparison's unit.
    Limit(f64),
    /// No target: our number divided by theirs, for the reader.
    Ratio,
    /// No target: the factor by which we are faster, for the reader.
    Speed,
}

impl Target {
    fn ratio(self, ours: &[f64], theirs: &[f64]) -> Vec<f64> {
        match self {
            Target::Faster(_) | Target::Speed => ratios(theirs, ours),
            _ => ratios(ours, theirs),
        }
    }

    fn write(self, unit: Unit) -> String {
        match self {
            Target::AtLeast(limit) => format!(">= {limit}"),
            Target::AtMost(limit) => format!("<= {limit}"),
            Target::Faster(limit) => format!(">= {limit} times faster"),
            Target::Limit(limit) => format!("<= {limit} {}", unit.name()),
            Target::Ratio | Target::Speed => String::new(),
        }
    }

    fn verdict(self, ours: f64, ratio: f64) -> &'static str {
        let is_met = match self {
            Target::AtLeast(limit) | Target::Faster(limit) => ratio >= limit,
            Target::AtMost(limit) => ratio <= limit,
            Target::Limit(limit) => ours <= limit,
            Target::Ratio | Target::Speed => return "",
        };
        if is_met { "met" } else { "NOT met" }
    }
}

/// One bar of the plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    pub name: String,
    pub summary: Summary,
    pub is_ours: bool,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq)]
struct Pair {
    name: String,
    ours: Summary,
    theirs: Option<Summary>,
    ratio: Option<Summary>,
    target: Target,
}

/// One table and one plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The name of the comparison and of the plot's file.
    pub name: &'static str,
    pub title: String,
    pub unit: Unit,
    pub sides: Vec<Side>,
    pub notes: Vec<String>,
    pairs: Vec<Pair>,
}

impl Comparison {
    pub fn new(name: &'static str, title: impl Into<String>, unit: Unit) -> Self {
        Self {
            name,
            title: title.into(),
            unit,
            sides: vec![],
            notes: vec![],
            pairs: vec![],
        }
    }

    /// Adds a bar.
    pub fn side(&mut self, name: impl Into<String>, measured: &[f64], is_ours: bool) {
        self.sides.push(Side {
            name: name.into(),
            summary: Summary::of(measured),
            is_ours,
        });
    }

    /// Adds a line: two sides measured in the same rounds.
    pub fn pair(&mut self, name: impl Into<String>, ours: &[f64], theirs: &[f64], target: Target) {
        self.pairs.push(Pair {
            name: name.into(),
            ours: Summary::of(ours),
            theirs: Some(Summary::of(theirs)),
            ratio: Some(Summary::of(&target.ratio(ours, theirs))),
            target,
        });
    }

    /// Adds a line with our side alone.
    pub fn alone(&mut self, name: impl Into<String>, ours: &[f64], target: Target) {
        self.pairs.push(Pair {
            name: name.into(),
            ours: Summary::of(ours),
            theirs: None,
            ratio: None,
            target,
        });
    }

    /// Adds a sentence below the table.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// The comparison as aligned text.
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(NOTHING);
        table.set_header(["", "ours", "theirs", "ratio", "target", ""]);
        table.add_rows(self.pairs.iter().map(|pair| self.cells(pair)));
        let mut text = format!("{}: {} ({})\n", self.name, self.title, self.unit.name());
        for line in table.lines() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, " {}", line.trim_end());
        }
        for note in &self.notes {
            let _ = writeln!(text, "  {note}");
        }
        text
    }

    fn cells(&self, pair: &Pair) -> [String; 6] {
        let number = |number| self.unit.write(number);
        let theirs = pair.theirs.map_or(String::new(), |s| range(&s, number));
        let three_digits = |ratio: f64| {
            if ratio < 0.1 {
                format!("{ratio:.4}")
            } else {
                format!("{ratio:.2}")
            }
        };
        let ratio = pair
            .ratio
            .map_or(String::new(), |s| range(&s, three_digits));
        let median = pair.ratio.map_or(f64::NAN, |ratio| ratio.median);
        [
            pair.name.clone(),
            range(&pair.ours, number),
            theirs,
            ratio,
            pair.target.write(self.unit),
            pair.target.verdict(pair.ours.median, median).to_owned(),
        ]
    }
}

/// The median, and the quartiles if they differ.
fn range(summary: &Summary, write: impl Fn(f64) -> String) -> String {
    let [median, low, high] = [summary.median, summary.low, summary.high].map(write);
    if low == high {
        median
    } else {
        format!("{median} ({low}–{high})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_follows_from_the_measurements() {
        for (target, ours, theirs, verdict) in [
            (Target::AtLeast(1.05), 1.1, 1.0, "met"),
            (Target::AtLeast(1.05), 1.0, 1.0, "NOT met"),
            (Target::AtMost(0.5), 1.0, 2.0, "met"),
            (Target::AtMost(0.5), 1.1, 2.0, "NOT met"),
            (Target::Faster(2.0), 1.0, 2.0, "met"),
            (Target::Faster(2.0), 2.0, 1.0, "NOT met"),
            (Target::AtLeast(1.0), f64::NAN, 1.0, "NOT met"),
        ] {
            let mut comparison = Comparison::new("test", "a test", Unit::Bytes);
            comparison.pair("pair", &[ours], &[theirs], target);
            let table = comparison.table();
            let found = table.lines().last().unwrap().trim_end();
            assert!(
                found.ends_with(&format!("  {verdict}")),
                "{target:?}: {table}"
            );
        }
    }

    #[test]
    fn a_table_has_aligned_columns_and_no_blanks_at_line_ends() {
        let mut comparison = Comparison::new("test", "a test", Unit::Bytes);
        comparison.pair(
            "short",
            &[1.0, 2.0, 30.0],
            &[1.0, 4.0, 10.0],
            Target::AtMost(2.0),
        );
        comparison.alone("a longer name", &[5.0], Target::Ratio);
        comparison.note("A note.");
        let expected = [
            "test: a test (bytes)",
            "                 ours      theirs   ratio             target",
            "  short          2 (2–16)  4 (2–7)  1.00 (0.75–2.00)  <= 2    met",
            "  a longer name  5",
            "  A note.",
            "",
        ];
        assert_eq!(comparison.table(), expected.join("\n"));
    }

    #[test]
    fn the_ratio_is_the_median_of_the_rounds_not_the_ratio_of_medians() {
        let mut comparison = Comparison::new("test", "a test", Unit::Bytes);
        comparison.pair(
            "pair",
            &[1.0, 2.0, 30.0],
            &[1.0, 4.0, 10.0],
            Target::AtMost(2.0),
        );
        assert!(comparison.table().contains("1.00 (0.75–2.00)"));
    }
}

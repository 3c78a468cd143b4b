//! Loads the calls: many at the same time, pairs of them at every lock, both engines side by side, and across crashes.
//! Afterwards every invariant of the store must hold. Each part prints its seed, which makes the same choices again.
//!
//! Arguments: `--seconds N` for each part, `--seed N`, `--only mixed,pairs,engines,kill`.
//!
//! Environment: `CHATKEEP_API_DB` and `CHATKEEP_SUPERUSER_DB`, connection URLs of authenticator and of a superuser. For
//! `engines` also `CHATKEEP_PORTABLE_API_DB` and `CHATKEEP_PORTABLE_SUPERUSER_DB`, the same for a database with the
//! portable engine. For `kill` also `CHATKEEP_SERVER_START`: the program that starts the server again, and its
//! arguments, one per line.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod caller;
mod connection;
mod dice;
mod engines;
mod kill;
mod literal;
mod mixed;
mod pairs;
mod report;
mod settings;
mod store;
mod verdict;

use connection::{Outcome, Place};
use report::Report;
use settings::Settings;
use std::process::ExitCode;

/// A part: its name, and the function that runs it for a time.
type Part = (
    &'static str,
    fn(&Place, u64, u64) -> Outcome<(String, Report)>,
);

const PARTS: [Part; 4] = [
    ("mixed", mixed::run),
    ("pairs", pairs::run),
    ("engines", engines::run),
    ("kill", kill::run),
];

fn main() -> ExitCode {
    let known = PARTS.map(|(name, _)| name);
    let settings = match Settings::read(std::env::args().skip(1), &known) {
        Ok(settings) => settings,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::from(2);
        }
    };
    let mut passed = 0;
    let mut failed = Vec::new();
    for (name, run) in PARTS {
        if !settings.wants(name) {
            continue;
        }
        println!("{name}: seed {}", settings.seed);
        let place = Place::read("CHATKEEP_API_DB", "CHATKEEP_SUPERUSER_DB");
        match place.and_then(|place| run(&place, settings.seed, settings.seconds)) {
            Ok((what, report)) if report.is_clean() => {
                passed += 1;
                println!("{name}: {what}; every invariant holds.");
            }
            Ok((what, report)) => {
                failed.push(name);
                println!("{name}: {what}. Broken:\n{report}");
            }
            Err(problem) => {
                failed.push(name);
                println!("{name} ended early: {problem}");
            }
        }
    }
    if !failed.is_empty() {
        let (parts, seed) = (failed.join(","), settings.seed);
        println!("For the same choices, run: cargo xtask load --only {parts} --seed {seed}");
    }
    println!("{passed} passed, {} failed", failed.len());
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

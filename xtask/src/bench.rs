//! `cargo xtask bench`: runs what `bench/` holds.

use crate::arguments::Arguments;
use crate::failure::{Failure, Result};
use crate::places::Places;
use std::process::ExitCode;

/// The benchmarks there are. The first one comes together with the figures it is to prove.
const NAMES: &[&str] = &[];

/// What `bench --help` says.
pub fn help() -> String {
    format!(
        "cargo xtask bench NAME|all\n\nRuns a benchmark, or all of them. {}\n",
        known_names()
    )
}

/// Refuses every name while there is no benchmark.
pub fn run(_places: &Places, arguments: &Arguments) -> Result<ExitCode> {
    arguments.allow(&[], 1)?;
    let name = arguments.words.first().map_or("", String::as_str);
    let what = match name {
        "" => "bench needs the name of a benchmark.".to_owned(),
        "all" => "There is no benchmark to run.".to_owned(),
        name => format!("`{name}` is no benchmark."),
    };
    Err(Failure::new(what).advise(known_names()))
}

fn known_names() -> String {
    if NAMES.is_empty() {
        "No benchmark exists yet.".to_owned()
    } else {
        format!("There are: {}.", NAMES.join(", "))
    }
}

//! `bench edge`: the npm package and its WASM module in the runtimes that it supports. JavaScript programs in
//! `bench/edge` measure. This module orders their runs and compares the results with the targets.

mod call;
mod cold;
mod hash;
mod memory;
mod runtimes;
mod size;
mod stream;

use crate::scenarios::Scenario;
pub use runtimes::Runtimes;

/// The method of all scenarios.
pub const METHOD: &str = "No server: the package as it is built, each program in a process of its own. Sides alternate \
                          within each round; numbers are medians (quartiles) over rounds, ratios are medians of the \
                          rounds' ratios.";

/// The scenarios by name, in the order of their runs.
pub const SCENARIOS: &[(&str, Scenario<Runtimes>)] = &[
    ("size", size::run),
    ("cold", cold::run),
    ("hash", hash::run),
    ("stream", stream::run),
    ("call", call::run),
    ("memory", memory::run),
];

//! `bench messages`: the scenarios of conversations. Each is a function that makes its databases, measures both sides
//! in the same rounds, and returns comparisons.

mod append;
mod bytes;
mod chats;
mod growth;
mod load;
mod pages;
mod rls;
mod search;
mod turn;

use crate::scenarios::Scenario;

/// The scenarios by name, in the order of their runs.
pub const SCENARIOS: &[(&str, Scenario)] = &[
    ("append", append::run),
    ("latency", turn::latency),
    ("cpu", turn::cpu),
    ("bytes", bytes::run),
    ("pages", pages::run),
    ("chats", chats::run),
    ("growth", growth::run),
    ("rls", rls::run),
    ("search", search::run),
];

//! Every pair of calls against each other on shared rows, stopped at every lock: a gate holds one lock, the first call
//! starts and waits for it, or not, the second starts, the gate opens, and both must end with a documented verdict.
//! All of it takes about half an hour; in a shorter time it is what once broke, and a sample that the seed chooses.

mod calls;
mod gates;
mod scenario;
mod scene;
mod worker;

use crate::connection::{Outcome, Place};
use crate::dice::Dice;
use crate::report::Report;
use crate::store;
use calls::CALLS;
use gates::GATES;
use scenario::{Pair, Stage};
use std::time::{Duration, Instant};

/// What broke once, or waits for what once broke: these come first.
const FIRST: [(&str, &str, &str); 36] = [
    ("create_session", "disabling", "the commit"),
    ("create_session", "disabling", "table session_secrets"),
    ("create_session", "revoke_all_sessions", "the commit"),
    (
        "create_session, by the backend",
        "revoke_all_sessions",
        "the commit",
    ),
    ("create_session", "moving", "the commit"),
    ("elevate_session", "deleting", "the secret"),
    ("import_chat", "disabling", "the chat"),
    ("append_messages", "disabling", "the chat"),
    ("append_messages", "disabling", "table messages"),
    ("append_message", "disabling", "the chat"),
    ("delete_chat", "disabling", "the chat"),
    ("select_branch", "disabling", "table messages"),
    ("set_document_status", "disabling", "table documents"),
    ("finish_message", "append_message, branch", "the commit"),
    ("finish_message", "append_messages, branch", "the commit"),
    ("finish_message", "select_branch", "the commit"),
    ("fail_stale_messages", "select_branch", "the commit"),
    ("purge_chats, in part", "restore_chat", "the commit"),
    ("create_chat", "moving", "table chats"),
    ("append_message", "moving", "the chat"),
    (
        "register_document, new bytes",
        "moving",
        "lock of the owner's documents",
    ),
    ("register_document, new bytes", "moving", "table documents"),
    (
        "register_document, shared",
        "moving",
        "lock of the tenant's documents",
    ),
    ("register_documents", "moving", "table documents"),
    (
        "register_documents",
        "moving to known bytes",
        "the shared document",
    ),
    (
        "register_documents, sources by a colleague",
        "moving",
        "the shared document",
    ),
    (
        "register_documents, sources by a colleague",
        "deleting",
        "the shared document",
    ),
    ("register_documents", "deleting", "table documents"),
    ("register_content", "moving", "the own document"),
    ("register_content", "deleting", "table documents"),
    ("tag_document", "moving", "the shared document"),
    (
        "tag_document",
        "moving to known bytes",
        "the shared document",
    ),
    ("tag_document", "deleting", "table document_metadata"),
    ("tag_document, by a colleague", "moving", "the commit"),
    ("index_messages", "deleting", "table message_search"),
    ("list_messages", "moving to known bytes", "the commit"),
];

pub fn run(place: &Place, seed: u64, seconds: u64) -> Outcome<(String, Report)> {
    let mut pairs = all();
    let total = pairs.len();
    Dice::at(seed, &[]).shuffle(&mut pairs);
    let first = FIRST
        .iter()
        .filter_map(|(first, second, gate)| named(first, second, gate));
    let pairs = first.chain(pairs);

    let mut superuser = place.superuser("60s")?;
    store::empty(&mut superuser)?;
    let mut stage = Stage::open(place)?;
    let mut report = Report::default();
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut played = 0;
    for (place, pair) in pairs.enumerate() {
        if Instant::now() >= end {
            break;
        }
        stage.play(pair, Dice::at(seed, &[place as u64]), &mut report)?;
        played += 1;
    }
    let all = if played == total + FIRST.len() {
        "all"
    } else {
        "a sample"
    };
    Ok((format!("{played} pairs of calls, {all}"), report))
}

/// Every call before every other one, at every gate.
fn all() -> Vec<Pair> {
    let pairs = CALLS
        .iter()
        .filter(|first| !first.disturbs())
        .flat_map(|first| {
            CALLS.iter().flat_map(move |second| {
                GATES.iter().map(move |gate| Pair {
                    first,
                    second,
                    gate,
                })
            })
        });
    pairs.collect()
}

fn named(first: &str, second: &str, gate: &str) -> Option<Pair> {
    Some(Pair {
        first: CALLS.iter().find(|call| call.name == first)?,
        second: CALLS.iter().find(|call| call.name == second)?,
        gate: GATES.iter().find(|known| known.name == gate)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_that_comes_first_is_made_of_calls_and_gates_that_there_are() {
        for (first, second, gate) in FIRST {
            assert!(
                named(first, second, gate).is_some(),
                "{first}, {second}, {gate}"
            );
        }
    }

    #[test]
    fn calls_and_gates_have_names_of_their_own() {
        let mut names: Vec<&str> = CALLS.iter().map(|call| call.name).collect();
        names.extend(GATES.iter().map(|gate| gate.name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}

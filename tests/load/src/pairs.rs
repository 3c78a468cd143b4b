//! Every pair of calls on shared rows, stopped at every lock: a gate holds one lock, the first call starts and may wait
//! for it, the second call starts, the gate opens, and both must end with a documented result. All pairs take about
//! half an hour. A shorter run takes the pairs that failed before, and a sample that the seed chooses.

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

/// Pairs that failed before, or wait for such a pair. They come first. The words are those of the report.
const FIRST: [&str; 36] = [
    "create_session beside disabling, stopped at the commit",
    "create_session beside disabling, stopped at table session_secrets",
    "create_session beside revoke_all_sessions, stopped at the commit",
    "create_session, by the backend beside revoke_all_sessions, stopped at the commit",
    "create_session beside moving, stopped at the commit",
    "elevate_session beside deleting, stopped at the secret",
    "import_chat beside disabling, stopped at the chat",
    "append_messages beside disabling, stopped at the chat",
    "append_messages beside disabling, stopped at table messages",
    "append_message beside disabling, stopped at the chat",
    "delete_chat beside disabling, stopped at the chat",
    "select_branch beside disabling, stopped at table messages",
    "set_document_status beside disabling, stopped at table documents",
    "finish_message beside append_message, branch, stopped at the commit",
    "finish_message beside append_messages, branch, stopped at the commit",
    "finish_message beside select_branch, stopped at the commit",
    "fail_stale_messages beside select_branch, stopped at the commit",
    "purge_chats, in part beside restore_chat, stopped at the commit",
    "create_chat beside moving, stopped at table chats",
    "append_message beside moving, stopped at the chat",
    "register_document, new bytes beside moving, stopped at lock of the owner's documents",
    "register_document, new bytes beside moving, stopped at table documents",
    "register_document, shared beside moving, stopped at lock of the tenant's documents",
    "register_documents beside moving, stopped at table documents",
    "register_documents beside moving to known bytes, stopped at the shared document",
    "register_documents, sources by a colleague beside moving, stopped at the shared document",
    "register_documents, sources by a colleague beside deleting, stopped at the shared document",
    "register_documents beside deleting, stopped at table documents",
    "register_content beside moving, stopped at the own document",
    "register_content beside deleting, stopped at table documents",
    "tag_document beside moving, stopped at the shared document",
    "tag_document beside moving to known bytes, stopped at the shared document",
    "tag_document beside deleting, stopped at table document_metadata",
    "tag_document, by a colleague beside moving, stopped at the commit",
    "index_messages beside deleting, stopped at table message_search",
    "list_messages beside moving to known bytes, stopped at the commit",
];

pub fn run(place: &Place, seed: u64, seconds: u64) -> Outcome<(String, Report)> {
    let mut pairs = all();
    let total = pairs.len();
    Dice::at(seed, &[]).shuffle(&mut pairs);
    let first = FIRST.iter().filter_map(|words| named(words));
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

/// All pairs, in both orders, at all gates.
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

/// The pair with this name in the report.
fn named(words: &str) -> Option<Pair> {
    let (calls, gate) = words.split_once(", stopped at ")?;
    let (first, second) = calls.split_once(" beside ")?;
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
    fn every_first_pair_names_existing_calls_and_gates() {
        for words in FIRST {
            assert!(named(words).is_some(), "{words}");
        }
    }

    #[test]
    fn calls_and_gates_have_different_names() {
        let mut names: Vec<&str> = CALLS.iter().map(|call| call.name).collect();
        names.extend(GATES.iter().map(|gate| gate.name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}

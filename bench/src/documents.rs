//! `bench documents`: the digest of stored bytes, compared with Postgres' own functions; and known and new documents in
//! a store of a million, compared with the statements of LangChain and LlamaIndex.

mod chatkeep;
mod checksum;
mod corpus;
mod document_store;
mod known;
mod langchain;
mod llama_index;
mod new;
mod stores;

use crate::scenarios::Scenario;

/// The scenarios by name, in the order of their runs.
pub const SCENARIOS: &[(&str, Scenario)] = &[
    ("checksum", checksum::run),
    ("known", known::run),
    ("new", new::run),
];

//! `bench documents`: the digest of bytes that are in the database, beside Postgres' own; and documents that a store of a
//! million knows or does not know, beside what LangChain and LlamaIndex send for the same.

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

/// The scenarios by name, in the order they run.
pub const SCENARIOS: &[(&str, Scenario)] = &[
    ("checksum", checksum::run),
    ("known", known::run),
    ("new", new::run),
];

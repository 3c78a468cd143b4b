//! The rules of Chatkeep: what an argument may be, how a token is made and judged, how bytes are named.
//!
//! Every host obeys these rules: the extension inside Postgres, the WASM module in an edge
//! function, and (rewritten in SQL, held to it by the contract suite) the portable engine.
//! There is no I/O here, no clock and no global state: callers bring time and randomness.

pub mod attachment;
pub mod batch;
pub mod chat;
pub mod digest;
pub mod document;
pub mod document_change;
#[cfg(any(test, feature = "model"))]
pub mod document_model;
pub mod json;
pub mod limits;
pub mod message;
pub mod refusal;
pub mod server;
pub mod session;
#[cfg(any(test, feature = "model"))]
pub mod session_model;
pub mod source_uri;
pub mod text;
pub mod upkeep;
pub mod uuid;

pub use refusal::{Code, Refusal};

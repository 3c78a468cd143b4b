//! The rules of Chatkeep: what an argument may be, how a token is made and judged, how bytes are named.
//!
//! Every host obeys these rules: the extension inside Postgres, the WASM module in an edge
//! function, and (rewritten in SQL, held to it by the contract suite) the portable engine.
//! There is no I/O here, no clock and no global state: callers bring time and randomness.

pub mod batch;
pub mod chats;
pub mod digest;
pub mod documents;
pub mod json;
pub mod limits;
pub mod postgres_advisories;
pub mod refusal;
pub mod sessions;
pub mod text;
pub mod upkeep;
pub mod uuid;

pub use refusal::{Code, Refusal};

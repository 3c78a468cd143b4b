//! The rules of Chatkeep: which arguments are valid, how tokens are made and judged, how ids and checksums are computed.
//!
//! The extension inside Postgres and the WASM module of the npm package call this crate. The portable engine has the
//! same rules in SQL; the contract suite compares both. The crate has no I/O, no clock, no randomness and no global
//! state: callers pass times and random bytes.

pub mod batch;
pub mod chats;
pub mod claims;
pub mod digest;
pub mod documents;
pub mod json;
pub mod limits;
pub mod membership;
pub mod postgres_advisories;
pub mod refusal;
pub mod sessions;
pub mod share;
pub mod text;
pub mod upkeep;
pub mod user_id;
pub mod uuid;

pub use refusal::{Code, Refusal};

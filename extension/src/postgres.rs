//! The border to Postgres: what every extension needs of the server, and nothing about Chatkeep.

pub mod array;
pub mod bytea;
pub mod clock;
pub mod connection;
pub mod datum;
pub mod entry;
pub mod error;
pub mod jsonb;
pub mod jsonb_text;
pub mod plan;
pub mod random;
pub mod settings;
pub mod table;

//! The border to Postgres. All `unsafe` of the library is here, and nothing about Chatkeep.
//!
//! What this module offers to the rest of the library is safe to call with any arguments. Two means make it so:
//!
//! - A value carries its type. Whatever reads it, binds it to a statement or stores it in a row compares the types
//!   first, and raises an internal error where they differ.
//! - A value carries the lifetime of its memory: that of a call ([`entry::Entry`]), of a connection to SPI
//!   ([`connection::Connection`]), or of a row under an index scan ([`index_scan::TableRow`]).
//!
//! The server raises errors by `longjmp`, which pgrx turns into unwinding. What was open then (a connection, a relation,
//! a snapshot, a level of settings) is closed by the abort of the transaction.

pub mod array;
pub mod bytea;
pub mod clock;
pub mod connection;
pub mod datum;
pub mod entry;
pub mod error;
pub mod index_scan;
pub mod interval;
pub mod invalidation;
pub mod jsonb;
pub mod random;
pub mod relation;
pub mod role;
pub mod row_security;
pub mod row_store;
mod row_type;
pub mod rows;
pub mod settings;
pub mod snapshot;
pub mod statement;

//! Chatkeep's native engine: the calls of schema `chatkeep` in Rust, inside `PostgreSQL`.
//!
//! The extension owns functions only, never a table: `pg_dump` would lose its rows. It is created in schema
//! `chatkeep_native`. `sql/engines/native.sql` then points the public functions at the symbols of this library, so
//! their names, grants and comments stay those of the migrations.
//!
//! The rules are in `chatkeep-core`. Modules stand in floors, and each uses only floors below its own: `postgres` (the
//! border to the server), `caller`, `call`, `policies`, and then `chats`, `sessions`, `documents` and `engine`. A call
//! is a file of its name.

#![deny(unsafe_code)]

mod batch;
mod call;
mod caller;
mod chats;
mod documents;
mod engine;
mod new_id;
mod policies;
#[expect(
    unsafe_code,
    reason = "the border to Postgres; nothing else of the library touches its memory"
)]
mod postgres;
mod sessions;
#[cfg(any(test, feature = "pg_test"))]
mod tests;

pgrx::pg_module_magic!();

/// What `cargo pgrx test` has to know about the server that it starts.
#[cfg(test)]
pub mod pg_test {
    /// Nothing to prepare.
    pub fn setup(_options: Vec<&str>) {}

    /// No settings beyond the defaults.
    pub fn postgresql_conf_options() -> Vec<&'static str> {
        vec![]
    }
}

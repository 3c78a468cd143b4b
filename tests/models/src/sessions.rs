//! Histories of sessions.

mod call;
mod database;
mod history;
mod world;

pub use database::Database;
pub use history::{histories, play};

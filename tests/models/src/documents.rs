//! Histories of documents.

mod database;
mod history;

pub use database::Database;
pub use history::{histories, play};

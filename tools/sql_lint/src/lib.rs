//! Judges the SQL of this repository: the files by their text (`check_files`), and databases that the migrations alone have
//! made, by Supabase's own tools and by rules that are stricter than theirs (`check_databases`).

// PostgreSQL is the name of a project, not of code.
#![allow(clippy::doc_markdown)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod access;
mod bindings;
mod calls;
mod checks;
mod cli_output;
mod files;
mod javascript;
mod lint_server;
mod marks;
mod native;
mod pages;
mod policies;
mod schemas;

pub use calls::{CONTRACT, SCHEMAS};
pub use checks::run as check_databases;
pub use files::check as check_files;
pub use schemas::{families, schema_files};

//! Installs and runs the Postgres servers of this repository: for tests, for the demo, for measuring, for playing with.
//!
//! `Workspace` knows the folders of a clone and brings what is missing into them. `Installation` is one version of
//! Postgres, `Server` runs it on a data folder, `Database` has the migrations and an engine, `Temporary` goes at the end.

// PostgreSQL and PyPI are names of projects, not of code.
#![allow(clippy::doc_markdown)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod connection;
pub mod console;
mod database;
pub mod debian;
mod engine;
mod extension;
mod installation;
mod pypi;
pub mod safeupdate;
mod server;
mod server_user;
mod toolchain;
mod workspace;

pub use connection::{SUPERUSER, free_port, psql};
pub use console::{advice, is_interrupted};
pub use database::{Database, Settings, Temporary, Wanted, new_password};
pub use engine::{DEFAULT_MAJOR, Durability, Engine, MAJORS};
pub use extension::cargo_pgrx;
pub use installation::Installation;
pub use toolchain::{POSTRUST, WASM};
pub use workspace::{MIGRATIONS, Workspace, files, fingerprint, remove_folder, sql_files, write_file};

//! What a database may be: its version of Postgres, its engine, and whether its data are safe.

use clap::ValueEnum;
use std::fmt;

/// Versions of Postgres that Chatkeep supports, oldest first.
pub const MAJORS: [u16; 3] = [15, 17, 18];
/// The version used when none is named.
pub const DEFAULT_MAJOR: u16 = 18;

/// Which implementation of the calls a database uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// The pgrx extension
    Native,
    /// The same functions in SQL and PL/pgSQL
    Portable,
}

impl Engine {
    /// Both engines, in the order the suite runs them.
    pub const ALL: [Engine; 2] = [Engine::Native, Engine::Portable];
}

/// The name used on the command line, in file names and by `chatkeep.engine()`.
impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if *self == Engine::Native { "native" } else { "portable" })
    }
}

/// Whether the data must survive a crash of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As Postgres comes: commits are flushed to disk.
    Full,
    /// For databases that are thrown away: no flush.
    None,
}

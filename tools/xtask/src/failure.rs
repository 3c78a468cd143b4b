//! The one error of every step: what went wrong, and what the reader can do about it.

use std::fmt;
use std::path::Path;

/// Result of anything that can go wrong here.
pub type Result<T> = std::result::Result<T, Failure>;

/// What went wrong and what to do. Both are whole sentences for a person at a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    what: String,
    todo: Option<String>,
    interrupted: bool,
}

impl Failure {
    /// Something went wrong, with nothing better to advise than reading it.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            todo: None,
            interrupted: false,
        }
    }

    /// Adds what the reader can do.
    #[must_use]
    pub fn advise(mut self, todo: impl Into<String>) -> Self {
        self.todo = Some(todo.into());
        self
    }

    /// Ctrl-C or SIGTERM ended the work.
    pub fn interrupted() -> Self {
        Self {
            what: "Interrupted.".into(),
            todo: None,
            interrupted: true,
        }
    }

    /// True when the reader asked for the stop.
    pub fn is_interruption(&self) -> bool {
        self.interrupted
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.what)?;
        match &self.todo {
            Some(todo) => write!(formatter, "\n  What to do: {todo}"),
            None => Ok(()),
        }
    }
}

/// Names the file in an I/O error, which the standard library does not.
pub trait AtPath<T> {
    /// Turns the error into "could not VERB PATH: reason".
    fn at(self, verb: &str, path: &Path) -> Result<T>;
}

impl<T> AtPath<T> for std::io::Result<T> {
    fn at(self, verb: &str, path: &Path) -> Result<T> {
        self.map_err(|error| Failure::new(format!("could not {verb} {}: {error}", path.display())))
    }
}

//! The frame of every call: it reads arguments, returns rows, raises refusals and sets the marker that policies read.

use std::ffi::CStr;

use chatkeep_core::Refusal;

use crate::caller::identity::Running;
use crate::postgres::connection::Connection;
use crate::postgres::datum::{Datum, Read, Value};
use crate::postgres::entry::{Answer, Entry};
use crate::postgres::error;
use crate::postgres::row_store::Returned;
use crate::postgres::rows::Row;
use crate::postgres::settings::{self, set_for_level, with_settings};
use crate::postgres::statement::Statement;

/// One call in progress, with its connection.
#[derive(Clone, Copy)]
pub struct Call<'c> {
    entry: Entry<'c>,
    /// The connection that executes the call's statements.
    pub connection: Connection<'c>,
}

/// Runs the body of a call, and raises its refusal.
pub fn run(entry: Entry<'_>, body: for<'c> fn(Call<'c>) -> Result<(), Refusal>) -> Answer {
    let outcome = {
        let _running = Running::begin();
        // As in the portable bodies: statements, and triggers that they fire, look up no name where the caller's
        // `search_path` says.
        with_settings(&[(c"search_path", c"")], || {
            entry.connected(|entry, connection| body(Call { entry, connection }))
        })
    };
    if let Err(refusal) = outcome {
        raise(&refusal);
    }
    Answer::Null
}

/// Runs the body of a function that policies call, without a connection.
pub fn answer<T: Into<Answer>>(entry: Entry<'_>, body: for<'c> fn(Entry<'c>) -> T) -> Answer {
    body(entry).into()
}

/// Raises a refusal.
pub fn raise(refusal: &Refusal) -> ! {
    error::raise(refusal.code.sqlstate(), &refusal.message, refusal.hint)
}

impl<'c> Call<'c> {
    /// An argument, untouched.
    pub fn datum(self, position: usize) -> Option<Datum<'c>> {
        self.entry.argument(position)
    }

    /// An argument as a Rust value. Text is borrowed from the caller where it was not toasted.
    pub fn argument<T: Read<'c>>(self, position: usize) -> Option<T> {
        self.datum(position).map(Datum::read)
    }

    /// An argument that may not be NULL, by its position and its name.
    pub fn required<T: Read<'c>>(self, position: usize, name: &'static str) -> Result<T, Refusal> {
        self.argument(position)
            .ok_or_else(|| Refusal::missing(name))
    }

    /// The rows that the call returns.
    pub fn returned(self) -> Returned<'c> {
        self.entry.returned()
    }

    /// Returns rows of statements, which have the columns of the declared result.
    pub fn return_rows(self, rows: impl Iterator<Item = Row<'c>>) {
        self.returned().add(rows);
    }

    /// Executes a statement and returns its rows, straight from the executor: no row is copied twice. Returns the
    /// number of rows.
    pub fn return_from(self, statement: Statement, arguments: &[Value]) -> u64 {
        statement.execute_into(self.connection, arguments, self.returned())
    }

    /// The same for a statement that only reads, in the snapshot of the caller.
    pub fn return_read(self, statement: Statement, arguments: &[Value]) -> u64 {
        statement.read_into(self.connection, arguments, self.returned())
    }

    /// Returns one row of `values`, in the order of the declared columns.
    pub fn return_values(self, values: &[Value]) {
        self.returned().add_values(values);
    }
}

/// Declares a call that this library implements: the function of its name. `cargo xtask generate` lists the declarations in
/// `native_calls.txt` and `sql/engines/portable.sql`.
macro_rules! declare_call {
    ($body:ident) => {
        $crate::postgres::entry::entry_point!($body, $crate::call::run);
    };
}
pub(crate) use declare_call;

/// The same for a function that policies call. It returns one value, or NULL.
macro_rules! declare_answer {
    ($body:ident) => {
        $crate::postgres::entry::entry_point!($body, $crate::call::answer);
    };
}
pub(crate) use declare_answer;

/// The marker that a call sets while it runs. Policies read it.
const MARKER: &CStr = c"chatkeep.writing";

/// What the marker says. `chatkeep_private.open_chat` adds the id of a share to it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// No call is running.
    None,
    Reading,
    Writing,
    /// In a chat of somebody else, which is shared with the caller.
    ReadingShared,
    WritingShared,
}

impl Marker {
    /// Whether a call that writes is running.
    pub fn is_writing(self) -> bool {
        matches!(self, Self::Writing | Self::WritingShared)
    }

    /// Whether the running call works in a chat of somebody else.
    pub fn is_shared(self) -> bool {
        matches!(self, Self::ReadingShared | Self::WritingShared)
    }
}

/// The marker of the running call.
pub fn marker() -> Marker {
    let read = settings::with(MARKER, |marker| match marker.to_bytes() {
        b"on" => Marker::Writing,
        b"off" => Marker::Reading,
        [b'o', b'n', b' ', ..] => Marker::WritingShared,
        shared if shared.contains(&b' ') => Marker::ReadingShared,
        _ => Marker::None,
    });
    read.unwrap_or(Marker::None)
}

/// Runs `body` with the marker that lets writes through the policies. The marker gets its old value back when the call
/// ends, so a call inside another call does not take it away from the outer one.
pub fn writing<T>(body: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    // `run` has begun the level of settings at which the old value is saved.
    set_for_level(MARKER, c"on");
    body()
}

/// Runs `body` with the marker of a reading call. Policies then show deleted chats to it.
pub fn reading<T>(body: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    set_for_level(MARKER, c"off");
    body()
}

//! Connections to SPI, the server's own interface for statements.

use std::cell::Cell;
use std::marker::PhantomData;

use pgrx::{IntoDatum, pg_sys};

use crate::postgres::datum::Datum;
use crate::postgres::error;

thread_local! {
    /// How many connections of this library are open, one inside the other.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// An open connection to SPI. What is made by it stays for `'c`, until the connection closes.
#[derive(Clone, Copy)]
pub struct Connection<'c> {
    memory: pg_sys::MemoryContext,
    depth: u32,
    open: PhantomData<&'c ()>,
}

/// Runs `body` with a new connection.
pub fn connected<T>(body: impl for<'c> FnOnce(Connection<'c>) -> T) -> T {
    let counted = Counted::begin();
    // SAFETY: SPI_connect and SPI_finish pair up on every return of `body`. An error leaves by unwinding instead, and
    // the abort of the (sub)transaction closes the connection. SPI_connect makes the connection's memory the current one.
    unsafe {
        pg_sys::SPI_connect();
        let connection = Connection {
            memory: pg_sys::CurrentMemoryContext,
            depth: counted.depth,
            open: PhantomData,
        };
        let outcome = body(connection);
        pg_sys::SPI_finish();
        outcome
    }
}

/// A connection that is counted, until it is dropped.
struct Counted {
    depth: u32,
}

impl Counted {
    fn begin() -> Self {
        let depth = DEPTH.get() + 1;
        DEPTH.set(depth);
        Self { depth }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        DEPTH.set(self.depth - 1);
    }
}

impl<'c> Connection<'c> {
    /// Raises an error unless this is the innermost connection, by which SPI executes statements.
    pub(super) fn check_innermost(self) {
        if DEPTH.get() != self.depth {
            error::internal("a statement was executed by another connection than the innermost");
        }
    }

    /// Runs `body` in the memory of the connection.
    pub(super) fn in_memory<T>(self, body: impl FnOnce() -> T) -> T {
        // SAFETY: the memory is there while the connection is open.
        unsafe {
            let before = pg_sys::MemoryContextSwitchTo(self.memory);
            let made = body();
            pg_sys::MemoryContextSwitchTo(before);
            made
        }
    }

    /// A text that several statements or rows take.
    pub fn text(self, text: &str) -> Option<Datum<'c>> {
        let text = self.in_memory(|| text.into_datum());
        // SAFETY: a text in the memory of the connection.
        text.map(|text| unsafe { Datum::new(text, pg_sys::TEXTOID) })
    }
}

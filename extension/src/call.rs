//! The entry of every call: arguments in, rows out, refusals raised.
//!
//! The functions are version-1 C functions written by hand rather than `#[pg_extern]`, because they
//! return rows of tables that the extension does not own, straight from the executor.

use std::ffi::CStr;

use chatkeep_core::Refusal;
use pgrx::fcinfo::{pg_getarg, pg_getarg_datum};
use pgrx::{FromDatum, pg_sys};

use crate::caller::identity::Running;
use crate::postgres::connection::connected;
use crate::postgres::error;
use crate::postgres::plan::{Plan, Rows};
use crate::postgres::settings::{set_for_call, setting, with_settings};

/// One call in progress.
#[derive(Clone, Copy)]
pub struct Call(pg_sys::FunctionCallInfo);

impl Call {
    /// Runs `body` for the call that `fcinfo` describes, with an SPI connection, and raises its refusal.
    ///
    /// # Safety
    /// `fcinfo` is the one Postgres passed to the function that is running.
    pub unsafe fn run(
        fcinfo: pg_sys::FunctionCallInfo,
        body: fn(Self) -> Result<(), Refusal>,
    ) -> pg_sys::Datum {
        let outcome = {
            let _running = Running::begin();
            // As the portable bodies say it: no name in a statement, nor in a trigger that a statement fires, is looked
            // up where the caller says.
            with_settings(&[(c"search_path", c"")], || {
                connected(|| body(Self(fcinfo)))
            })
        };
        if let Err(refusal) = outcome {
            error::raise(&refusal);
        }
        // SAFETY: a set in materialize mode is returned through fcinfo; the datum itself is NULL.
        unsafe { pgrx::fcinfo::pg_return_null(fcinfo) }
    }

    /// Runs `body` for the call that `fcinfo` describes, without an SPI connection, and returns its one value in the
    /// caller's memory.
    ///
    /// # Safety
    /// `fcinfo` is the one Postgres passed to the function that is running.
    pub unsafe fn answer(
        fcinfo: pg_sys::FunctionCallInfo,
        body: fn(Self) -> Option<pg_sys::Datum>,
    ) -> pg_sys::Datum {
        // SAFETY: fcinfo is the running call's.
        body(Self(fcinfo)).unwrap_or_else(|| unsafe { pgrx::fcinfo::pg_return_null(fcinfo) })
    }

    /// An argument as a Rust value; text and bytes are borrowed from the caller where they were not toasted.
    pub fn argument<T: FromDatum>(self, position: usize) -> Option<T> {
        // SAFETY: the SQL declaration, made from the same signature, has this argument with T's type.
        unsafe { pg_getarg(self.0, position) }
    }

    /// An argument untouched, to be passed on to a plan.
    pub fn datum(self, position: usize) -> Option<pg_sys::Datum> {
        // SAFETY: the SQL declaration has this argument.
        unsafe { pg_getarg_datum(self.0, position) }
    }

    /// Returns `rows`, which have the columns of the declared result.
    pub fn return_rows(self, rows: &Rows) {
        self.return_tuples(rows.tuples());
    }

    /// Returns tuples that have the columns of the declared result.
    pub fn return_tuples(self, tuples: impl Iterator<Item = pg_sys::HeapTuple>) {
        let (store, _) = self.result_store();
        for tuple in tuples {
            // SAFETY: the store is open, the tuple lives as long as the SPI connection, and is copied.
            unsafe { pg_sys::tuplestore_puttuple(store, tuple) };
        }
    }

    /// Executes `plan` and returns what it returns, straight from the executor: no row is copied twice.
    /// The number of rows.
    pub fn return_from(self, plan: &Plan, arguments: &[Option<pg_sys::Datum>]) -> u64 {
        plan.execute_into(arguments, false, self.result_store())
    }

    /// The same for a statement that only reads, in the snapshot of the caller.
    pub fn return_read(self, plan: &Plan, arguments: &[Option<pg_sys::Datum>]) -> u64 {
        plan.execute_into(arguments, true, self.result_store())
    }

    /// Returns one row of `values`, in the order of the declared columns.
    pub fn return_values(self, values: &[Option<pg_sys::Datum>]) {
        let (store, descriptor) = self.result_store();
        let mut datums: Vec<pg_sys::Datum> = values
            .iter()
            .map(|value| value.unwrap_or(pg_sys::Datum::from(0)))
            .collect();
        let mut nulls: Vec<bool> = values.iter().map(Option::is_none).collect();
        // SAFETY: both arrays have one entry per column of the declared type; values are copied.
        unsafe {
            pg_sys::tuplestore_putvalues(
                store,
                descriptor,
                datums.as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
        }
    }

    /// The set that the call returns, in the caller's memory; opened at its first use.
    pub fn result_store(self) -> (*mut pg_sys::Tuplestorestate, pg_sys::TupleDesc) {
        // SAFETY: InitMaterializedSRF checks that the caller takes a set, and fills resultinfo with a
        // store and a descriptor of the declared type, both in the caller's per-query memory.
        unsafe {
            #[expect(
                clippy::cast_ptr_alignment,
                reason = "Node is the first field of the ReturnSetInfo it points to"
            )]
            let result = (*self.0).resultinfo.cast::<pg_sys::ReturnSetInfo>();
            if result.is_null() || (*result).setResult.is_null() {
                pg_sys::InitMaterializedSRF(self.0, 0);
            }
            ((*result).setResult, (*result).setDesc)
        }
    }
}

/// Declares the C entry points of calls: `name_wrapper` and its `pg_finfo` record.
macro_rules! calls {
    ($($wrapper:ident, $finfo:ident => $body:path;)*) => {$(
        $crate::postgres::entry::entry!($wrapper, $finfo => $crate::call::Call::run, $body);
    )*};
}
pub(crate) use calls;

/// Declares the C entry points of what policies ask: one value, or NULL, of the arguments.
macro_rules! answers {
    ($($wrapper:ident, $finfo:ident => $body:path;)*) => {$(
        $crate::postgres::entry::entry!($wrapper, $finfo => $crate::call::Call::answer, $body);
    )*};
}
pub(crate) use answers;

/// Whether a call is running that writes.
pub fn is_writing() -> bool {
    setting(MARKER) == Some("on")
}

/// The marker that a call sets for its own length, and policies ask for.
const MARKER: &CStr = c"chatkeep.writing";

/// Runs `body` with the marker that lets writes through the policies, which is put back when the call ends: a call inside a
/// call leaves the outer one its own.
pub fn writing<T>(body: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    marked(c"on", body)
}

/// Runs `body` with the marker that says that a call reads: policies then show it deleted chats.
pub fn reading<T>(body: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    marked(c"off", body)
}

fn marked<T>(mark: &CStr, body: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    set_for_call(MARKER, mark);
    body()
}

//! The entry of every call: arguments in, rows out, refusals raised.
//!
//! The functions are version-1 C functions written by hand rather than `#[pg_extern]`, because they
//! return rows of tables that the extension does not own, straight from the executor.

use std::ffi::CStr;

use chatkeep_core::Refusal;
use pgrx::fcinfo::{pg_getarg, pg_getarg_datum};
use pgrx::{FromDatum, pg_sys};

use crate::error;
use crate::identity::Running;
use crate::plan::{Plan, Rows};

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

/// Runs `body` with an SPI connection.
pub fn connected<T>(body: impl FnOnce() -> T) -> T {
    // SAFETY: SPI_connect and SPI_finish pair up on every return of `body`. An error leaves by unwinding instead, and
    // the abort of the (sub)transaction closes the connection.
    unsafe {
        pg_sys::SPI_connect();
        let outcome = body();
        pg_sys::SPI_finish();
        outcome
    }
}

/// Declares one C entry point, which runs `$body` by `$run`, and the record that says it obeys calling convention 1.
macro_rules! entry {
    ($wrapper:ident, $finfo:ident => $run:path, $body:path) => {
        /// Entry point, called by Postgres only.
        ///
        /// # Safety
        /// `fcinfo` must be a valid function call of this function's SQL declaration.
        #[pgrx::pg_guard]
        #[unsafe(no_mangle)]
        pub unsafe extern "C-unwind" fn $wrapper(
            fcinfo: pgrx::pg_sys::FunctionCallInfo,
        ) -> pgrx::pg_sys::Datum {
            // SAFETY: passed through as Postgres gave it.
            unsafe { $run(fcinfo, $body) }
        }

        /// The record of the entry point.
        #[unsafe(no_mangle)]
        pub extern "C" fn $finfo() -> &'static pgrx::pg_sys::Pg_finfo_record {
            const RECORD: pgrx::pg_sys::Pg_finfo_record =
                pgrx::pg_sys::Pg_finfo_record { api_version: 1 };
            &RECORD
        }
    };
}
pub(crate) use entry;

/// Declares the C entry points of calls: `name_wrapper` and its `pg_finfo` record.
macro_rules! calls {
    ($($wrapper:ident, $finfo:ident => $body:path;)*) => {$(
        $crate::call::entry!($wrapper, $finfo => $crate::call::Call::run, $body);
    )*};
}
pub(crate) use calls;

/// Declares the C entry points of what policies ask: one value, or NULL, of the arguments.
macro_rules! answers {
    ($($wrapper:ident, $finfo:ident => $body:path;)*) => {$(
        $crate::call::entry!($wrapper, $finfo => $crate::call::Call::answer, $body);
    )*};
}
pub(crate) use answers;

/// A setting as it stands; `None` where nobody has set it. It is only read until the next statement.
pub fn setting(name: &CStr) -> Option<&'static str> {
    // SAFETY: the name ends in NUL; an unknown name gives NULL. The string belongs to the setting and
    // stays while nobody sets it, which the callers do not.
    unsafe {
        let value = pg_sys::GetConfigOption(name.as_ptr(), true, false);
        if value.is_null() {
            return None;
        }
        CStr::from_ptr(value).to_str().ok()
    }
}

/// Whether a call is running that writes.
pub fn is_writing() -> bool {
    setting(MARKER) == Some("on")
}

/// The marker that a call sets for its own length, and policies ask for.
const MARKER: &CStr = c"chatkeep.writing";

/// Sets a transaction-local setting, as `set_config(name, value, true)` does, without a statement.
pub fn set_local(name: &CStr, value: &CStr) {
    set(name, value, pg_sys::GucAction::GUC_ACTION_LOCAL);
}

/// Runs `body` with settings as a function's `SET` clauses would have them. An error leaves them to the abort.
pub fn with_settings<T>(settings: &[(&CStr, &CStr)], body: impl FnOnce() -> T) -> T {
    // SAFETY: the level is closed on every return of `body`.
    unsafe {
        let level = pg_sys::NewGUCNestLevel();
        for (name, value) in settings {
            set(name, value, pg_sys::GucAction::GUC_ACTION_SAVE);
        }
        let outcome = body();
        pg_sys::AtEOXact_GUC(true, level);
        outcome
    }
}

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

/// Sets a setting until the call ends, when what was there comes back: `Call::run` has begun the level of settings that
/// it is saved at. An error leaves that to the abort.
pub fn set_for_call(name: &CStr, value: &CStr) {
    set(name, value, pg_sys::GucAction::GUC_ACTION_SAVE);
}

fn set(name: &CStr, value: &CStr, action: pg_sys::GucAction::Type) {
    // SAFETY: both strings end in NUL and are copied; an unknown name of the form a.b becomes a placeholder.
    unsafe {
        pg_sys::set_config_option(
            name.as_ptr(),
            value.as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
            action,
            true,
            0,
            false,
        );
    }
}

/// The timestamptz `-infinity`. Bounds go into statements as plain values: under row security an index condition may hold
/// no `coalesce`, which the planner takes for a leak.
pub const BEGINNING: i64 = i64::MIN;
/// The timestamptz `infinity`.
pub const END: i64 = i64::MAX;

/// The time now, in microseconds since 2000-01-01: what `clock_timestamp()` reads.
pub fn now() -> i64 {
    // SAFETY: reads the clock, nothing else.
    unsafe { pg_sys::GetCurrentTimestamp() }
}

/// Random bytes of the operating system. Not `pg_strong_random`, which without OpenSSL opens `/dev/urandom` each time.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if getrandom::fill(&mut bytes).is_err() {
        pgrx::ereport!(
            ERROR,
            pgrx::PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
            "the server has no randomness to give"
        );
    }
    bytes
}

/// A new UUID version 7 as a datum.
pub fn new_uuid() -> pg_sys::Datum {
    const UNIX_TO_2000_MICROS: i64 = 946_684_800_000_000;
    let unix_ms = u64::try_from((now() + UNIX_TO_2000_MICROS) / 1000).unwrap_or(0);
    let id = chatkeep_core::uuid::v7(unix_ms, random());
    uuid(&id)
}

/// A bytea of `bytes`.
pub fn bytea(bytes: &[u8]) -> Option<pg_sys::Datum> {
    pgrx::IntoDatum::into_datum(bytes)
}

/// A text of `text`.
pub fn text(text: &str) -> Option<pg_sys::Datum> {
    pgrx::IntoDatum::into_datum(text)
}

/// A uuid of its bytes.
pub fn uuid(bytes: &[u8; 16]) -> pg_sys::Datum {
    // SAFETY: palloc gives 16 bytes or raises; they are all written.
    unsafe {
        let memory = pg_sys::palloc(bytes.len()).cast::<u8>();
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), memory, bytes.len());
        pg_sys::Datum::from(memory)
    }
}

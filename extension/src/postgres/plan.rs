//! Kept plans: each statement is prepared once per backend and executed ever after.
//!
//! The plans are generic from the start: left to itself, Postgres plans anew on every call wherever an array argument
//! looks shorter than it guessed. Preparing on every call costs more than half of the rate of an append. A kept plan holds no
//! identity: Postgres plans it anew when the role or `row_security` changes, and claims are
//! read by the statement itself, every time.
//!
//! The statements see the caller's `search_path`. So tables and functions are named with their schema, and operators
//! are used only on types for which `pg_catalog`, which is searched first, has an exact match: a polymorphic one, such
//! as `||` of arrays, would lose to an operator that somebody defined for just those types.

use std::cell::Cell;
use std::ffi::CStr;
use std::ptr;

use pgrx::{FromDatum, pg_sys};

unsafe extern "C-unwind" {
    /// `executor/tstoreReceiver.h`, which pgrx does not bind. Sets fields and raises nothing.
    fn SetTuplestoreDestReceiverParams(
        receiver: *mut pg_sys::DestReceiver,
        store: *mut pg_sys::Tuplestorestate,
        context: pg_sys::MemoryContext,
        detoast: bool,
        descriptor: pg_sys::TupleDesc,
        failure: *const std::ffi::c_char,
    );
}

/// No statement has more parameters.
const MOST_PARAMETERS: usize = 16;

/// A statement and, after its first use, its plan.
pub struct Plan {
    sql: &'static CStr,
    types: &'static [pg_sys::Oid],
    kept: Cell<pg_sys::SPIPlanPtr>,
}

impl Plan {
    /// A statement with the types of its parameters.
    pub const fn new(sql: &'static CStr, types: &'static [pg_sys::Oid]) -> Self {
        assert!(
            types.len() <= MOST_PARAMETERS,
            "checked when it is compiled"
        );
        Self {
            sql,
            types,
            kept: Cell::new(ptr::null_mut()),
        }
    }

    /// Executes a statement that may write. One argument per parameter; `None` is NULL.
    pub fn execute(&self, arguments: &[Option<pg_sys::Datum>]) -> Rows {
        self.run(arguments, false)
    }

    /// Executes a statement that only reads, in the snapshot of the caller.
    pub fn read(&self, arguments: &[Option<pg_sys::Datum>]) -> Rows {
        self.run(arguments, true)
    }

    fn run(&self, arguments: &[Option<pg_sys::Datum>], read_only: bool) -> Rows {
        // SPI's own marks for NULL and for a value.
        let mut values = [pg_sys::Datum::from(0); MOST_PARAMETERS];
        let mut nulls = [b'n'.cast_signed(); MOST_PARAMETERS];
        for ((value, null), argument) in values.iter_mut().zip(&mut nulls).zip(arguments) {
            if let Some(argument) = argument {
                (*value, *null) = (*argument, b' '.cast_signed());
            }
        }
        // SAFETY: an SPI connection is open (Call::run); the plan is valid and takes no more arguments
        // than both arrays have.
        let code = unsafe {
            pg_sys::SPI_execute_plan(
                self.plan(),
                values.as_mut_ptr(),
                nulls.as_ptr(),
                read_only,
                0,
            )
        };
        if code < 0 {
            internal_error("a statement could not be executed", code);
        }
        // SAFETY: both are set by the execution just done.
        unsafe {
            Rows {
                table: pg_sys::SPI_tuptable,
                count: pg_sys::SPI_processed,
            }
        }
    }

    /// Executes a statement, its rows going to `store` in the form of `descriptor`, which may have columns that were
    /// dropped. Returns their number.
    pub fn execute_into(
        &self,
        arguments: &[Option<pg_sys::Datum>],
        read_only: bool,
        (store, descriptor): (*mut pg_sys::Tuplestorestate, pg_sys::TupleDesc),
    ) -> u64 {
        // SAFETY: an SPI connection is open; the parameter list has one entry per type of the plan, and
        // the receiver lives in the connection's memory, longer than the execution.
        unsafe {
            let params = pg_sys::makeParamList(i32::try_from(self.types.len()).unwrap_or(0));
            for (position, oid) in self.types.iter().enumerate() {
                let value = arguments.get(position).copied().flatten();
                let param = (*params).params.as_mut_ptr().add(position);
                (*param).value = value.unwrap_or(pg_sys::Datum::from(0));
                (*param).isnull = value.is_none();
                // SPI's own mark: a constant, which a kept plan may be planned for.
                (*param).pflags = u16::try_from(pg_sys::PARAM_FLAG_CONST).unwrap_or(0);
                (*param).ptype = *oid;
            }
            let receiver = pg_sys::CreateDestReceiver(pg_sys::CommandDest::DestTuplestore);
            SetTuplestoreDestReceiverParams(
                receiver,
                store,
                pg_sys::CurrentMemoryContext,
                false,
                descriptor,
                c"the statement does not return what the function declares".as_ptr(),
            );
            let options = pg_sys::SPIExecuteOptions {
                params,
                read_only,
                dest: receiver,
                ..pg_sys::SPIExecuteOptions::default()
            };
            let code = pg_sys::SPI_execute_plan_extended(self.plan(), &raw const options);
            if code < 0 {
                internal_error("a statement could not be executed", code);
            }
            pg_sys::SPI_processed
        }
    }

    fn plan(&self) -> pg_sys::SPIPlanPtr {
        if self.kept.get().is_null() {
            // SAFETY: an SPI connection is open; the types outlive the call. SPI_keepplan moves the plan
            // to memory that lives as long as the backend.
            unsafe {
                let plan = pg_sys::SPI_prepare_cursor(
                    self.sql.as_ptr(),
                    i32::try_from(self.types.len()).unwrap_or(0),
                    self.types.as_ptr().cast_mut(),
                    pg_sys::CURSOR_OPT_GENERIC_PLAN.cast_signed(),
                );
                if plan.is_null() {
                    internal_error("a statement could not be prepared", pg_sys::SPI_result);
                }
                pg_sys::SPI_keepplan(plan);
                self.kept.set(plan);
            }
        }
        self.kept.get()
    }
}

fn internal_error(what: &str, code: i32) -> ! {
    pgrx::ereport!(
        ERROR,
        pgrx::PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
        format!("{what} (SPI code {code})")
    );
}

/// What a statement returned. The rows live until the call's SPI connection closes.
pub struct Rows {
    table: *mut pg_sys::SPITupleTable,
    count: u64,
}

impl Rows {
    /// Whether nothing was returned or changed.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many rows were returned or changed.
    pub const fn len(&self) -> u64 {
        self.count
    }

    /// A column of every row, numbered from 1.
    pub fn column(&self, column: i32) -> impl Iterator<Item = Option<pg_sys::Datum>> + '_ {
        self.tuples().map(move |row| self.value(row, column))
    }

    /// A column of one of the rows, numbered from 1.
    pub fn value(&self, row: pg_sys::HeapTuple, column: i32) -> Option<pg_sys::Datum> {
        let mut null = false;
        // SAFETY: tuple and descriptor belong to the same table; an absent column comes back as NULL.
        let datum =
            unsafe { pg_sys::SPI_getbinval(row, (*self.table).tupdesc, column, &raw mut null) };
        (!null).then_some(datum)
    }

    /// The rows as tuples.
    pub fn tuples(&self) -> impl Iterator<Item = pg_sys::HeapTuple> + '_ {
        let length = if self.table.is_null() {
            0
        } else {
            usize::try_from(self.count).unwrap_or(0)
        };
        // SAFETY: the table has `count` tuples.
        (0..length).map(|position| unsafe { *(*self.table).vals.add(position) })
    }

    /// A column of the first row, numbered from 1, untouched.
    pub fn datum(&self, column: i32) -> Option<pg_sys::Datum> {
        self.column(column).next().flatten()
    }

    /// A column of the first row, numbered from 1.
    pub fn get<T: FromDatum>(&self, column: i32) -> Option<T> {
        // SAFETY: the statement's column has T's type.
        self.datum(column)
            .and_then(|datum| unsafe { T::from_datum(datum, false) })
    }
}

/// Declares kept plans: one per statement, owned by the backend's only thread.
macro_rules! plans {
    ($($name:ident($($oid:ident),*) = $sql:expr;)*) => {
        thread_local! {$(
            static $name: $crate::postgres::plan::Plan = const {
                $crate::postgres::plan::Plan::new($sql, &[$(pgrx::pg_sys::$oid),*])
            };
        )*}
    };
}
pub(crate) use plans;

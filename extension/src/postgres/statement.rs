//! Kept statements: each is prepared once per backend, and executed ever after.
//!
//! The plans are generic from the start: left to itself, Postgres plans anew on every call wherever an array argument
//! looks shorter than it guessed. Preparing on every call costs more than half of the rate of an append. A kept plan holds
//! no identity: Postgres plans it anew when the role or `row_security` changes, and a statement reads the claims each time.
//!
//! The statements see the caller's `search_path`. So tables and functions are named with their schema, and operators
//! are used only on types for which `pg_catalog`, which is searched first, has an exact match: a polymorphic one, such
//! as `||` of arrays, would lose to an operator that somebody defined for just those types.

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_char};
use std::ptr;
use std::thread::LocalKey;

use pgrx::pg_sys;

use crate::postgres::connection::Connection;
use crate::postgres::datum::Value;
use crate::postgres::error;
use crate::postgres::row_store::{Returned, RowStore};
use crate::postgres::rows::Rows;

unsafe extern "C-unwind" {
    /// `executor/tstoreReceiver.h`, which pgrx does not bind. Sets fields and raises nothing.
    fn SetTuplestoreDestReceiverParams(
        receiver: *mut pg_sys::DestReceiver,
        store: *mut pg_sys::Tuplestorestate,
        context: pg_sys::MemoryContext,
        detoast: bool,
        descriptor: pg_sys::TupleDesc,
        failure: *const c_char,
    );
}

/// No statement has more parameters.
const MOST_PARAMETERS: usize = 16;

/// A statement, and its plan after its first use.
#[derive(Clone, Copy)]
pub struct Statement(&'static LocalKey<Kept>);

/// What a backend keeps of a statement.
pub struct Kept {
    sql: &'static CStr,
    types: &'static [pg_sys::Oid],
    plan: Cell<pg_sys::SPIPlanPtr>,
    /// The columns of the rows that the plan reads beside tables.
    reads: RefCell<Vec<pg_sys::Oid>>,
}

impl Kept {
    /// A statement with the types of its parameters.
    pub const fn new(sql: &'static CStr, types: &'static [pg_sys::Oid]) -> Self {
        assert!(
            types.len() <= MOST_PARAMETERS,
            "checked when it is compiled"
        );
        Self {
            sql,
            types,
            plan: Cell::new(ptr::null_mut()),
            reads: RefCell::new(Vec::new()),
        }
    }

    /// The plan, which is prepared at its first use.
    fn plan(&self) -> pg_sys::SPIPlanPtr {
        if self.plan.get().is_null() {
            // SAFETY: an SPI connection is open; the types outlive the call. SPI_keepplan moves the plan to memory that
            // stays as long as the backend.
            unsafe {
                let plan = pg_sys::SPI_prepare_cursor(
                    self.sql.as_ptr(),
                    i32::try_from(self.types.len()).unwrap_or(0),
                    self.types.as_ptr().cast_mut(),
                    pg_sys::CURSOR_OPT_GENERIC_PLAN.cast_signed(),
                );
                if plan.is_null() {
                    spi_error("a statement could not be prepared", pg_sys::SPI_result);
                }
                pg_sys::SPI_keepplan(plan);
                self.plan.set(plan);
            }
        }
        self.plan.get()
    }

    /// Forgets the plan if it was made for rows of another form.
    fn plan_for(&self, rows: &RowStore) {
        let mut reads = self.reads.borrow_mut();
        if !rows.of_type().types().eq(reads.iter().copied()) {
            *reads = rows.of_type().types().collect();
            self.plan.set(ptr::null_mut());
        }
    }

    fn check(&self, arguments: &[Value]) {
        let fits = |(argument, of_type): (&Value, &pg_sys::Oid)| argument.is_of(*of_type);
        if arguments.len() != self.types.len() || !arguments.iter().zip(self.types).all(fits) {
            error::internal("a statement was given other arguments than it has parameters");
        }
    }

    fn run<'c>(&self, connection: Connection<'c>, arguments: &[Value], is_read: bool) -> Rows<'c> {
        connection.check_innermost();
        self.check(arguments);
        // SPI's own marks for NULL and for a value.
        let mut values = [pg_sys::Datum::from(0); MOST_PARAMETERS];
        let mut nulls = [b'n'.cast_signed(); MOST_PARAMETERS];
        connection.in_memory(|| {
            for ((value, null), argument) in values.iter_mut().zip(&mut nulls).zip(arguments) {
                if let Some(argument) = argument.raw() {
                    (*value, *null) = (argument, b' '.cast_signed());
                }
            }
        });
        // SAFETY: the innermost SPI connection is open; both arrays have an entry for each parameter, of its type.
        let code = unsafe {
            pg_sys::SPI_execute_plan(self.plan(), values.as_mut_ptr(), nulls.as_ptr(), is_read, 0)
        };
        if code < 0 {
            spi_error("a statement could not be executed", code);
        }
        // SAFETY: both are set by the execution just done, whose rows stay until the connection closes.
        unsafe { Rows::new(pg_sys::SPI_tuptable, pg_sys::SPI_processed) }
    }

    fn run_into(
        &self,
        connection: Connection<'_>,
        arguments: &[Value],
        is_read: bool,
        returned: Returned<'_>,
    ) -> u64 {
        connection.check_innermost();
        self.check(arguments);
        let (store, descriptor) = returned.raw();
        // SAFETY: the innermost SPI connection is open. The parameter list has one entry per type of the plan, and the
        // receiver is in the connection's memory, longer than the execution. The receiver raises an error where the
        // rows do not have the form of the store's, and passes over columns that were dropped.
        connection.in_memory(|| unsafe {
            let params = pg_sys::makeParamList(i32::try_from(self.types.len()).unwrap_or(0));
            for (position, (argument, oid)) in arguments.iter().zip(self.types).enumerate() {
                let value = argument.raw();
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
                read_only: is_read,
                dest: receiver,
                ..pg_sys::SPIExecuteOptions::default()
            };
            let code = pg_sys::SPI_execute_plan_extended(self.plan(), &raw const options);
            if code < 0 {
                spi_error("a statement could not be executed", code);
            }
            pg_sys::SPI_processed
        })
    }
}

impl Statement {
    /// The statement that a thread keeps.
    pub const fn new(kept: &'static LocalKey<Kept>) -> Self {
        Self(kept)
    }

    /// Executes a statement that may write. There is one argument per parameter.
    pub fn execute<'c>(self, connection: Connection<'c>, arguments: &[Value]) -> Rows<'c> {
        self.0.with(|kept| kept.run(connection, arguments, false))
    }

    /// Executes a statement that only reads, in the snapshot of the caller.
    pub fn read<'c>(self, connection: Connection<'c>, arguments: &[Value]) -> Rows<'c> {
        self.0.with(|kept| kept.run(connection, arguments, true))
    }

    /// Executes a statement that may write. What it returns goes straight from the executor to what the call returns.
    /// Returns the number of rows.
    pub fn execute_into(
        self,
        connection: Connection<'_>,
        arguments: &[Value],
        returned: Returned<'_>,
    ) -> u64 {
        self.0
            .with(|kept| kept.run_into(connection, arguments, false, returned))
    }

    /// The same for a statement that only reads, in the snapshot of the caller.
    pub fn read_into(
        self,
        connection: Connection<'_>,
        arguments: &[Value],
        returned: Returned<'_>,
    ) -> u64 {
        self.0
            .with(|kept| kept.run_into(connection, arguments, true, returned))
    }

    /// Executes a statement without parameters that reads `rows` under the name. A statement is planned anew where it
    /// read rows of another form before.
    pub fn execute_over<'c>(
        self,
        connection: Connection<'c>,
        name: &'static CStr,
        rows: &RowStore<'_>,
    ) -> Rows<'c> {
        connection.check_innermost();
        self.0.with(|kept| {
            kept.plan_for(rows);
            rows.readable(name, || kept.run(connection, &[], false))
        })
    }

    /// The same where what the statement returns goes to what the call returns.
    pub fn execute_over_into(
        self,
        connection: Connection<'_>,
        name: &'static CStr,
        rows: &RowStore<'_>,
        returned: Returned<'_>,
    ) -> u64 {
        connection.check_innermost();
        self.0.with(|kept| {
            kept.plan_for(rows);
            rows.readable(name, || kept.run_into(connection, &[], false, returned))
        })
    }
}

fn spi_error(what: &str, code: i32) -> ! {
    error::internal(&format!("{what} (SPI code {code})"));
}

/// A text that ends in NUL, as C has it. Made in a constant, any other text does not compile.
pub const fn c_str(text: &'static str) -> &'static CStr {
    let text = CStr::from_bytes_with_nul(text.as_bytes());
    assert!(text.is_ok(), "a text ends in its only NUL");
    match text {
        Ok(text) => text,
        Err(_) => c"",
    }
}

/// The SQL of a file beside the one that asks for it.
macro_rules! sql_file {
    ($file:literal) => {
        $crate::postgres::statement::c_str(concat!(include_str!($file), "\0"))
    };
}
pub(crate) use sql_file;

/// Declares kept statements, with the types of their parameters.
macro_rules! statements {
    ($($(#[$comment:meta])* $name:ident($($oid:ident),* $(,)?) = $sql:expr;)*) => {$(
        $(#[$comment])*
        const $name: $crate::postgres::statement::Statement = {
            thread_local! {
                static KEPT: $crate::postgres::statement::Kept = const {
                    $crate::postgres::statement::Kept::new($sql, &[$(pgrx::pg_sys::$oid),*])
                };
            }
            $crate::postgres::statement::Statement::new(&KEPT)
        };
    )*};
}
pub(crate) use statements;

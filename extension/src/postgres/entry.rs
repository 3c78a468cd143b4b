//! Entry points of C functions, and the calls of them.
//!
//! They are version-1 functions written by hand rather than `#[pg_extern]`, because they return rows of tables that the
//! extension does not own, straight from the executor.

use std::marker::PhantomData;

use pgrx::fcinfo::{pg_getarg_datum, pg_return_null};
use pgrx::{IntoDatum, pg_sys};

use crate::postgres::connection::{Connection, connected};
use crate::postgres::datum::{Datum, Uuid, Value, base_type};
use crate::postgres::error;
use crate::postgres::row_store::Returned;

/// A call of a C function that is in progress for `'c`.
#[derive(Clone, Copy)]
pub struct Entry<'c> {
    call: pg_sys::FunctionCallInfo,
    running: PhantomData<&'c ()>,
}

/// What a call returns besides the rows of its set.
pub enum Answer {
    /// NULL, or nothing but the set.
    Null,
    /// What a function returns that is declared to return void.
    Void,
    /// boolean.
    Boolean(bool),
    /// uuid.
    Uuid(Uuid),
    /// text.
    Text(String),
    /// bytea.
    Bytea(Vec<u8>),
}

impl<'c> Entry<'c> {
    /// An argument, numbered from 0; `None` for NULL.
    pub fn argument(self, position: usize) -> Option<Datum<'c>> {
        // SAFETY: the call is in progress. Arguments stay until it ends, and have the types that the call says.
        unsafe {
            if position >= usize::try_from((*self.call).nargs).unwrap_or(0) {
                error::internal("a call was asked for an argument that its function does not have");
            }
            let value = pg_getarg_datum(self.call, position)?;
            Some(Datum::new(value, self.type_of(position)))
        }
    }

    /// The type of an argument: by the expression that calls, or else by the declaration.
    fn type_of(self, position: usize) -> pg_sys::Oid {
        // SAFETY: the call is in progress. A function that was not looked up has no types.
        unsafe {
            let function = (*self.call).flinfo;
            if function.is_null() {
                return pg_sys::InvalidOid;
            }
            let argument = i32::try_from(position).unwrap_or(-1);
            if let Some(calling) = calling_expression(function) {
                let arguments = (*calling).args;
                if !arguments.is_null() && argument < (*arguments).length {
                    let argument = (*(*arguments).elements.add(position)).ptr_value;
                    return type_of_expression(argument.cast());
                }
            }
            let (mut types, mut count) = (std::ptr::null_mut(), 0);
            pg_sys::get_func_signature((*function).fn_oid, &raw mut types, &raw mut count);
            if argument < count {
                *types.add(position)
            } else {
                pg_sys::InvalidOid
            }
        }
    }

    /// The set that the call returns, in the caller's memory; opened at its first use.
    pub fn returned(self) -> Returned<'c> {
        // SAFETY: InitMaterializedSRF checks that the caller takes a set, and fills resultinfo with a store and a
        // descriptor of the declared type, both in the caller's per-query memory.
        unsafe {
            let result = (*self.call).resultinfo;
            let is_open = !result.is_null()
                && (*result).type_ == pg_sys::NodeTag::T_ReturnSetInfo
                && !(*node::<pg_sys::ReturnSetInfo>(result)).setResult.is_null();
            if !is_open {
                pg_sys::InitMaterializedSRF(self.call, 0);
            }
            let result = node::<pg_sys::ReturnSetInfo>(result);
            Returned::new((*result).setResult, (*result).setDesc)
        }
    }

    /// Runs `body` with a connection that is open for as long as the call is looked at.
    pub fn connected<T>(self, body: impl for<'s> FnOnce(Entry<'s>, Connection<'s>) -> T) -> T {
        connected(|connection| {
            let entry = Entry {
                call: self.call,
                running: PhantomData,
            };
            body(entry, connection)
        })
    }

    /// The answer as the server takes it, in the caller's memory.
    fn answer(self, answer: &Answer) -> Option<pg_sys::Datum> {
        let value = match answer {
            Answer::Null => return None,
            Answer::Void => return Some(pg_sys::Datum::null()),
            Answer::Boolean(value) => Value::Boolean(*value),
            Answer::Uuid(value) => return self.uuid(*value),
            Answer::Text(value) => Value::Text(value),
            Answer::Bytea(value) => Value::Bytea(value),
        };
        self.check_declared(&value);
        value.raw()
    }

    fn uuid(self, value: Uuid) -> Option<pg_sys::Datum> {
        self.check_declared(&Value::Uuid(value));
        pgrx::Uuid::from_bytes(value).into_datum()
    }

    /// Raises an error unless the function is declared to return a value of the type.
    fn check_declared(self, value: &Value) {
        // SAFETY: the call is in progress.
        let declared = unsafe {
            let function = (*self.call).flinfo;
            if function.is_null() {
                pg_sys::InvalidOid
            } else if let Some(calling) = calling_expression(function) {
                (*calling).funcresulttype
            } else {
                pg_sys::get_func_rettype((*function).fn_oid)
            }
        };
        if !value.is_of(base_type(declared)) {
            error::internal("a function returns another type than it is declared to");
        }
    }
}

/// The expression that calls a function, where it is an ordinary one. This is `get_fn_expr_argtype` and
/// `get_fn_expr_rettype` of `fmgr.h` for the common case: each way into the server costs as much as a policy's answer.
///
/// # Safety
/// The function was looked up for a call in progress.
unsafe fn calling_expression(function: *mut pg_sys::FmgrInfo) -> Option<*mut pg_sys::FuncExpr> {
    // SAFETY: as the caller says; a node begins with its tag.
    unsafe {
        let calling = (*function).fn_expr;
        let is_ordinary = !calling.is_null() && (*calling).type_ == pg_sys::NodeTag::T_FuncExpr;
        is_ordinary.then(|| node(calling))
    }
}

/// `exprType` of `nodes/nodeFuncs.h`.
///
/// # Safety
/// The expression is a parsed one.
unsafe fn type_of_expression(expression: *mut pg_sys::Node) -> pg_sys::Oid {
    // SAFETY: as the caller says; a node begins with its tag.
    unsafe {
        match (*expression).type_ {
            pg_sys::NodeTag::T_Const => (*node::<pg_sys::Const>(expression)).consttype,
            pg_sys::NodeTag::T_Param => (*node::<pg_sys::Param>(expression)).paramtype,
            pg_sys::NodeTag::T_Var => (*node::<pg_sys::Var>(expression)).vartype,
            _ => pg_sys::exprType(expression),
        }
    }
}

/// A node as the type that its tag says: `castNode` of `nodes/nodes.h`.
const fn node<T>(node: *mut pg_sys::Node) -> *mut T {
    node.cast::<T>()
}

/// Runs `body` for a call, and returns its answer.
///
/// # Safety
/// `call` is the one that Postgres passed to the function that is running.
pub unsafe fn enter(
    call: pg_sys::FunctionCallInfo,
    body: impl for<'c> FnOnce(Entry<'c>) -> Answer,
) -> pg_sys::Datum {
    let entry = Entry {
        call,
        running: PhantomData,
    };
    let answer = body(entry);
    entry.answer(&answer).unwrap_or_else(|| {
        // SAFETY: the call is the running one.
        unsafe { pg_return_null(call) }
    })
}

/// Declares the C entry point of `$body`, the symbol `<name>_wrapper`, which runs it by `$run`, and the record that says it
/// obeys calling convention 1.
macro_rules! entry_point {
    ($body:ident, $run:path) => {
        const _: () = {
            /// Entry point, called by Postgres only.
            ///
            /// # Safety
            /// `call` must be a valid call of a function that is declared with this symbol.
            #[allow(unsafe_code, reason = "the macro is a part of the border to Postgres")]
            #[pgrx::pg_guard]
            #[unsafe(export_name = concat!(stringify!($body), "_wrapper"))]
            pub unsafe extern "C-unwind" fn wrapper(
                call: pgrx::pg_sys::FunctionCallInfo,
            ) -> pgrx::pg_sys::Datum {
                // SAFETY: passed through as Postgres gave it.
                unsafe { $crate::postgres::entry::enter(call, |entry| $run(entry, $body)) }
            }

            /// The record of the entry point.
            #[allow(unsafe_code, reason = "the macro is a part of the border to Postgres")]
            #[unsafe(export_name = concat!("pg_finfo_", stringify!($body), "_wrapper"))]
            pub extern "C" fn finfo() -> &'static pgrx::pg_sys::Pg_finfo_record {
                const RECORD: pgrx::pg_sys::Pg_finfo_record =
                    pgrx::pg_sys::Pg_finfo_record { api_version: 1 };
                &RECORD
            }
        };
    };
}
pub(crate) use entry_point;

/// What a value of Rust is as an [`Answer`].
macro_rules! answer_from {
    ($($of:ty => $variant:ident;)*) => {$(
        impl From<$of> for Answer {
            fn from(value: $of) -> Self {
                Self::$variant(value)
            }
        }
    )*};
}

answer_from! {
    bool => Boolean;
    Uuid => Uuid;
    String => Text;
    Vec<u8> => Bytea;
}

impl<T: Into<Self>> From<Option<T>> for Answer {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

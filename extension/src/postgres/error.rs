//! Errors of the server.

use pgrx::pg_sys;

/// Raises an error with its SQLSTATE, message and hint.
///
/// pgrx's own errors know a closed list of SQLSTATEs, without `PTnnn`; so the error is built as `elog.c` would.
pub fn raise(sqlstate: &str, message: &str, hint: &str) -> ! {
    let mut error = pg_sys::ErrorData {
        elevel: pgrx::PgLogLevel::ERROR as i32,
        sqlerrcode: pack(sqlstate),
        message: c_string(message),
        hint: c_string(hint),
        // SAFETY: CurrentMemoryContext is set while a function runs; ThrowErrorData copies what it needs into it.
        assoc_context: unsafe { pg_sys::CurrentMemoryContext },
        ..pg_sys::ErrorData::default()
    };
    // SAFETY: `error` is a complete ErrorData of level ERROR whose strings are palloc'd and end in NUL.
    // The call leaves by longjmp, which pgrx's guard turns into an unwind that is rethrown unchanged.
    unsafe { pg_sys::ThrowErrorData(&raw mut error) };
    unreachable!("ThrowErrorData returns for levels below ERROR only")
}

/// Raises what is wrong with the library itself.
pub fn internal(what: &str) -> ! {
    pgrx::ereport!(
        ERROR,
        pgrx::PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
        what.to_owned()
    );
}

/// Raises what a sum past the end of its type raises in a statement, in the same words.
pub fn out_of_range(of: Range) -> ! {
    let (code, message) = match of {
        Range::Integer => (
            pgrx::PgSqlErrorCode::ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
            "integer out of range",
        ),
        Range::Timestamp => (
            pgrx::PgSqlErrorCode::ERRCODE_DATETIME_FIELD_OVERFLOW,
            "timestamp out of range",
        ),
    };
    pgrx::ereport!(ERROR, code, message);
}

/// A type whose values end.
#[derive(Clone, Copy)]
pub enum Range {
    /// integer.
    Integer,
    /// timestamptz.
    Timestamp,
}

/// The five characters of a SQLSTATE as one integer, six bits each: `MAKE_SQLSTATE` of `utils/elog.h`.
fn pack(sqlstate: &str) -> i32 {
    sqlstate.bytes().enumerate().fold(0, |code, (place, byte)| {
        code | ((i32::from(byte) - i32::from(b'0')) & 0x3f) << (6 * place)
    })
}

/// A copy of the text, up to its first NUL.
fn c_string(text: &str) -> *mut std::ffi::c_char {
    // SAFETY: pnstrdup copies at most `len` bytes and ends them with NUL.
    unsafe { pg_sys::pnstrdup(text.as_ptr().cast(), text.len()) }
}

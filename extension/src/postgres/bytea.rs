//! The bytes of a bytea, wherever it is stored. A value out of line is read slice by slice, so that one of any size takes
//! the memory of one slice.

use pgrx::{pg_sys, varlena};

use crate::postgres::datum::Datum;
use crate::postgres::error;

/// Bytes read at a time. A slice is copied from shared buffers and used at once, so it should still fit into the core's
/// own cache; and each slice costs a descent of an index, so it should not be short.
const SLICE: i32 = 256 << 10;

/// Shows `visit` the bytes of a bytea from its first to its last, in one slice or several.
pub fn read_in_slices(content: Datum, mut visit: impl FnMut(&[u8])) {
    let content = checked(content);
    match size_out_of_line(content) {
        Some(size) => each_slice(content, size, visit),
        None => with_bytes(content, &mut visit),
    }
}

/// How many bytes a bytea has, read from its header or toast pointer alone.
pub fn size_of(content: Datum) -> i64 {
    // SAFETY: the datum is a varlena of any kind.
    let size = unsafe { pg_sys::toast_raw_datum_size(checked(content)) };
    i64::try_from(size - pg_sys::VARHDRSZ).unwrap_or(0)
}

fn checked(content: Datum) -> pg_sys::Datum {
    if !content.is_of(pg_sys::BYTEAOID) {
        error::internal("a value was read as a bytea, and is none");
    }
    content.raw()
}

/// How many bytes a value has that is stored out of line as it is, so that any part of it can be read without the rest;
/// `None` for any other. A compressed one can only be unpacked from its beginning.
fn size_out_of_line(content: pg_sys::Datum) -> Option<i32> {
    // SAFETY: the datum is a varlena of any kind, and both sizes are read from its header or toast pointer alone.
    unsafe {
        let value = content.cast_mut_ptr::<pg_sys::varlena>();
        if !varlena::varatt_is_1b_e(value)
            || u32::from(varlena::vartag_external(value)) != pg_sys::vartag_external::VARTAG_ONDISK
        {
            return None;
        }
        let size = pg_sys::toast_raw_datum_size(content) - pg_sys::VARHDRSZ;
        let is_plain = pg_sys::toast_datum_size(content) == size;
        i32::try_from(size).ok().filter(|_| is_plain)
    }
}

fn each_slice(content: pg_sys::Datum, size: i32, mut visit: impl FnMut(&[u8])) {
    let mut first = 0;
    while first < size {
        pgrx::check_for_interrupts!();
        let count = SLICE.min(size - first);
        // SAFETY: the datum points to a value out of line; its slice is palloc'd, and nothing refers to it afterwards.
        unsafe {
            let slice = pg_sys::pg_detoast_datum_slice(content.cast_mut_ptr(), first, count);
            visit(varlena::varlena_to_byte_slice(slice));
            pg_sys::pfree(slice.cast());
        }
        first += count;
    }
}

/// Lends the bytes of a value: borrowed if they are in the row, otherwise a copy that ends with the loan.
fn with_bytes(content: pg_sys::Datum, visit: &mut impl FnMut(&[u8])) {
    // SAFETY: the datum is a varlena; detoasting gives the same pointer or a palloc'd copy, which nothing refers to
    // after `visit`.
    unsafe {
        let value = content.cast_mut_ptr::<pg_sys::varlena>();
        let bytes = pg_sys::pg_detoast_datum_packed(value);
        visit(varlena::varlena_to_byte_slice(bytes));
        if bytes != value {
            pg_sys::pfree(bytes.cast());
        }
    }
}

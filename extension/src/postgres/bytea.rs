//! The bytes of a document: hashed where they lie. A value out of line is read slice by slice, so that a document of any
//! size takes the memory of one slice, where a function of one argument is handed a copy of all of it.

use chatkeep_core::digest::{Hasher, sha256};
use pgrx::{pg_sys, varlena};

/// Bytes read at a time. A slice is copied from shared buffers and hashed at once, so it should still lie in the core's
/// own cache then; and it should be long beside what it costs to begin reading, which is a descent of an index.
const SLICE: i32 = 256 << 10;

/// The SHA-256 of a bytea that is not NULL, whether it lies in the row, out of line, compressed or not.
pub fn digest_of(content: pg_sys::Datum) -> [u8; 32] {
    match size_out_of_line(content) {
        Some(size) => digest_of_slices(content, size),
        None => with_bytes(content, sha256),
    }
}

/// How many bytes a bytea has that is not NULL, read from its header or toast pointer alone.
pub fn size_of(content: pg_sys::Datum) -> i64 {
    // SAFETY: the datum is a varlena of any kind.
    let size = unsafe { pg_sys::toast_raw_datum_size(content) };
    i64::try_from(size - pg_sys::VARHDRSZ).unwrap_or(0)
}

/// How many bytes a value has that lies out of line as it is, so that any part of it can be read without the rest;
/// `None` of any other. A compressed one can only be unpacked from its beginning.
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

fn digest_of_slices(content: pg_sys::Datum, size: i32) -> [u8; 32] {
    let mut hasher = Hasher::new();
    let mut first = 0;
    while first < size {
        pgrx::check_for_interrupts!();
        let count = SLICE.min(size - first);
        // SAFETY: the datum points to a value out of line; its slice is palloc'd, and nothing refers to it afterwards.
        unsafe {
            let slice = pg_sys::pg_detoast_datum_slice(content.cast_mut_ptr(), first, count);
            hasher.update(varlena::varlena_to_byte_slice(slice));
            pg_sys::pfree(slice.cast());
        }
        first += count;
    }
    hasher.finish()
}

/// Lends the bytes of a value: borrowed if they lie in the row, otherwise a copy that ends with the loan.
fn with_bytes<T>(content: pg_sys::Datum, read: impl FnOnce(&[u8]) -> T) -> T {
    // SAFETY: the datum is a varlena; detoasting gives the same pointer or a palloc'd copy, which nothing refers to
    // after `read`.
    unsafe {
        let value = content.cast_mut_ptr::<pg_sys::varlena>();
        let bytes = pg_sys::pg_detoast_datum_packed(value);
        let answer = read(varlena::varlena_to_byte_slice(bytes));
        if bytes != value {
            pg_sys::pfree(bytes.cast());
        }
        answer
    }
}

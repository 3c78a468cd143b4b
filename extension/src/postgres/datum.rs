//! Values as datums.

use pgrx::pg_sys;

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

/// The bytes of a uuid datum.
pub fn bytes(id: pg_sys::Datum) -> [u8; 16] {
    // SAFETY: the datum is a uuid, which is a pointer to 16 bytes.
    unsafe { *id.cast_mut_ptr::<[u8; 16]>() }
}

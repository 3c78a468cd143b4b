//! jsonb arguments as the text that core's rules read.

use pgrx::pg_sys;
use std::borrow::Cow;

use crate::postgres::datum::bytea;

/// The text of a jsonb; empty objects, the usual default, are known without printing them.
pub fn text(datum: Option<pg_sys::Datum>) -> Option<Cow<'static, str>> {
    let datum = datum?;
    if is_empty_object(datum) {
        return Some(Cow::Borrowed("{}"));
    }
    // SAFETY: the datum is a jsonb, which is what jsonb_out takes; it returns a C string.
    let printed: Option<&std::ffi::CStr> =
        unsafe { pgrx::direct_function_call(pg_sys::jsonb_out, &[Some(datum)]) };
    printed.map(|text| Cow::Owned(text.to_string_lossy().into_owned()))
}

/// `JB_FOBJECT` of `utils/jsonb.h` with a count of zero: all that an empty object consists of.
const EMPTY_OBJECT: [u8; 4] = 0x2000_0000_u32.to_ne_bytes();

/// `{}` as a jsonb.
pub fn empty_object() -> Option<pg_sys::Datum> {
    // A bytea is as plain a varlena as a jsonb.
    bytea(&EMPTY_OBJECT)
}

fn is_empty_object(datum: pg_sys::Datum) -> bool {
    // SAFETY: the datum is a jsonb; detoasting gives a plain varlena whose payload has the length it says.
    unsafe {
        let value = pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr());
        pgrx::varlena_to_byte_slice(value) == EMPTY_OBJECT
    }
}

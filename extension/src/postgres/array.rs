//! One-dimensional arrays of datums, to hand many rows to one statement.

use pgrx::pg_sys;

/// How Postgres stores a type: `pg_type.typlen`, `typbyval`, `typalign`.
#[derive(Clone, Copy)]
pub struct Element {
    oid: pg_sys::Oid,
    length: i32,
    by_value: bool,
    alignment: u8,
}

/// uuid.
pub const UUID: Element = Element {
    oid: pg_sys::UUIDOID,
    length: 16,
    by_value: false,
    alignment: b'c',
};
/// text.
pub const TEXT: Element = Element {
    oid: pg_sys::TEXTOID,
    length: -1,
    by_value: false,
    alignment: b'i',
};
/// boolean.
pub const BOOL: Element = Element {
    oid: pg_sys::BOOLOID,
    length: 1,
    by_value: true,
    alignment: b'c',
};
/// bigint.
pub const BIGINT: Element = Element {
    oid: pg_sys::INT8OID,
    length: 8,
    by_value: true,
    alignment: b'd',
};
/// jsonb.
pub const JSONB: Element = Element {
    oid: pg_sys::JSONBOID,
    length: -1,
    by_value: false,
    alignment: b'i',
};

/// tid.
pub const TID: Element = Element {
    oid: pg_sys::TIDOID,
    length: 6,
    by_value: false,
    alignment: b's',
};

/// An array of `values`, each of the type of `element` or NULL.
pub fn of(element: Element, values: impl Iterator<Item = Option<pg_sys::Datum>>) -> pg_sys::Datum {
    let (mut datums, mut nulls): (Vec<pg_sys::Datum>, Vec<bool>) = values
        .map(|value| (value.unwrap_or(pg_sys::Datum::from(0)), value.is_none()))
        .unzip();
    let mut length = i32::try_from(datums.len()).unwrap_or(0);
    let mut lower_bound = 1;
    // SAFETY: both vectors have `length` entries, and every datum has the element's type; the array is
    // a palloc'd copy.
    let array = unsafe {
        pg_sys::construct_md_array(
            datums.as_mut_ptr(),
            nulls.as_mut_ptr(),
            1,
            &raw mut length,
            &raw mut lower_bound,
            element.oid,
            element.length,
            element.by_value,
            element.alignment.cast_signed(),
        )
    };
    pg_sys::Datum::from(array)
}

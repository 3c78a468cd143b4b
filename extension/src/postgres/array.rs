//! One-dimensional arrays, which hand many rows to one statement.

use pgrx::pg_sys;

use crate::postgres::connection::Connection;
use crate::postgres::datum::{Datum, Uuid, Value};
use crate::postgres::error;
use crate::postgres::index_scan::Place;

/// The type of the elements of an array, and how Postgres stores it: `pg_type.typlen`, `typbyval`, `typalign`.
#[derive(Clone, Copy)]
pub struct Element {
    of_type: pg_sys::Oid,
    array: pg_sys::Oid,
    length: i32,
    by_value: bool,
    alignment: u8,
}

/// uuid.
const UUID: Element = Element {
    of_type: pg_sys::UUIDOID,
    array: pg_sys::UUIDARRAYOID,
    length: 16,
    by_value: false,
    alignment: b'c',
};
/// text.
pub const TEXT: Element = Element {
    of_type: pg_sys::TEXTOID,
    array: pg_sys::TEXTARRAYOID,
    length: -1,
    by_value: false,
    alignment: b'i',
};
/// boolean.
pub const BOOLEAN: Element = Element {
    of_type: pg_sys::BOOLOID,
    array: pg_sys::BOOLARRAYOID,
    length: 1,
    by_value: true,
    alignment: b'c',
};
/// bigint.
pub const BIGINT: Element = Element {
    of_type: pg_sys::INT8OID,
    array: pg_sys::INT8ARRAYOID,
    length: 8,
    by_value: true,
    alignment: b'd',
};
/// jsonb.
pub const JSONB: Element = Element {
    of_type: pg_sys::JSONBOID,
    array: pg_sys::JSONBARRAYOID,
    length: -1,
    by_value: false,
    alignment: b'i',
};
/// tid.
const TID: Element = Element {
    of_type: pg_sys::TIDOID,
    array: pg_sys::TIDARRAYOID,
    length: 6,
    by_value: false,
    alignment: b's',
};

impl<'c> Connection<'c> {
    /// An array of values, each of the element's type or NULL.
    pub fn array<'v>(self, element: Element, values: impl Iterator<Item = Value<'v>>) -> Datum<'c> {
        let values: Vec<Value> = values.collect();
        if !values.iter().all(|value| value.is_of(element.of_type)) {
            error::internal("a value was put into an array of another type");
        }
        self.in_memory(|| {
            // SAFETY: the values have the element's type.
            unsafe { construct(element, values.iter().map(Value::raw)) }
        })
    }

    /// An array of text.
    pub fn texts<'v>(self, texts: impl Iterator<Item = &'v str>) -> Datum<'c> {
        self.array(TEXT, texts.map(Value::Text))
    }

    /// An array of uuid.
    pub fn uuids(self, ids: impl Iterator<Item = Uuid>) -> Datum<'c> {
        self.array(UUID, ids.map(Value::Uuid))
    }

    /// An array of tid.
    pub fn tids(self, places: &[Place]) -> Datum<'c> {
        self.in_memory(|| {
            // SAFETY: a tid is a pointer to an ItemPointerData.
            unsafe { construct(TID, places.iter().map(|place| Some(place.raw()))) }
        })
    }

    /// An array of bigint.
    pub fn big_integers(self, numbers: &[i64]) -> Datum<'c> {
        self.array(BIGINT, numbers.iter().copied().map(Value::BigInteger))
    }
}

/// An array in the current memory context.
///
/// # Safety
/// The values are of the element's type. The context stays for `'m`.
unsafe fn construct<'m>(
    element: Element,
    values: impl Iterator<Item = Option<pg_sys::Datum>>,
) -> Datum<'m> {
    let (mut datums, mut nulls): (Vec<pg_sys::Datum>, Vec<bool>) = values
        .map(|value| (value.unwrap_or(pg_sys::Datum::from(0)), value.is_none()))
        .unzip();
    let mut length = i32::try_from(datums.len()).unwrap_or(0);
    let mut lower_bound = 1;
    // SAFETY: both vectors have `length` entries, and every value has the element's type; the array is a palloc'd copy.
    unsafe {
        let array = pg_sys::construct_md_array(
            datums.as_mut_ptr(),
            nulls.as_mut_ptr(),
            1,
            &raw mut length,
            &raw mut lower_bound,
            element.of_type,
            element.length,
            element.by_value,
            element.alignment.cast_signed(),
        );
        Datum::new(pg_sys::Datum::from(array), element.array)
    }
}

//! Values of the server, and values of Rust on their way to it.

use std::borrow::Cow;
use std::marker::PhantomData;

use pgrx::{FromDatum, IntoDatum, pg_sys, varlena};

use crate::postgres::error;

/// The bytes of a uuid.
pub type Uuid = [u8; 16];

/// A value of the server with its type, never NULL. It stays for `'m`.
#[derive(Clone, Copy)]
pub struct Datum<'m> {
    value: pg_sys::Datum,
    of_type: pg_sys::Oid,
    memory: PhantomData<&'m ()>,
}

impl<'m> Datum<'m> {
    /// # Safety
    /// The value is one of the type, is not NULL, and stays unchanged for `'m`.
    pub(super) const unsafe fn new(value: pg_sys::Datum, of_type: pg_sys::Oid) -> Self {
        Self {
            value,
            of_type,
            memory: PhantomData,
        }
    }

    pub(super) const fn raw(self) -> pg_sys::Datum {
        self.value
    }

    /// Whether the value is of the type, or of a domain over it.
    pub(super) fn is_of(self, expected: pg_sys::Oid) -> bool {
        self.of_type == expected || base_type(self.of_type) == expected
    }

    /// The value as a type of Rust that it can be read as.
    pub fn read<T: Read<'m>>(self) -> T {
        if !T::TYPES.iter().any(|expected| self.is_of(*expected)) {
            error::internal("a value was read as another type than its own");
        }
        // SAFETY: the value has one of the types and stays for 'm.
        unsafe { T::read(self.value) }
    }
}

/// The type that a domain is made over; any other type is its own.
pub(super) fn base_type(of_type: pg_sys::Oid) -> pg_sys::Oid {
    /// `FirstGenbkiObjectId` of `access/transam.h`. Lower numbers are types of `pg_type.dat`, which has no domains.
    const FIRST_DOMAIN: u32 = 10_000;
    if of_type.to_u32() < FIRST_DOMAIN {
        return of_type;
    }
    // SAFETY: reads the system cache, and raises an error for a type that is not there.
    unsafe { pg_sys::getBaseType(of_type) }
}

/// A type of Rust that values of the server can be read as.
///
/// # Safety
/// `read` accepts every value of each of the types.
pub unsafe trait Read<'m>: Sized {
    /// The types of the server.
    const TYPES: &'static [pg_sys::Oid];

    /// Reads a value.
    ///
    /// # Safety
    /// The value is one of these types, is not NULL, and stays unchanged for `'m`.
    unsafe fn read(value: pg_sys::Datum) -> Self;
}

/// Types that pgrx reads by value.
macro_rules! read_by_value {
    ($($of:ty: $($oid:ident),+;)*) => {$(
        // SAFETY: pgrx reads each of these types from the value alone.
        unsafe impl Read<'_> for $of {
            const TYPES: &'static [pg_sys::Oid] = &[$(pg_sys::$oid),+];

            unsafe fn read(value: pg_sys::Datum) -> Self {
                // SAFETY: as the caller says.
                unsafe { <$of>::from_datum(value, false) }.unwrap_or_default()
            }
        }
    )*};
}

read_by_value! {
    bool: BOOLOID;
    i32: INT4OID;
    // A timestamptz is the number of microseconds since 2000-01-01.
    i64: INT8OID, TIMESTAMPTZOID;
}

// SAFETY: a uuid is a pointer to 16 bytes.
unsafe impl Read<'_> for Uuid {
    const TYPES: &'static [pg_sys::Oid] = &[pg_sys::UUIDOID];

    unsafe fn read(value: pg_sys::Datum) -> Self {
        // SAFETY: as the caller says; bytes have no alignment.
        unsafe { *value.cast_mut_ptr::<Self>() }
    }
}

/// Borrowed, unless the value is compressed or out of line.
// SAFETY: a text is a varlena. pgrx sees to its encoding.
unsafe impl<'m> Read<'m> for Cow<'m, str> {
    const TYPES: &'static [pg_sys::Oid] = &[pg_sys::TEXTOID];

    unsafe fn read(value: pg_sys::Datum) -> Self {
        // SAFETY: as the caller says. A plain value is borrowed where it is, for as long as it stays there.
        unsafe {
            if is_plain(value) {
                <&str>::from_datum(value, false).map(Cow::Borrowed)
            } else {
                String::from_datum(value, false).map(Cow::Owned)
            }
        }
        .unwrap_or_default()
    }
}

// SAFETY: a bytea is a varlena.
unsafe impl Read<'_> for Vec<u8> {
    const TYPES: &'static [pg_sys::Oid] = &[pg_sys::BYTEAOID];

    unsafe fn read(value: pg_sys::Datum) -> Self {
        // SAFETY: as the caller says.
        unsafe { Self::from_datum(value, false) }.unwrap_or_default()
    }
}

// SAFETY: pgrx reads an array of text, whose elements it copies.
unsafe impl Read<'_> for Vec<Option<String>> {
    const TYPES: &'static [pg_sys::Oid] = &[pg_sys::TEXTARRAYOID];

    unsafe fn read(value: pg_sys::Datum) -> Self {
        // SAFETY: as the caller says.
        unsafe { Self::from_datum(value, false) }.unwrap_or_default()
    }
}

/// Whether a varlena is neither compressed nor out of line.
///
/// # Safety
/// The value is a varlena.
unsafe fn is_plain(value: pg_sys::Datum) -> bool {
    let value = value.cast_mut_ptr();
    // SAFETY: the header says it, which every varlena has.
    unsafe { !varlena::varatt_is_1b_e(value) && !varlena::varatt_is_4b_c(value) }
}

/// An argument of a statement, or a column of a row.
#[derive(Clone, Copy, Default)]
pub enum Value<'v> {
    /// NULL, of any type.
    #[default]
    Null,
    /// A value of the server.
    Datum(Datum<'v>),
    /// boolean.
    Boolean(bool),
    /// integer.
    Integer(i32),
    /// bigint, or a timestamptz in microseconds since 2000-01-01.
    BigInteger(i64),
    /// xid.
    TransactionId(pg_sys::TransactionId),
    /// uuid.
    Uuid(Uuid),
    /// text.
    Text(&'v str),
    /// bytea.
    Bytea(&'v [u8]),
}

impl Value<'_> {
    /// Whether the value is of the type, or of a domain over it. NULL is.
    pub(super) fn is_of(&self, expected: pg_sys::Oid) -> bool {
        match self {
            Self::Null => true,
            Self::Datum(datum) => datum.is_of(expected),
            Self::Boolean(_) => expected == pg_sys::BOOLOID,
            Self::Integer(_) => expected == pg_sys::INT4OID,
            Self::BigInteger(_) => {
                expected == pg_sys::INT8OID || expected == pg_sys::TIMESTAMPTZOID
            }
            Self::TransactionId(_) => expected == pg_sys::XIDOID,
            Self::Uuid(_) => expected == pg_sys::UUIDOID,
            Self::Text(_) => expected == pg_sys::TEXTOID,
            Self::Bytea(_) => expected == pg_sys::BYTEAOID,
        }
    }

    /// The value as the server takes it, `None` for NULL. It stays as long as this value does, and the current memory
    /// context.
    pub(super) fn raw(&self) -> Option<pg_sys::Datum> {
        match self {
            Self::Null => None,
            Self::Datum(datum) => Some(datum.raw()),
            Self::Boolean(value) => value.into_datum(),
            Self::Integer(value) => value.into_datum(),
            Self::BigInteger(value) => value.into_datum(),
            Self::TransactionId(value) => value.into_datum(),
            Self::Uuid(value) => Some(pg_sys::Datum::from(value.as_ptr())),
            Self::Text(value) => value.into_datum(),
            Self::Bytea(value) => value.into_datum(),
        }
    }
}

/// What a value of Rust is as a [`Value`].
macro_rules! value_from {
    ($($of:ty => $variant:ident;)*) => {$(
        impl<'v> From<$of> for Value<'v> {
            fn from(value: $of) -> Self {
                Self::$variant(value)
            }
        }
    )*};
}

value_from! {
    Datum<'v> => Datum;
    bool => Boolean;
    i32 => Integer;
    i64 => BigInteger;
    pg_sys::TransactionId => TransactionId;
    Uuid => Uuid;
    &'v str => Text;
    &'v [u8] => Bytea;
}

impl<'v, T: Into<Value<'v>>> From<Option<T>> for Value<'v> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// An array of [`Value`]s.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        [$($crate::postgres::datum::Value::from($value)),*]
    };
}
pub(crate) use values;

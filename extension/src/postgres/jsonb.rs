//! jsonb as Postgres holds it, read in place: the items of an array and the values of their keys.

use chatkeep_core::batch::{self, Kind};
use chatkeep_core::{Refusal, uuid};
use pgrx::pg_sys;
use std::str::FromStr;

/// `JB_CMASK` and the flags of `utils/jsonb.h`.
const COUNT: u32 = 0x0FFF_FFFF;
const OBJECT: u32 = 0x2000_0000;
const ARRAY: u32 = 0x4000_0000;
const SCALAR: u32 = 0x1000_0000;

/// An object or array inside a jsonb.
#[derive(Clone, Copy)]
struct Container(*mut pg_sys::JsonbContainer);

impl Container {
    /// The outermost value of a jsonb argument.
    fn of(datum: pg_sys::Datum) -> Self {
        // SAFETY: the datum is a jsonb; detoasting gives a whole varlena with an aligned header, and
        // the container follows its length word.
        unsafe {
            let value = pg_sys::pg_detoast_datum(datum.cast_mut_ptr());
            #[expect(
                clippy::cast_ptr_alignment,
                reason = "a detoasted varlena is aligned for its header"
            )]
            let jsonb = value.cast::<pg_sys::Jsonb>();
            Self(&raw mut (*jsonb).root)
        }
    }

    fn header(self) -> u32 {
        // SAFETY: a container begins with its header.
        unsafe { (*self.0).header }
    }

    /// Items of an array, keys of an object.
    fn len(self) -> u32 {
        self.header() & COUNT
    }

    /// Whether this is an object.
    fn is_object(self) -> bool {
        self.header() & OBJECT != 0
    }

    /// Whether this is an array; a scalar lies in one of its own, which does not count.
    fn is_array(self) -> bool {
        self.header() & ARRAY != 0 && self.header() & SCALAR == 0
    }

    /// The object at a position of this array; `None` when something else is there.
    fn object(self, position: u32) -> Option<Self> {
        // SAFETY: the container is an array; the value is palloc'd, or NULL beyond its end.
        unsafe {
            let value = pg_sys::getIthJsonbValueFromContainer(self.0, position);
            if value.is_null() || (*value).type_ != pg_sys::jbvType::jbvBinary {
                return None;
            }
            let inner = Self((*value).val.binary.data);
            inner.is_object().then_some(inner)
        }
    }

    /// The value of a key of this object; JSON null counts as absent, and is `present` all the same.
    fn get(self, key: &'static str) -> Value {
        // SAFETY: the container is an object; the value is palloc'd, or NULL where the key is absent.
        unsafe {
            let value = pg_sys::getKeyJsonValueFromContainer(
                self.0,
                key.as_ptr().cast(),
                i32::try_from(key.len()).unwrap_or(0),
                std::ptr::null_mut(),
            );
            Value { key, value }
        }
    }
}

/// An array argument whose items are objects.
pub struct Batch<const KEYS: usize> {
    /// Its name.
    pub argument: &'static str,
    /// The most items it may have.
    pub most: usize,
    /// The keys an item may have, and the sentence that lists them.
    pub keys: [&'static str; KEYS],
    pub keys_hint: &'static str,
}

impl<const KEYS: usize> Batch<KEYS> {
    /// What `read` makes of the values of each item's keys; a refusal names the item.
    pub fn read<T>(
        &self,
        array: Option<pg_sys::Datum>,
        read: impl Fn([Value; KEYS]) -> Result<T, Refusal>,
    ) -> Result<Vec<T>, Refusal> {
        let array = Container::of(array.ok_or_else(|| Refusal::missing(self.argument))?);
        if !array.is_array() {
            return Err(Refusal::invalid(
                self.argument,
                "must be a JSON array",
                "Wrap the value in one.",
            ));
        }
        batch::size(self.argument, array.len() as usize, self.most)?;
        (0..array.len())
            .map(|position| {
                let place = position as usize;
                let object = array
                    .object(position)
                    .ok_or_else(|| batch::item_not_object(self.argument, place))?;
                // Most items have few of the keys; who has found all of an item's need not ask for the others.
                let mut unknown = object.len();
                let values = self.keys.map(|key| {
                    let value = if unknown == 0 {
                        Value::absent(key)
                    } else {
                        object.get(key)
                    };
                    unknown -= u32::from(value.is_present());
                    value
                });
                if unknown > 0 {
                    return Err(batch::item_unknown_key(
                        self.argument,
                        place,
                        self.keys_hint,
                    ));
                }
                read(values).map_err(|refusal| refusal.in_item(self.argument, place))
            })
            .collect()
    }
}

/// What a key names.
#[derive(Clone, Copy)]
pub struct Value {
    key: &'static str,
    value: *mut pg_sys::JsonbValue,
}

impl Value {
    const fn absent(key: &'static str) -> Self {
        Self {
            key,
            value: std::ptr::null_mut(),
        }
    }

    /// Whether the key is there, be it with null.
    pub fn is_present(self) -> bool {
        !self.value.is_null()
    }

    fn is_null(self) -> bool {
        // SAFETY: the pointer is NULL or a value.
        self.value.is_null() || unsafe { (*self.value).type_ == pg_sys::jbvType::jbvNull }
    }

    /// A string, borrowed from the jsonb.
    pub fn text(self) -> Result<Option<&'static str>, Refusal> {
        self.string(Kind::Text)
    }

    fn string(self, kind: Kind) -> Result<Option<&'static str>, Refusal> {
        if self.is_null() {
            return Ok(None);
        }
        // SAFETY: the value is a string where its type says so; jsonb holds text in the database's
        // encoding, which pgrx requires to be UTF-8, and it outlives the call that it is an argument of.
        unsafe {
            if (*self.value).type_ != pg_sys::jbvType::jbvString {
                return Err(batch::wrong_kind(self.key, kind));
            }
            let string = (*self.value).val.string;
            let bytes = std::slice::from_raw_parts(
                string.val.cast::<u8>(),
                usize::try_from(string.len).unwrap_or(0),
            );
            Ok(Some(std::str::from_utf8_unchecked(bytes)))
        }
    }

    /// A string that is a UUID.
    pub fn uuid(self) -> Result<Option<[u8; 16]>, Refusal> {
        match self.string(Kind::Uuid)? {
            None => Ok(None),
            Some(text) => uuid::parse(text)
                .map(Some)
                .ok_or_else(|| batch::wrong_kind(self.key, Kind::Uuid)),
        }
    }

    /// A whole number of 32 bits.
    pub fn integer(self) -> Result<Option<i32>, Refusal> {
        self.number(Kind::Integer)
    }

    /// A whole number of 64 bits.
    pub fn big_integer(self) -> Result<Option<i64>, Refusal> {
        self.number(Kind::BigInteger)
    }

    fn number<T: FromStr>(self, kind: Kind) -> Result<Option<T>, Refusal> {
        if self.is_null() {
            return Ok(None);
        }
        let wrong = || batch::wrong_kind(self.key, kind);
        // SAFETY: the value is a numeric where its type says so; numeric_out prints it.
        let printed: Option<&std::ffi::CStr> = unsafe {
            if (*self.value).type_ != pg_sys::jbvType::jbvNumeric {
                return Err(wrong());
            }
            let number = pg_sys::Datum::from((*self.value).val.numeric);
            pgrx::direct_function_call(pg_sys::numeric_out, &[Some(number)])
        };
        printed
            .and_then(|text| text.to_str().ok()?.parse().ok())
            .map(Some)
            .ok_or_else(wrong)
    }

    /// Any value but null, as a jsonb of its own.
    pub fn json(self) -> Option<pg_sys::Datum> {
        if self.is_null() {
            return None;
        }
        // SAFETY: the value is complete; the copy is palloc'd.
        Some(unsafe { pg_sys::Datum::from(pg_sys::JsonbValueToJsonb(self.value)) })
    }
}

//! jsonb as Postgres holds it, read in place: the items of an array and the values of their keys.

use std::borrow::Cow;
use std::ffi::CStr;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::str::FromStr;

use pgrx::pg_sys;

use crate::postgres::connection::Connection;
use crate::postgres::datum::Datum;
use crate::postgres::error;

/// `JB_CMASK` and the flags of `utils/jsonb.h`.
const COUNT: u32 = 0x0FFF_FFFF;
const OBJECT: u32 = 0x2000_0000;
const ARRAY: u32 = 0x4000_0000;
const SCALAR: u32 = 0x1000_0000;

/// A whole varlena of four bytes, as the server aligns it.
#[repr(C, align(8))]
struct Varlena([u32; 2]);

/// The header says that the varlena has 8 bytes (`SET_VARSIZE_4B` of `varatt.h`). The rest is an object without keys.
static EMPTY_OBJECT: Varlena = Varlena([
    if cfg!(target_endian = "big") {
        8
    } else {
        8 << 2
    },
    OBJECT,
]);

/// `{}`.
pub fn empty_object<'m>() -> Datum<'m> {
    let value = pg_sys::Datum::from(&raw const EMPTY_OBJECT);
    // SAFETY: the varlena is a jsonb.
    unsafe { Datum::new(value, pg_sys::JSONBOID) }
}

/// The text of a jsonb. An empty object, the usual default, is known without printing it.
pub fn text(jsonb: Datum) -> Cow<'static, str> {
    let value = checked(jsonb);
    if is_empty_object(value) {
        return Cow::Borrowed("{}");
    }
    // SAFETY: the datum is a jsonb, which is what jsonb_out takes; it returns a C string.
    let printed: Option<&CStr> =
        unsafe { pgrx::direct_function_call(pg_sys::jsonb_out, &[Some(value)]) };
    printed.map_or_else(Cow::default, |text| {
        Cow::Owned(text.to_string_lossy().into_owned())
    })
}

fn is_empty_object(value: pg_sys::Datum) -> bool {
    // SAFETY: the datum is a jsonb; detoasting gives a plain varlena whose payload has the length it says.
    unsafe {
        let value = pg_sys::pg_detoast_datum_packed(value.cast_mut_ptr());
        pgrx::varlena_to_byte_slice(value) == OBJECT.to_ne_bytes()
    }
}

fn checked(jsonb: Datum) -> pg_sys::Datum {
    if !jsonb.is_of(pg_sys::JSONBOID) {
        error::internal("a value was read as a jsonb, and is none");
    }
    jsonb.raw()
}

/// An object or array inside a jsonb, which stays for `'m`.
#[derive(Clone, Copy)]
struct Container<'m> {
    container: *mut pg_sys::JsonbContainer,
    memory: PhantomData<&'m ()>,
}

impl Container<'_> {
    fn header(self) -> u32 {
        // SAFETY: a container begins with its header.
        unsafe { (*self.container).header }
    }

    fn len(self) -> u32 {
        self.header() & COUNT
    }
}

/// An array.
#[derive(Clone, Copy)]
pub struct Array<'m>(Container<'m>);

impl<'c> Array<'c> {
    /// The array that a jsonb is; `None` where it is something else.
    pub fn of(connection: Connection<'c>, jsonb: Datum<'c>) -> Option<Self> {
        let value = checked(jsonb);
        // SAFETY: detoasting gives the same pointer or a copy in the connection's memory: a whole varlena with an aligned
        // header, and the container follows its length word.
        let container = connection.in_memory(|| unsafe {
            let value = pg_sys::pg_detoast_datum(value.cast_mut_ptr());
            #[expect(
                clippy::cast_ptr_alignment,
                reason = "a detoasted varlena is aligned for its header"
            )]
            let jsonb = value.cast::<pg_sys::Jsonb>();
            &raw mut (*jsonb).root
        });
        let container = Container {
            container,
            memory: PhantomData,
        };
        let header = container.header();
        // A scalar is in an array of its own, which does not count.
        (header & ARRAY != 0 && header & SCALAR == 0).then_some(Self(container))
    }

    /// How many items it has.
    pub fn len(self) -> u32 {
        self.0.len()
    }

    /// The item at a position; `None` beyond the end.
    pub fn get(self, position: u32) -> Option<Json<'c>> {
        // SAFETY: the container is an array; the value is palloc'd, or NULL beyond its end. What it points to is a part
        // of the array.
        unsafe {
            let value = pg_sys::getIthJsonbValueFromContainer(self.0.container, position);
            (!value.is_null()).then(|| Json {
                value: *value,
                memory: PhantomData,
            })
        }
    }
}

/// An object.
#[derive(Clone, Copy)]
pub struct Object<'m>(Container<'m>);

impl<'m> Object<'m> {
    /// How many keys it has.
    pub fn len(self) -> u32 {
        self.0.len()
    }

    /// The value of a key; `None` where the object lacks it.
    pub fn get(self, key: &str) -> Option<Json<'m>> {
        let mut value = MaybeUninit::uninit();
        // SAFETY: the container is an object. The function fills in `value` and returns it, or NULL where the key is
        // absent. What a value points to is a part of the object.
        unsafe {
            let found = pg_sys::getKeyJsonValueFromContainer(
                self.0.container,
                key.as_ptr().cast(),
                i32::try_from(key.len()).unwrap_or(0),
                value.as_mut_ptr(),
            );
            (!found.is_null()).then(|| Json {
                value: value.assume_init(),
                memory: PhantomData,
            })
        }
    }
}

/// A value inside a jsonb, which stays for `'m`.
#[derive(Clone, Copy)]
pub struct Json<'m> {
    value: pg_sys::JsonbValue,
    memory: PhantomData<&'m ()>,
}

impl<'m> Json<'m> {
    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        self.value.type_ == pg_sys::jbvType::jbvNull
    }

    /// The object that it is; `None` where it is something else.
    pub fn object(&self) -> Option<Object<'m>> {
        if self.value.type_ != pg_sys::jbvType::jbvBinary {
            return None;
        }
        let inner = Container {
            // SAFETY: the value is an object or array, which is a part of the jsonb.
            container: unsafe { self.value.val.binary.data },
            memory: PhantomData,
        };
        (inner.header() & OBJECT != 0).then_some(Object(inner))
    }

    /// The string that it is; `None` where it is something else.
    pub fn text(&self) -> Option<&'m str> {
        if self.value.type_ != pg_sys::jbvType::jbvString {
            return None;
        }
        // SAFETY: the value is a string, which is a part of the jsonb.
        let bytes = unsafe {
            let string = self.value.val.string;
            let length = usize::try_from(string.len).unwrap_or(0);
            std::slice::from_raw_parts(string.val.cast::<u8>(), length)
        };
        if is_utf8() {
            // SAFETY: jsonb holds text in the database's encoding, which is UTF-8.
            return Some(unsafe { std::str::from_utf8_unchecked(bytes) });
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(_) => error::internal("a string is not UTF-8, as all text has to be"),
        }
    }

    /// The number that it is, read by Rust from how the server prints it; `None` where it is something else.
    pub fn number<T: FromStr>(&self) -> Option<T> {
        if self.value.type_ != pg_sys::jbvType::jbvNumeric {
            return None;
        }
        // SAFETY: the value is a numeric; numeric_out prints it as a C string.
        let printed: Option<&CStr> = unsafe {
            let number = pg_sys::Datum::from(self.value.val.numeric);
            pgrx::direct_function_call(pg_sys::numeric_out, &[Some(number)])
        };
        printed.and_then(|text| text.to_str().ok()?.parse().ok())
    }

    /// The value as JSON text, in the memory of the connection. An empty object, the usual default, is not printed.
    pub fn printed<'c>(&self, connection: Connection<'c>) -> &'c str {
        let value = self.jsonb(connection).raw();
        if is_empty_object(value) {
            return "{}";
        }
        // SAFETY: the datum is a jsonb, which is what jsonb_out takes; it returns a C string, which stays where it is
        // as long as the connection's memory.
        let printed: Option<&'c CStr> = connection
            .in_memory(|| unsafe { pgrx::direct_function_call(pg_sys::jsonb_out, &[Some(value)]) });
        match printed.map(CStr::to_str) {
            Some(Ok(text)) => text,
            _ => error::internal("a jsonb is not UTF-8, as all text has to be"),
        }
    }

    /// The value as a jsonb of its own.
    pub fn jsonb<'c>(&self, connection: Connection<'c>) -> Datum<'c> {
        let mut value = self.value;
        // SAFETY: the value is complete; its copy is palloc'd in the connection's memory.
        connection.in_memory(|| unsafe {
            let jsonb = pg_sys::JsonbValueToJsonb(&raw mut value);
            Datum::new(pg_sys::Datum::from(jsonb), pg_sys::JSONBOID)
        })
    }
}

/// Whether text of the database is UTF-8.
fn is_utf8() -> bool {
    thread_local! {
        // SAFETY: reads the encoding of the database, which a backend does not change.
        static IS_UTF8: bool = u32::try_from(unsafe { pg_sys::GetDatabaseEncoding() })
            == Ok(pg_sys::pg_enc::PG_UTF8);
    }
    IS_UTF8.with(|is_utf8| *is_utf8)
}

//! The source of a function, read from the system cache.

use std::borrow::Cow;
use std::ffi::CStr;

use pgrx::pg_sys;

use crate::postgres::datum::Datum;

/// The row of `pg_proc` of a function.
pub struct Function {
    entry: pg_sys::HeapTuple,
}

/// Which version of a row it is: its place, and the transaction that wrote it.
pub type Version = (u16, u16, u16, pg_sys::TransactionId);

/// Runs `body` on a function without arguments; `None` where there is none of the name.
pub fn with_function<T>(
    schema: &CStr,
    name: &CStr,
    body: impl FnOnce(&Function) -> T,
) -> Option<T> {
    // SAFETY: the cache entry is held while it is read, and released once. An error leaves that to the resource owner.
    unsafe {
        let schema = pg_sys::get_namespace_oid(schema.as_ptr(), true);
        let entry = pg_sys::SearchSysCache3(
            pg_sys::SysCacheIdentifier::PROCNAMEARGSNSP.cast_signed(),
            pg_sys::Datum::from(name.as_ptr()),
            pg_sys::Datum::from(pg_sys::buildoidvector(std::ptr::null(), 0)),
            pg_sys::Datum::from(schema),
        );
        if entry.is_null() {
            return None;
        }
        let outcome = body(&Function { entry });
        pg_sys::ReleaseSysCache(entry);
        Some(outcome)
    }
}

impl Function {
    /// The version of its row.
    pub fn version(&self) -> Version {
        // SAFETY: the entry is held, and a version of a row that is stored.
        unsafe {
            let place = (*self.entry).t_self;
            (
                place.ip_blkid.bi_hi,
                place.ip_blkid.bi_lo,
                place.ip_posid,
                (*(*self.entry).t_data).t_choice.t_heap.t_xmin,
            )
        }
    }

    /// Its source.
    pub fn source(&self) -> Option<Cow<'_, str>> {
        let mut is_null = false;
        // SAFETY: the entry is one of the cache, and is held as long as the text is used. The column is a text.
        unsafe {
            let source = pg_sys::SysCacheGetAttr(
                pg_sys::SysCacheIdentifier::PROCNAMEARGSNSP.cast_signed(),
                self.entry,
                i16::try_from(pg_sys::Anum_pg_proc_prosrc).unwrap_or(0),
                &raw mut is_null,
            );
            (!is_null).then(|| Datum::new(source, pg_sys::TEXTOID).read())
        }
    }
}

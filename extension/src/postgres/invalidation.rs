//! Changes of the catalog, counted as this backend hears of them.

use std::cell::Cell;
use std::ffi::c_int;

use pgrx::pg_sys;

thread_local! {
    static CHANGES: Cell<u64> = const { Cell::new(0) };
    static LISTENS: Cell<bool> = const { Cell::new(false) };
}

/// How many changes this backend has heard of since it first asked: of tables with their columns, policies and privileges,
/// of roles and their memberships, of functions, operators, types and schemas. Ask once a table is locked, since locking it hears
/// of changes.
pub fn changes() -> u64 {
    if !LISTENS.replace(true) {
        listen();
    }
    CHANGES.get()
}

fn listen() {
    // SAFETY: both functions live as long as the backend, since a library is never unloaded, and raise nothing.
    unsafe {
        CacheRegisterRelcacheCallback(table_changed, pg_sys::Datum::from(0));
        for cache in [
            pg_sys::SysCacheIdentifier::AUTHOID,
            pg_sys::SysCacheIdentifier::AUTHMEMROLEMEM,
            pg_sys::SysCacheIdentifier::PROCOID,
            pg_sys::SysCacheIdentifier::OPEROID,
            pg_sys::SysCacheIdentifier::TYPEOID,
            pg_sys::SysCacheIdentifier::NAMESPACEOID,
        ] {
            let cache = c_int::try_from(cache).unwrap_or(0);
            CacheRegisterSyscacheCallback(cache, entry_changed, pg_sys::Datum::from(0));
        }
    }
}

extern "C-unwind" fn table_changed(_: pg_sys::Datum, _: pg_sys::Oid) {
    count_change();
}

extern "C-unwind" fn entry_changed(_: pg_sys::Datum, _: c_int, _: u32) {
    count_change();
}

fn count_change() {
    CHANGES.set(CHANGES.get().wrapping_add(1));
}

// `utils/inval.h`, which pgrx does not bind.
unsafe extern "C-unwind" {
    fn CacheRegisterRelcacheCallback(
        heard: extern "C-unwind" fn(pg_sys::Datum, pg_sys::Oid),
        argument: pg_sys::Datum,
    );
    fn CacheRegisterSyscacheCallback(
        cache: c_int,
        heard: extern "C-unwind" fn(pg_sys::Datum, c_int, u32),
        argument: pg_sys::Datum,
    );
}

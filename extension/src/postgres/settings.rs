//! Settings of the server, by functions of their own instead of statements.

use std::ffi::CStr;

use pgrx::pg_sys;

/// A setting as it stands. `None` where nobody has set it, or where it is not UTF-8.
pub fn get(name: &CStr) -> Option<String> {
    let value = with(name, |value| value.to_str().ok().map(str::to_owned));
    value.flatten()
}

/// Whether a setting has this value. Nothing is copied.
pub fn is(name: &CStr, value: &[u8]) -> bool {
    with(name, |found| found.to_bytes() == value) == Some(true)
}

/// Whether a setting is there and not empty.
pub fn is_set(name: &CStr) -> bool {
    with(name, |value| !value.is_empty()) == Some(true)
}

/// Whether a setting passes a test. Nothing is copied.
pub fn passes(name: &CStr, test: impl FnOnce(&str) -> bool) -> bool {
    with(name, |value| value.to_str().is_ok_and(test)) == Some(true)
}

/// Reads a setting as it stands; `None` where nobody has set it. Nothing is copied.
pub fn with<T>(name: &CStr, read: impl FnOnce(&CStr) -> T) -> Option<T> {
    // SAFETY: the name ends in NUL; an unknown name gives NULL. The string belongs to the setting, and stays until the
    // setting changes, which `read` does not do.
    unsafe {
        let value = pg_sys::GetConfigOption(name.as_ptr(), true, false);
        (!value.is_null()).then(|| read(CStr::from_ptr(value)))
    }
}

/// Sets a setting for the rest of the transaction, as `set_config(name, value, true)` does.
pub fn set_local(name: &CStr, value: &CStr) {
    set(name, value, pg_sys::GucAction::GUC_ACTION_LOCAL);
}

/// Sets a setting until the level of settings ends: the `with_settings` that is running, or the transaction. What was there comes
/// back then.
pub fn set_for_level(name: &CStr, value: &CStr) {
    set(name, value, pg_sys::GucAction::GUC_ACTION_SAVE);
}

/// Runs `body` with settings, as a function's `SET` clauses would set them. An error leaves them to the abort.
pub fn with_settings<T>(settings: &[(&CStr, &CStr)], body: impl FnOnce() -> T) -> T {
    // SAFETY: the level is closed on every return of `body`.
    unsafe {
        let level = pg_sys::NewGUCNestLevel();
        for (name, value) in settings {
            set_for_level(name, value);
        }
        let outcome = body();
        pg_sys::AtEOXact_GUC(true, level);
        outcome
    }
}

fn set(name: &CStr, value: &CStr, action: pg_sys::GucAction::Type) {
    // SAFETY: both strings end in NUL and are copied; an unknown name of the form a.b becomes a placeholder.
    unsafe {
        pg_sys::set_config_option(
            name.as_ptr(),
            value.as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
            action,
            true,
            0,
            false,
        );
    }
}

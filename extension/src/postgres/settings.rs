//! Settings of the server.

use std::ffi::CStr;

use pgrx::pg_sys;

/// A setting as it stands; `None` where nobody has set it. It is only read until the next statement.
pub fn setting(name: &CStr) -> Option<&'static str> {
    // SAFETY: the name ends in NUL; an unknown name gives NULL. The string belongs to the setting and
    // stays while nobody sets it, which the callers do not.
    unsafe {
        let value = pg_sys::GetConfigOption(name.as_ptr(), true, false);
        if value.is_null() {
            return None;
        }
        CStr::from_ptr(value).to_str().ok()
    }
}

/// Sets a transaction-local setting, as `set_config(name, value, true)` does, without a statement.
pub fn set_local(name: &CStr, value: &CStr) {
    set(name, value, pg_sys::GucAction::GUC_ACTION_LOCAL);
}

/// Runs `body` with settings as a function's `SET` clauses would have them. An error leaves them to the abort.
pub fn with_settings<T>(settings: &[(&CStr, &CStr)], body: impl FnOnce() -> T) -> T {
    // SAFETY: the level is closed on every return of `body`.
    unsafe {
        let level = pg_sys::NewGUCNestLevel();
        for (name, value) in settings {
            set(name, value, pg_sys::GucAction::GUC_ACTION_SAVE);
        }
        let outcome = body();
        pg_sys::AtEOXact_GUC(true, level);
        outcome
    }
}

/// Sets a setting until the call ends, when what was there comes back: `Call::run` has begun the level of settings that
/// it is saved at. An error leaves that to the abort.
pub fn set_for_call(name: &CStr, value: &CStr) {
    set(name, value, pg_sys::GucAction::GUC_ACTION_SAVE);
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

//! The role of this moment.

use std::ffi::CStr;

use pgrx::pg_sys;

/// A role.
pub type RoleId = pg_sys::Oid;

/// Which role it is.
pub fn current() -> RoleId {
    // SAFETY: reads a variable of the server.
    unsafe { pg_sys::GetUserId() }
}

/// Its name: `current_user`.
pub fn name() -> String {
    // SAFETY: the role exists; its name is a palloc'd C string.
    unsafe {
        let name = pg_sys::GetUserNameFromId(current(), false);
        CStr::from_ptr(name).to_string_lossy().into_owned()
    }
}

/// Whether it has this name. Nothing is copied to Rust.
pub fn is(name: &CStr) -> bool {
    // SAFETY: the role exists; its name is a palloc'd C string.
    unsafe { CStr::from_ptr(pg_sys::GetUserNameFromId(current(), false)) == name }
}

/// Whether policies do not apply to it.
pub fn is_exempt_from_policies() -> bool {
    // SAFETY: reads the role from the system caches.
    unsafe { pg_sys::has_bypassrls_privilege(current()) }
}

/// Whether it may select from a table: all of it, or one column.
pub fn may_select(table: pg_sys::Oid, column: Option<pg_sys::AttrNumber>) -> bool {
    let mode = pg_sys::AclMode::from(pg_sys::ACL_SELECT);
    // SAFETY: reads privileges in the system caches.
    let answer = unsafe {
        match column {
            None => pg_sys::pg_class_aclcheck(table, current(), mode),
            Some(column) => pg_sys::pg_attribute_aclcheck(table, column, current(), mode),
        }
    };
    answer == pg_sys::AclResult::ACLCHECK_OK
}

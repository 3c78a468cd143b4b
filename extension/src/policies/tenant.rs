//! The tenant of a user, read by its index, without a statement.

use pgrx::{Uuid, pg_sys};

use crate::policies::fingerprints;
use crate::postgres::table::{Table, is_uuid};

pub enum Found<T> {
    /// What was read of it.
    Some(T),
    /// It is not there.
    None,
    /// It cannot be read this way: the table or its policies are not those of the migrations, or the caller may not select
    /// from it. A statement then says what is so.
    Ask,
}

/// The tenant of a user, in the snapshot of the running statement. A user who is disabled is not there.
///
/// It is shown to the caller, so it is read only where a statement would show it: under the policies of the migrations,
/// and unless the caller wants to be told of policies (`row_security = off`).
pub fn tenant(user: &[u8; 16]) -> Found<[u8; 16]> {
    // SAFETY: a setting of the server, read by the thread that sets it.
    if !unsafe { pg_sys::row_security } {
        return Found::Ask;
    }
    // SAFETY: the active snapshot is that of the statement which asks, and outlives this call.
    let snapshot = unsafe { pg_sys::GetActiveSnapshot() };
    let tenant = Table::open(c"chatkeep", c"users", c"users_pkey", |table| {
        if !fingerprints::are_the_migrations(table) {
            return None;
        }
        let [id, tenant_id, disabled_at] = table.columns([c"id", c"tenant_id", c"disabled_at"])?;
        let rows = table.rows([is_uuid(id, user)])?;
        Some(rows.find(snapshot, |tuple| {
            if table.column(tuple, disabled_at).is_some() {
                return None;
            }
            // SAFETY: the column is a uuid.
            unsafe { table.read::<Uuid>(tuple, tenant_id) }
        }))
    });
    match tenant {
        Some(Some(Some(tenant))) => Found::Some(*tenant.as_bytes()),
        Some(_) => Found::None,
        None => Found::Ask,
    }
}

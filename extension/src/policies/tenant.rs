//! Reads the tenant of a user by index, without a statement.

use crate::policies::fingerprints;
use crate::postgres::datum::Uuid;
use crate::postgres::index_scan::is_uuid;
use crate::postgres::relation::Table;
use crate::postgres::row_security;
use crate::postgres::snapshot::Snapshot;

/// The row cannot be read by index: the table or its policies are not those of the migrations, or the role lacks
/// SELECT. The caller must use SQL instead.
pub struct NotReadable;

/// The tenant of a user, in a snapshot. `None` if the user does not exist or is disabled.
///
/// The answer is shown to the caller. So it is read by index only where a statement would show it: under the policies
/// of the migrations, and not with `row_security = off`, which asks for an error instead.
pub fn of_user(user: &Uuid, snapshot: Snapshot) -> Result<Option<Uuid>, NotReadable> {
    if !row_security::is_on() {
        return Err(NotReadable);
    }
    let found = Table::open(c"chatkeep", c"users", c"users_pkey", |table| {
        if !fingerprints::are_the_migrations(table) {
            return None;
        }
        let [id, tenant_id, disabled_at] = table.columns([c"id", c"tenant_id", c"disabled_at"])?;
        let rows = table.rows([is_uuid(id, user)])?;
        let tenant = rows.find(snapshot, |row| {
            if row.is_null(disabled_at) {
                row.get(tenant_id)
            } else {
                None
            }
        });
        Some(tenant.flatten())
    });
    found.ok_or(NotReadable)
}

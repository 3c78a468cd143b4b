//! Reads the tenant of a request by index, without a statement.

use crate::caller::identity::Tenant;
use crate::policies::fingerprints;
use crate::postgres::datum::Uuid;
use crate::postgres::index_scan::is_uuid;
use crate::postgres::relation::Table;
use crate::postgres::row_security;
use crate::postgres::snapshot::Snapshot;

/// The row cannot be read by index: the table or its policies are not those of the migrations, or the role lacks
/// SELECT. The caller must use SQL instead.
pub struct NotReadable;

/// The tenant of a user, in a snapshot: the one that the request names, or the home. `None` if the user has no enabled
/// membership there.
///
/// The answer is shown to the caller. So it is read by index only where a statement would show it: under the policies
/// of the migrations, and not with `row_security = off`, which asks for an error instead.
pub fn of_user(
    user: &Uuid,
    named: Option<&Uuid>,
    snapshot: Snapshot,
) -> Result<Option<Tenant>, NotReadable> {
    if !row_security::is_on() {
        return Err(NotReadable);
    }
    let found = Table::open(c"chatkeep", c"memberships", c"memberships_pkey", |table| {
        if !fingerprints::are_the_migrations(table) {
            return None;
        }
        let [user_id, tenant_id, is_home, is_enabled, is_moving] = table.columns([
            c"user_id",
            c"tenant_id",
            c"is_home",
            c"is_enabled",
            c"tenant_is_moving",
        ])?;
        let rows = table.rows([is_uuid(user_id, user)])?;
        let mut found = None;
        rows.each(snapshot, |row| {
            let tenant: Option<Uuid> = row.get(tenant_id);
            let is_meant = named.map_or_else(
                || row.get(is_home) == Some(true),
                |named| tenant.as_ref() == Some(named),
            );
            if is_meant && row.get(is_enabled) == Some(true) {
                found = tenant.map(|id| Tenant {
                    id,
                    is_moving: row.get(is_moving) == Some(true),
                });
            }
            !is_meant
        });
        Some(found)
    });
    found.ok_or(NotReadable)
}

//! Refuses writes of a tenant that is being moved to callers whom no policy stops. For everybody else, policies ask
//! `tenant_id()`, which refuses them.

use crate::postgres::connection::Connection;
use crate::postgres::datum::{Uuid, values};
use crate::postgres::index_scan::is_uuid;
use crate::postgres::relation::Table;
use crate::postgres::role;
use crate::postgres::snapshot::with_latest;
use crate::postgres::statement::statements;

statements! {
    CHECK_MOVING(UUIDOID) = c"select chatkeep_private.check_moving($1)";
}

/// Refuses a call on a chat of this tenant if the tenant is being moved and the role is exempt from policies.
pub fn check_moving(connection: Connection, tenant: &Uuid) {
    if role::is_exempt_from_policies() {
        check_moving_exempt(connection, tenant);
    }
}

/// The same for a role that is exempt from policies.
pub fn check_moving_exempt(connection: Connection, tenant: &Uuid) {
    // The statement decides. The index only tells that there is nothing to decide, which is nearly always so.
    if !is_settled(tenant) {
        CHECK_MOVING.execute(connection, &values![*tenant]);
    }
}

/// Whether the tenant is certainly not being moved.
fn is_settled(tenant: &Uuid) -> bool {
    let is_moving = with_latest(|snapshot| {
        Table::open(c"chatkeep", c"tenants", c"tenants_pkey", |table| {
            let [id, is_moving] = table.columns([c"id", c"is_moving"])?;
            let mut found = None;
            table.rows([is_uuid(id, tenant)])?.each(snapshot, |row| {
                found = row.get(is_moving);
                false
            });
            found
        })
    });
    is_moving == Some(false)
}

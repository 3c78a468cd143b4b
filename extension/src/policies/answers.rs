//! What policies ask.

use chatkeep_core::Refusal;
use chatkeep_core::session::{GRACE_MICROS, SECRET_BYTES};
use pgrx::{IntoDatum, pg_sys};

use crate::call::{Call, answers, is_writing};
use crate::caller::identity::{self, Moment, asked, caller};
use crate::policies::presented::presented_digest;
use crate::policies::tenant::{self, Found};
use crate::postgres::clock::now;
use crate::postgres::connection::connected;
use crate::postgres::datum::{bytea, uuid};
use crate::postgres::error;
use crate::postgres::plan::plans;

answers! {
    uid_wrapper, pg_finfo_uid_wrapper => uid;
    writer_wrapper, pg_finfo_writer_wrapper => writer;
    tenant_id_wrapper, pg_finfo_tenant_id_wrapper => tenant_id;
    keeps_order_wrapper, pg_finfo_keeps_order_wrapper => keeps_order;
    presented_session_wrapper, pg_finfo_presented_session_wrapper => presented_session;
    presented_refresh_wrapper, pg_finfo_presented_refresh_wrapper => presented_refresh;
    may_read_salt_wrapper, pg_finfo_may_read_salt_wrapper => may_read_salt;
}

plans! {
    TENANT() = c"
        select u.tenant_id from chatkeep.users u where u.id = auth.uid() and u.disabled_at is null";
    UNMOVED(UUIDOID, UUIDOID, INT4OID, INT4OID, UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID) = c"
        select from chatkeep.chats c
        where c.id = $1 and c.tenant_id = $2
          and (c.message_count, c.last_seq, c.active_leaf_id, c.updated_at, c.deleted_at)
            is not distinct from ($3, $4, $5, $6, $7)";
}

/// `uid()`: the signed-in user, which is what `auth.uid()` says.
fn uid(_: Call) -> Option<pg_sys::Datum> {
    identity::uid().map(|user| uuid(&user))
}

/// `writer()`: the same inside a call that writes; nobody outside.
fn writer(call: Call) -> Option<pg_sys::Datum> {
    if is_writing() { uid(call) } else { None }
}

/// `tenant_id()`: the tenant of the signed-in user, read anew by each call.
///
/// Policies ask several times in a statement, and a statement of its own for each made a sixth of an append. So this
/// reads the one row by its index: the row that the policy of `chatkeep.users` shows the caller, under the caller's
/// own privileges. Whatever is out of the ordinary is left to the statement.
fn tenant_id(_: Call) -> Option<pg_sys::Datum> {
    let known = caller(|known| {
        let moment = Moment::of_statement();
        if let Some((_, tenant)) = known.tenant.filter(|(read, _)| *read == moment) {
            return Found::Some(tenant);
        }
        let found = tenant::tenant(&known.user);
        // Only what was found is kept: a membership may come into being in the middle of a call, by first use.
        known.tenant = match found {
            Found::Some(tenant) => Some((moment, tenant)),
            Found::None | Found::Ask => None,
        };
        found
    });
    let tenant = match known {
        Some(Found::Some(tenant)) => Some(tenant),
        Some(Found::None) => None,
        Some(Found::Ask) | None => asked(&TENANT),
    };
    tenant.map(|tenant| uuid(&tenant))
}

/// `keeps_order()`, which the policy asks of every new version of a chat: inside the calls all is well, and a direct
/// update may change the title, metadata and `archived_at` alone. The statement sees the version that is about to be replaced.
fn keeps_order(call: Call) -> Option<pg_sys::Datum> {
    let is_unmoved = || {
        let columns: [_; 7] = std::array::from_fn(|position| call.datum(position));
        !UNMOVED.with(|plan| plan.execute(&columns)).is_empty()
    };
    if !is_writing() && !connected(is_unmoved) {
        error::raise(&Refusal::chat_moved_directly());
    }
    true.into_datum()
}

/// `presented_session()`, which the policies ask: the digest of the session secret that is presented; NULL without one.
fn presented_session(_: Call) -> Option<pg_sys::Datum> {
    bytea(&presented_digest(0)?)
}

/// `presented_refresh()`: the same of the refresh secret.
fn presented_refresh(_: Call) -> Option<pg_sys::Datum> {
    bytea(&presented_digest(2 * SECRET_BYTES)?)
}

/// `may_read_salt()`: whether the refresh secret that is presented is the current one of a session, or the one before for
/// as long as a rotation may be repeated.
fn may_read_salt(call: Call) -> Option<pg_sys::Datum> {
    let (refresh_digest, previous_digest, rotated_at) = (0, 1, 2);
    let presented = presented_digest(2 * SECRET_BYTES)?;
    let is = |digest| call.argument::<&[u8]>(digest) == Some(presented.as_slice());
    let is_repeatable = || {
        let rotated_at: Option<i64> = call.argument(rotated_at);
        rotated_at.is_some_and(|rotated_at| now() < rotated_at.saturating_add(GRACE_MICROS))
    };
    (is(refresh_digest) || (is(previous_digest) && is_repeatable())).into_datum()
}

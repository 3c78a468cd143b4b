//! The functions that policies call.

use chatkeep_core::Refusal;
use chatkeep_core::sessions::session::GRACE_MICROS;

use crate::call::{Marker, declare_answer, marker, raise};
use crate::caller::identity;
use crate::policies::{presented, tenant};
use crate::postgres::clock::now;
use crate::postgres::connection::connected;
use crate::postgres::datum::{Datum, Uuid, Value, values};
use crate::postgres::entry::Entry;
use crate::postgres::settings::with_settings;
use crate::postgres::statement::statements;

statements! {
    // These statements get the user as a value. In a join, the planner might read the table in the order of an index
    // and meet other people's rows, and their policy would ask tenant_id() again.
    HOME(UUIDOID) = c"
        select case when m.tenant_is_moving and pg_catalog.current_setting('chatkeep.writing', true) like 'on%'
          then chatkeep_private.refuse_moving() else m.tenant_id end
        from chatkeep.memberships m where m.user_id = $1 and m.is_home and m.is_enabled";
    NAMED(UUIDOID, UUIDOID) = c"
        select case when m.tenant_is_moving and pg_catalog.current_setting('chatkeep.writing', true) like 'on%'
          then chatkeep_private.refuse_moving() else m.tenant_id end
        from chatkeep.memberships m where m.user_id = $1 and m.tenant_id = $2 and m.is_enabled";
    READER() = c"select s.user_id from chatkeep_private.opened_share s";
    SHARED_CHAT() = c"select s.chat_id from chatkeep_private.opened_share s";
    READING_TENANT() = c"select s.tenant_id from chatkeep_private.opened_share s";
    WRITER() = c"select s.user_id from chatkeep_private.opened_share s where s.permission = 'write'";
    KEEPS_ORDER(UUIDOID, UUIDOID, INT4OID, INT4OID, UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID) = c"
        select from chatkeep.chats c
        where c.id = $1 and c.tenant_id = $2 and c.user_id = chatkeep.uid()
          and (c.message_count, c.last_seq, c.active_leaf_id, c.updated_at, c.deleted_at)
            is not distinct from ($3, $4, $5, $6, $7)";
    CHECK_MOVING(UUIDOID) = c"select chatkeep_private.check_moving($1)";
}

declare_answer!(uid);

/// `uid()`: the signed-in user.
fn uid(_: Entry) -> Option<Uuid> {
    identity::uid()
}

declare_answer!(writer);

/// `writer()`: inside a writing call the signed-in user, or the owner of the shared chat that it opens; NULL outside.
fn writer(_: Entry) -> Option<Uuid> {
    match marker() {
        Marker::Writing => identity::uid(),
        Marker::WritingShared => identity::asked(WRITER),
        Marker::None | Marker::Reading | Marker::ReadingShared => None,
    }
}

declare_answer!(reader);

/// `reader()`: the user whose chats are shown.
fn reader(entry: Entry) -> Option<Uuid> {
    if marker().is_shared() {
        identity::asked(READER)
    } else {
        member(entry)
    }
}

declare_answer!(member);

/// `member()`: the user whose rows the request reads.
fn member(_: Entry) -> Option<Uuid> {
    identity::member_to_read()
}

declare_answer!(reading_tenant);

/// `reading_tenant()`: the tenant whose rows are shown.
fn reading_tenant(entry: Entry) -> Option<Uuid> {
    if marker().is_shared() {
        identity::asked(READING_TENANT)
    } else {
        tenant_id(entry)
    }
}

declare_answer!(shared_chat_id);

/// `shared_chat_id()`: the shared chat that the running call opens.
fn shared_chat_id(_: Entry) -> Option<Uuid> {
    if marker().is_shared() {
        identity::asked(SHARED_CHAT)
    } else {
        None
    }
}

declare_answer!(tenant_id);

/// `tenant_id()`: the tenant of the request, read anew by each call. Refuses a call that writes while the tenant is being
/// moved.
///
/// A statement calls it several times through policies. Executing a statement each time took a sixth of an append. So
/// this reads the one row by index: the row that the policy of `chatkeep.memberships` shows to the caller, under the caller's
/// privileges. In every other case a statement answers.
fn tenant_id(_: Entry) -> Option<Uuid> {
    match identity::tenant(tenant::of_user) {
        Some(Ok(Some(tenant))) if tenant.is_moving && marker().is_writing() => {
            raise(&Refusal::tenant_moving())
        }
        Some(Ok(tenant)) => tenant.map(|tenant| tenant.id),
        // A sequential scan would meet other people's rows, and their policy would ask this function again.
        Some(Err(tenant::NotReadable)) | None => {
            with_settings(&[(c"enable_seqscan", c"off")], || {
                let (user, named) = (identity::uid(), identity::named_tenant());
                connected(|connection| match named {
                    None => HOME.read(connection, &values![user]).get(1),
                    named => NAMED.read(connection, &values![user, named]).get(1),
                })
            })
        }
    }
}

declare_answer!(keeps_order);

/// The position of the argument `deleted_at` of `keeps_order`.
const DELETED_AT: usize = 6;

/// `keeps_order()`: the policy calls it for every new version of a chat. Calls may change anything, and in a shared chat
/// they do not delete. A direct update may change what orders no messages. The statement sees the version
/// that is about to be replaced.
fn keeps_order(entry: Entry) -> bool {
    let is_unmoved = || {
        let columns: [Value; 7] = std::array::from_fn(|position| entry.argument(position).into());
        connected(|connection| !KEEPS_ORDER.execute(connection, &columns).is_empty())
    };
    let is_deleted = || entry.argument(DELETED_AT).is_some();
    let marker = marker();
    let is_allowed = match marker {
        Marker::Writing => true,
        Marker::WritingShared => !is_deleted() && identity::asked(WRITER).is_some(),
        Marker::ReadingShared => false,
        Marker::None | Marker::Reading => is_unmoved(),
    };
    if !is_allowed {
        raise(&Refusal::chat_moved_directly());
    }
    if !marker.is_writing() {
        let tenant: Value = entry.argument(1).into();
        connected(|connection| CHECK_MOVING.execute(connection, &[tenant]).len());
    }
    true
}

declare_answer!(presented_session);

/// `presented_session()`: the digest of the session secret that is presented; NULL without one.
fn presented_session(_: Entry) -> Option<Vec<u8>> {
    presented::session_digest().map(Vec::from)
}

declare_answer!(presented_refresh);

/// `presented_refresh()`: the digest of the refresh secret that is presented; NULL without one.
fn presented_refresh(_: Entry) -> Option<Vec<u8>> {
    presented::refresh_digest().map(Vec::from)
}

declare_answer!(may_read_salt);

/// `may_read_salt()`: whether the presented refresh secret is the current one of a session, or the previous one while a
/// rotation may be repeated.
fn may_read_salt(entry: Entry) -> Option<bool> {
    let (refresh_digest, previous_digest, rotated_at) = (0, 1, 2);
    let presented = presented::refresh_digest()?;
    let is = |digest| {
        let digest: Option<Vec<u8>> = entry.argument(digest).map(Datum::read);
        digest.is_some_and(|digest| digest == presented)
    };
    let is_repeatable = || {
        let rotated_at: Option<i64> = entry.argument(rotated_at).map(Datum::read);
        rotated_at.is_some_and(|rotated_at| now() < rotated_at.saturating_add(GRACE_MICROS))
    };
    Some(is(refresh_digest) || (is(previous_digest) && is_repeatable()))
}

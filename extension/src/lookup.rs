//! Rows read by their index, without a statement: who a user's tenant is, whether a chat has a message.
//!
//! For questions that are asked several times in a call, or whose answer only chooses between two ways of doing the
//! same. What is shown to a caller, or stored, goes through statements and their policies.
//!
//! Nothing is kept: names are looked up each time in the system caches, which see every change.

use pgrx::{FromDatum, Uuid, pg_sys};
use std::ffi::CStr;

const LOCK: pg_sys::LOCKMODE = pg_sys::AccessShareLock.cast_signed();

/// What a look at a user's row tells.
pub enum Member {
    /// There, and not disabled.
    Of([u8; 16]),
    /// Not there, or disabled.
    None,
    /// Not to be read this way: the table is not the plain one of the migrations, or the caller may not
    /// select from it. A statement then says what is so.
    Ask,
}

/// The tenant of a user, in the snapshot of the running statement.
pub fn tenant(user: &[u8; 16]) -> Member {
    // SAFETY: the active snapshot is that of the statement which asks, and outlives this call.
    let snapshot = unsafe { pg_sys::GetActiveSnapshot() };
    let tenant = Table::open(c"users", c"users_pkey", |table| {
        let disabled_at = table.attribute(c"disabled_at")?;
        let tenant_id = table.attribute(c"tenant_id")?;
        table.find([(c"id", user)], snapshot, |tuple| {
            if table.column(tuple, disabled_at).is_some() {
                return None;
            }
            // SAFETY: the column is a uuid.
            unsafe { Uuid::from_datum(table.column(tuple, tenant_id)?, false) }
        })
    });
    match tenant {
        Some(Row::Some(Some(tenant))) => Member::Of(*tenant.as_bytes()),
        Some(_) => Member::None,
        None => Member::Ask,
    }
}

/// Whether a chat has one of the messages, as of this moment; true also where it cannot be told this way.
pub fn may_hold(messages: &[[u8; 16]], chat: &[u8; 16], tenant: &[u8; 16]) -> bool {
    if messages.is_empty() {
        return false;
    }
    // SAFETY: registered for as long as it is used. Not the statement's: what others have committed since counts.
    let snapshot = unsafe { pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot()) };
    let holds = Table::open(c"messages", c"messages_pkey", |table| {
        let mut any = false;
        for message in messages {
            let key = [(c"id", message), (c"chat_id", chat), (c"tenant_id", tenant)];
            any |= matches!(table.find(key, snapshot, |_| ())?, Row::Some(()));
        }
        Some(any)
    });
    // SAFETY: registered above.
    unsafe { pg_sys::UnregisterSnapshot(snapshot) };
    holds.unwrap_or(true)
}

/// Whether a chat is there, the user's and not deleted, in the snapshot of the running statement; false also where it
/// cannot be told this way.
pub fn is_live_chat_of(user: &[u8; 16], chat: &[u8; 16], tenant: &[u8; 16]) -> bool {
    // SAFETY: the active snapshot is that of the statement which calls, and outlives this call.
    let snapshot = unsafe { pg_sys::GetActiveSnapshot() };
    let live = Table::open(c"chats", c"chats_pkey", |table| {
        let (user_id, deleted_at) = (
            table.attribute(c"user_id")?,
            table.attribute(c"deleted_at")?,
        );
        table.find([(c"id", chat), (c"tenant_id", tenant)], snapshot, |tuple| {
            let owner = table.column(tuple, user_id);
            // SAFETY: the column is a uuid.
            let owner = owner.and_then(|owner| unsafe { Uuid::from_datum(owner, false) });
            owner.is_some_and(|owner| owner.as_bytes() == user)
                && table.column(tuple, deleted_at).is_none()
        })
    });
    matches!(live, Some(Row::Some(true)))
}

/// Whether a message is stored just as it is inserted: the table has as many columns as the caller knows, and no
/// trigger that could change a row on its way in.
pub fn messages_are_stored_as_given(columns: usize) -> bool {
    Table::open(c"messages", c"messages_pkey", |table| {
        // SAFETY: the relation is open; its descriptor and its triggers, if any, belong to it.
        unsafe {
            let triggers = (*table.relation).trigdesc;
            let untouched = triggers.is_null() || !(*triggers).trig_insert_before_row;
            Some(untouched && usize::try_from((*(*table.relation).rd_att).natts) == Ok(columns))
        }
    })
    .unwrap_or(false)
}

/// A row that was looked for.
enum Row<T> {
    /// What was read of it.
    Some(T),
    /// It is not there.
    None,
}

/// A plain table of schema `chatkeep`, open, and its unique index.
struct Table {
    relation: pg_sys::Relation,
    key: pg_sys::Oid,
}

impl Table {
    /// Runs `body` on a table; `None` where it is not there, not plain, or not the caller's to select from.
    fn open<T>(name: &CStr, key: &CStr, body: impl FnOnce(&Self) -> Option<T>) -> Option<T> {
        // SAFETY: the relation is open and locked while `body` runs, and closed after; an error leaves that
        // to the resource owner.
        unsafe {
            let schema = pg_sys::get_namespace_oid(c"chatkeep".as_ptr(), true);
            let table = pg_sys::get_relname_relid(name.as_ptr(), schema);
            let key = pg_sys::get_relname_relid(key.as_ptr(), schema);
            if table == pg_sys::InvalidOid || key == pg_sys::InvalidOid || !may_select(table) {
                return None;
            }
            let relation = pg_sys::table_open(table, LOCK);
            let is_plain = (*(*relation).rd_rel).relkind == pg_sys::RELKIND_RELATION.cast_signed();
            let outcome = is_plain.then(|| body(&Self { relation, key })).flatten();
            pg_sys::table_close(relation, LOCK);
            outcome
        }
    }

    fn attribute(&self, name: &CStr) -> Option<pg_sys::AttrNumber> {
        // SAFETY: the relation is open.
        let number = unsafe { pg_sys::get_attnum((*self.relation).rd_id, name.as_ptr()) };
        (number > 0).then_some(number)
    }

    /// What `read` makes of the row with these uuids in its key, in the order of the index; `None` where the table has
    /// no such columns.
    fn find<const N: usize, T>(
        &self,
        key: [(&CStr, &[u8; 16]); N],
        snapshot: pg_sys::Snapshot,
        read: impl FnOnce(pg_sys::HeapTuple) -> T,
    ) -> Option<Row<T>> {
        let mut conditions = [pg_sys::ScanKeyData::default(); N];
        for (condition, (column, value)) in conditions.iter_mut().zip(key) {
            let attribute = self.attribute(column)?;
            // SAFETY: the value outlives the scan.
            unsafe {
                pg_sys::ScanKeyInit(
                    condition,
                    attribute,
                    u16::try_from(pg_sys::BTEqualStrategyNumber).unwrap_or(0),
                    pg_sys::Oid::from(pg_sys::F_UUID_EQ),
                    pg_sys::Datum::from(value.as_ptr()),
                );
            }
        }
        // SAFETY: the index belongs to the relation; a tuple is read before the scan that pins it ends.
        unsafe {
            let scan = pg_sys::systable_beginscan(
                self.relation,
                self.key,
                true,
                snapshot,
                i32::try_from(N).unwrap_or(0),
                conditions.as_mut_ptr(),
            );
            let tuple = pg_sys::systable_getnext(scan);
            let found = if tuple.is_null() {
                Row::None
            } else {
                Row::Some(read(tuple))
            };
            pg_sys::systable_endscan(scan);
            Some(found)
        }
    }

    fn column(
        &self,
        tuple: pg_sys::HeapTuple,
        attribute: pg_sys::AttrNumber,
    ) -> Option<pg_sys::Datum> {
        let mut null = false;
        // SAFETY: the tuple is one of the relation's, which has the attribute.
        let value = unsafe {
            pg_sys::heap_getattr(
                tuple,
                i32::from(attribute),
                (*self.relation).rd_att,
                &mut null,
            )
        };
        (!null).then_some(value)
    }
}

fn may_select(table: pg_sys::Oid) -> bool {
    // SAFETY: reads the table's privileges for the role of this moment.
    unsafe {
        let mode = pg_sys::AclMode::from(pg_sys::ACL_SELECT);
        pg_sys::pg_class_aclcheck(table, pg_sys::GetUserId(), mode)
            == pg_sys::AclResult::ACLCHECK_OK
    }
}

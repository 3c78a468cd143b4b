//! Rows read by their index, without a statement: who a user's tenant is, whether a chat has a message.
//!
//! For questions that are asked several times in a call, or whose answer only chooses between two ways of doing the
//! same. What is shown to a caller, or stored, goes through statements and their policies.
//!
//! Nothing is kept: names are looked up each time in the system caches, which see every change.

use pgrx::{FromDatum, Uuid, pg_sys};
use std::ffi::CStr;

const LOCK: pg_sys::LOCKMODE = pg_sys::AccessShareLock.cast_signed();

/// What a look at a row tells.
pub enum Found<T> {
    /// What was read of it.
    Some(T),
    /// It is not there.
    None,
    /// It cannot be read this way: the table is not the plain one of the migrations, or the caller may not select from it.
    /// A statement then says what is so.
    Ask,
}

/// The tenant of a user, in the snapshot of the running statement.
/// A user who is disabled is not there.
pub fn tenant(user: &[u8; 16]) -> Found<[u8; 16]> {
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
        Some(Row::Some(Some(tenant))) => Found::Some(*tenant.as_bytes()),
        Some(_) => Found::None,
        None => Found::Ask,
    }
}

/// The newest message of a chat's active path, as of this moment.
pub fn last_active(chat: &[u8; 16], tenant: &[u8; 16]) -> Found<[u8; 16]> {
    let found = Table::open(c"messages", c"messages_chat_id_created_at_idx", |table| {
        let (id, tenant_id) = (table.attribute(c"id")?, table.attribute(c"tenant_id")?);
        let active = table.attribute(c"active")?;
        as_of_now(|snapshot| {
            table.first((c"chat_id", chat), snapshot, |tuple| {
                // SAFETY: both columns are uuids.
                let value =
                    |column| unsafe { Uuid::from_datum(table.column(tuple, column)?, false) };
                let is_active = table.column(tuple, active)? != pg_sys::Datum::from(0);
                (is_active && value(tenant_id)?.as_bytes() == tenant).then(|| value(id))?
            })
        })
    });
    match found {
        Some(Row::Some(id)) => Found::Some(*id.as_bytes()),
        Some(Row::None) => Found::None,
        None => Found::Ask,
    }
}

/// Whether a chat has one of the messages, as of this moment; true also where it cannot be told this way.
pub fn may_hold(messages: &[[u8; 16]], chat: &[u8; 16], tenant: &[u8; 16]) -> bool {
    if messages.is_empty() {
        return false;
    }
    let holds = Table::open(c"messages", c"messages_pkey", |table| {
        as_of_now(|snapshot| {
            let mut any = false;
            for message in messages {
                let key = [(c"id", message), (c"chat_id", chat), (c"tenant_id", tenant)];
                any |= matches!(table.find(key, snapshot, |_| ())?, Row::Some(()));
            }
            Some(any)
        })
    });
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

/// Runs `body` with a snapshot of this moment: what others have committed since the statement began counts.
fn as_of_now<T>(body: impl FnOnce(pg_sys::Snapshot) -> T) -> T {
    // SAFETY: registered for as long as it is used; an error leaves that to the resource owner.
    unsafe {
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
        let outcome = body(snapshot);
        pg_sys::UnregisterSnapshot(snapshot);
        outcome
    }
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
            *condition = self.condition(column, value)?;
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

    /// What `read` makes of the first row by the index among those with this uuid in its first column, of which it makes
    /// anything.
    fn first<T>(
        &self,
        (column, value): (&CStr, &[u8; 16]),
        snapshot: pg_sys::Snapshot,
        read: impl Fn(pg_sys::HeapTuple) -> Option<T>,
    ) -> Option<Row<T>> {
        let mut condition = self.condition(column, value)?;
        // SAFETY: the index belongs to the relation, and is open and locked while it is scanned; a tuple is read
        // before the next one is fetched.
        unsafe {
            let index = pg_sys::index_open(self.key, LOCK);
            let scan = pg_sys::systable_beginscan_ordered(
                self.relation,
                index,
                snapshot,
                1,
                &raw mut condition,
            );
            let mut found = Row::None;
            loop {
                let tuple = pg_sys::systable_getnext_ordered(
                    scan,
                    pg_sys::ScanDirection::ForwardScanDirection,
                );
                if tuple.is_null() {
                    break;
                }
                if let Some(value) = read(tuple) {
                    found = Row::Some(value);
                    break;
                }
            }
            pg_sys::systable_endscan_ordered(scan);
            pg_sys::index_close(index, LOCK);
            Some(found)
        }
    }

    /// The condition that a column equals a uuid, which must outlive the scan.
    fn condition(&self, column: &CStr, value: &[u8; 16]) -> Option<pg_sys::ScanKeyData> {
        let attribute = self.attribute(column)?;
        let mut condition = pg_sys::ScanKeyData::default();
        // SAFETY: fills in the key; the value is only pointed to.
        unsafe {
            pg_sys::ScanKeyInit(
                &raw mut condition,
                attribute,
                u16::try_from(pg_sys::BTEqualStrategyNumber).unwrap_or(0),
                pg_sys::Oid::from(pg_sys::F_UUID_EQ),
                pg_sys::Datum::from(value.as_ptr()),
            );
        }
        Some(condition)
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

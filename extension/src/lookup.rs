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
            unsafe { table.read::<Uuid>(tuple, tenant_id) }
        })
    });
    match tenant {
        Some(Row::Some(Some(tenant))) => Found::Some(*tenant.as_bytes()),
        Some(_) => Found::None,
        None => Found::Ask,
    }
}

/// A chat that messages can be appended to, as it stood when it was looked at.
pub struct Head {
    /// Its tenant and its owner.
    pub tenant: [u8; 16],
    pub user: [u8; 16],
    /// The last message of the active path.
    pub leaf: Option<[u8; 16]>,
    /// The seq and the `created_at` of its newest message.
    pub last_seq: i32,
    pub updated_at: i64,
    /// The transaction that wrote this version of the row. Whatever changes the chat puts another one there.
    pub version: pg_sys::TransactionId,
}

/// A chat as of this moment, where it is live, the owner's and has none of the messages. `None` also where that cannot
/// be told this way; `owner` is `None` for a role that is exempt from policies.
pub fn head(chat: &[u8; 16], owner: Option<&[u8; 16]>, messages: &[[u8; 16]]) -> Option<Head> {
    as_of_now(|snapshot| {
        let head = Table::open(c"chats", c"chats_pkey", |table| {
            table.head(chat, owner, snapshot)
        })?;
        if messages.is_empty() {
            return Some(head);
        }
        let holds = Table::open(c"messages", c"messages_pkey", |table| {
            let mut any = false;
            for message in messages {
                let key = [
                    (c"id", message),
                    (c"chat_id", chat),
                    (c"tenant_id", &head.tenant),
                ];
                any |= matches!(table.find(key, snapshot, |_| ())?, Row::Some(()));
            }
            Some(any)
        });
        (holds == Some(false)).then_some(head)
    })
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
            // SAFETY: the column is a uuid.
            let owner = unsafe { table.read::<Uuid>(tuple, user_id) };
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
        let (mut read, mut found) = (Some(read), Row::None);
        self.each(key, snapshot, |tuple| {
            if let Some(read) = read.take() {
                found = Row::Some(read(tuple));
            }
            false
        })?;
        Some(found)
    }

    /// Shows `visit` the rows with these uuids at the front of their key, until it has seen enough; `None` where the
    /// table has no such columns.
    fn each<const N: usize>(
        &self,
        key: [(&CStr, &[u8; 16]); N],
        snapshot: pg_sys::Snapshot,
        mut visit: impl FnMut(pg_sys::HeapTuple) -> bool,
    ) -> Option<()> {
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
            loop {
                let tuple = pg_sys::systable_getnext(scan);
                if tuple.is_null() || !visit(tuple) {
                    break;
                }
            }
            pg_sys::systable_endscan(scan);
            Some(())
        }
    }

    /// The one chat of this id that is the owner's, if it is live.
    fn head(
        &self,
        chat: &[u8; 16],
        owner: Option<&[u8; 16]>,
        snapshot: pg_sys::Snapshot,
    ) -> Option<Head> {
        let [tenant_id, user_id, leaf_id] = [
            self.attribute(c"tenant_id")?,
            self.attribute(c"user_id")?,
            self.attribute(c"active_leaf_id")?,
        ];
        let [last_seq, updated_at, deleted_at] = [
            self.attribute(c"last_seq")?,
            self.attribute(c"updated_at")?,
            self.attribute(c"deleted_at")?,
        ];
        let mut heads = Vec::with_capacity(1);
        self.each([(c"id", chat)], snapshot, |tuple| {
            // SAFETY: the columns have these types.
            let head = unsafe {
                let id = |column| self.read(tuple, column).map(|id: Uuid| *id.as_bytes());
                id(user_id).zip(id(tenant_id)).map(|(user, tenant)| Head {
                    tenant,
                    user,
                    leaf: id(leaf_id),
                    last_seq: self.read(tuple, last_seq).unwrap_or(0),
                    updated_at: self.read(tuple, updated_at).unwrap_or(0),
                    version: (*(*tuple).t_data).t_choice.t_heap.t_xmin,
                })
            };
            let is_live = self.column(tuple, deleted_at).is_none();
            heads.extend(
                head.filter(|head| owner.is_none_or(|owner| &head.user == owner))
                    .map(|head| (head, is_live)),
            );
            true
        })?;
        match (heads.pop(), heads.pop()) {
            (Some((head, true)), None) => Some(head),
            _ => None,
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

    /// A column of a row, as the type that it has.
    ///
    /// # Safety
    /// The column has T's type, and the tuple is one of the relation's.
    unsafe fn read<T: FromDatum>(
        &self,
        tuple: pg_sys::HeapTuple,
        attribute: pg_sys::AttrNumber,
    ) -> Option<T> {
        // SAFETY: as the caller says.
        unsafe { T::from_datum(self.column(tuple, attribute)?, false) }
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

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
#[derive(Clone, Copy)]
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
        let [id, tenant_id, disabled_at] = table.columns([c"id", c"tenant_id", c"disabled_at"])?;
        Some(table.find([(id, user)], snapshot, |tuple| {
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

/// A chat that messages can be appended to, as it stood when it was looked at.
pub struct Head {
    /// Its tenant and its owner.
    pub tenant: [u8; 16],
    pub user: [u8; 16],
    /// The last message of the active path.
    pub leaf: Option<[u8; 16]>,
    /// How many messages it has, on all branches.
    pub message_count: i32,
    /// The seq and the `created_at` of its newest message.
    pub last_seq: i32,
    pub updated_at: i64,
    /// The transaction that wrote this version of the row. Whatever changes the chat puts another one there.
    pub version: pg_sys::TransactionId,
}

/// A chat as of this moment, where it is live, the owner's and has none of the messages, and where messages are stored
/// just as they are inserted: their table has `columns` columns and no trigger that could change a row on its way in.
/// `None` also where that cannot be told this way. `owner` is `None` for a role that is exempt from policies.
pub fn head(
    chat: &[u8; 16],
    owner: Option<&[u8; 16]>,
    messages: &[[u8; 16]],
    columns: usize,
) -> Option<Head> {
    as_of_now(|snapshot| {
        let head = Table::open(c"chats", c"chats_pkey", |table| {
            table.head(chat, owner, snapshot)
        })?;
        let is_clear = Table::open(c"messages", c"messages_pkey", |table| {
            let [id, chat_id, tenant_id] = table.columns([c"id", c"chat_id", c"tenant_id"])?;
            let holds = messages.iter().any(|message| {
                let key = [(id, message), (chat_id, chat), (tenant_id, &head.tenant)];
                table.find(key, snapshot, |_| ()).is_some()
            });
            Some(!holds && table.stores_as_given(columns))
        });
        (is_clear == Some(true)).then_some(head)
    })
}

/// Whether a chat is there, the user's and not deleted, in the snapshot of the running statement; false also where it
/// cannot be told this way.
pub fn is_live_chat_of(user: &[u8; 16], chat: &[u8; 16], tenant: &[u8; 16]) -> bool {
    // SAFETY: the active snapshot is that of the statement which calls, and outlives this call.
    let snapshot = unsafe { pg_sys::GetActiveSnapshot() };
    let live = Table::open(c"chats", c"chats_pkey", |table| {
        let [id, tenant_id, user_id, deleted_at] =
            table.columns([c"id", c"tenant_id", c"user_id", c"deleted_at"])?;
        table.find([(id, chat), (tenant_id, tenant)], snapshot, |tuple| {
            // SAFETY: the column is a uuid.
            let owner = unsafe { table.read::<Uuid>(tuple, user_id) };
            owner.is_some_and(|owner| owner.as_bytes() == user)
                && table.column(tuple, deleted_at).is_none()
        })
    });
    live == Some(true)
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

    /// The numbers of columns; `None` where the table lacks one.
    fn columns<const N: usize>(&self, names: [&CStr; N]) -> Option<[pg_sys::AttrNumber; N]> {
        // SAFETY: the relation is open.
        let numbers =
            names.map(|name| unsafe { pg_sys::get_attnum((*self.relation).rd_id, name.as_ptr()) });
        numbers.iter().all(|number| *number > 0).then_some(numbers)
    }

    /// Whether a row is stored just as it is inserted.
    fn stores_as_given(&self, columns: usize) -> bool {
        // SAFETY: the relation is open; its descriptor and its triggers, if any, belong to it.
        unsafe {
            let triggers = (*self.relation).trigdesc;
            let untouched = triggers.is_null() || !(*triggers).trig_insert_before_row;
            untouched && usize::try_from((*(*self.relation).rd_att).natts) == Ok(columns)
        }
    }

    /// What `read` makes of the first row with these uuids at the front of its key, in the order of the index.
    fn find<const N: usize, T>(
        &self,
        key: [(pg_sys::AttrNumber, &[u8; 16]); N],
        snapshot: pg_sys::Snapshot,
        read: impl FnOnce(pg_sys::HeapTuple) -> T,
    ) -> Option<T> {
        let (mut read, mut found) = (Some(read), None);
        self.each(key, snapshot, |tuple| {
            found = read.take().map(|read| read(tuple));
            false
        });
        found
    }

    /// Shows `visit` the rows with these uuids at the front of their key, until it has seen enough.
    fn each<const N: usize>(
        &self,
        key: [(pg_sys::AttrNumber, &[u8; 16]); N],
        snapshot: pg_sys::Snapshot,
        mut visit: impl FnMut(pg_sys::HeapTuple) -> bool,
    ) {
        let mut conditions = key.map(|(column, value)| equals(column, value));
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
        }
    }

    /// The one chat of this id that is the owner's, if it is live.
    fn head(
        &self,
        chat: &[u8; 16],
        owner: Option<&[u8; 16]>,
        snapshot: pg_sys::Snapshot,
    ) -> Option<Head> {
        let [id, tenant_id, user_id, leaf_id] =
            self.columns([c"id", c"tenant_id", c"user_id", c"active_leaf_id"])?;
        let [last_seq, message_count, updated_at, deleted_at] =
            self.columns([c"last_seq", c"message_count", c"updated_at", c"deleted_at"])?;
        let (mut found, mut count) = (None, 0);
        self.each([(id, chat)], snapshot, |tuple| {
            // SAFETY: the columns have these types.
            let head = unsafe {
                let uuid = |column| self.read(tuple, column).map(|id: Uuid| *id.as_bytes());
                uuid(user_id)
                    .zip(uuid(tenant_id))
                    .map(|(user, tenant)| Head {
                        tenant,
                        user,
                        leaf: uuid(leaf_id),
                        last_seq: self.read(tuple, last_seq).unwrap_or(0),
                        message_count: self.read(tuple, message_count).unwrap_or(0),
                        updated_at: self.read(tuple, updated_at).unwrap_or(0),
                        version: (*(*tuple).t_data).t_choice.t_heap.t_xmin,
                    })
            };
            let is_live = self.column(tuple, deleted_at).is_none();
            let own = head.filter(|head| owner.is_none_or(|owner| &head.user == owner));
            if own.is_some() {
                count += 1;
                found = own.filter(|_| is_live);
            }
            true
        });
        // A role that is exempt from policies may see chats of several tenants.
        found.filter(|_| count == 1)
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

/// The condition that a column equals a uuid, which must outlive the scan.
fn equals(column: pg_sys::AttrNumber, value: &[u8; 16]) -> pg_sys::ScanKeyData {
    let mut condition = pg_sys::ScanKeyData::default();
    // SAFETY: fills in the key; the value is only pointed to.
    unsafe {
        pg_sys::ScanKeyInit(
            &raw mut condition,
            column,
            u16::try_from(pg_sys::BTEqualStrategyNumber).unwrap_or(0),
            pg_sys::Oid::from(pg_sys::F_UUID_EQ),
            pg_sys::Datum::from(value.as_ptr()),
        );
    }
    condition
}

fn may_select(table: pg_sys::Oid) -> bool {
    // SAFETY: reads the table's privileges for the role of this moment.
    unsafe {
        let mode = pg_sys::AclMode::from(pg_sys::ACL_SELECT);
        pg_sys::pg_class_aclcheck(table, pg_sys::GetUserId(), mode)
            == pg_sys::AclResult::ACLCHECK_OK
    }
}

//! A table read by its index, without a statement. Nothing is kept here: names are looked up in the system caches, which
//! see every change.

use pgrx::{FromDatum, PgList, pg_sys};
use std::ffi::CStr;

const LOCK: pg_sys::LOCKMODE = pg_sys::AccessShareLock.cast_signed();

/// A plain table, open, and its unique index.
pub struct Table {
    relation: pg_sys::Relation,
    key: pg_sys::Oid,
}

impl Table {
    /// Runs `body` on a table; `None` where it is not there or not plain.
    pub fn open<T>(
        schema: &CStr,
        name: &CStr,
        key: &CStr,
        body: impl FnOnce(&Self) -> Option<T>,
    ) -> Option<T> {
        // SAFETY: looks names up in the system caches.
        let [table, key] = unsafe {
            let schema = pg_sys::get_namespace_oid(schema.as_ptr(), true);
            [name, key].map(|name| pg_sys::get_relname_relid(name.as_ptr(), schema))
        };
        let named = table != pg_sys::InvalidOid && key != pg_sys::InvalidOid;
        named.then(|| Self::open_at(table, key, body)).flatten()
    }

    /// The same for a table and an index that were found before; both may be gone.
    pub fn open_at<T>(
        table: pg_sys::Oid,
        key: pg_sys::Oid,
        body: impl FnOnce(&Self) -> Option<T>,
    ) -> Option<T> {
        // SAFETY: the relation is open and locked while `body` runs, and closed after; an error leaves that
        // to the resource owner.
        unsafe {
            let relation = pg_sys::try_table_open(table, LOCK);
            if relation.is_null() {
                return None;
            }
            let is_plain = (*(*relation).rd_rel).relkind == pg_sys::RELKIND_RELATION.cast_signed();
            let outcome = is_plain.then(|| body(&Self { relation, key })).flatten();
            pg_sys::table_close(relation, LOCK);
            outcome
        }
    }

    /// The numbers of columns; `None` where the table lacks one, or the caller may not select it.
    pub fn columns<const N: usize>(&self, names: [&CStr; N]) -> Option<[pg_sys::AttrNumber; N]> {
        let numbers = self.numbers(names)?;
        let readable = |number: &pg_sys::AttrNumber| may_select(self.id(), Some(*number));
        (may_select(self.id(), None) || numbers.iter().all(readable)).then_some(numbers)
    }

    /// The number of a column that is only compared, as policies may compare any; `None` where the table lacks it.
    pub fn number(&self, name: &CStr) -> Option<pg_sys::AttrNumber> {
        self.numbers([name]).map(|[number]| number)
    }

    fn numbers<const N: usize>(&self, names: [&CStr; N]) -> Option<[pg_sys::AttrNumber; N]> {
        // SAFETY: looks the names up in the system caches.
        let numbers = names.map(|name| unsafe { pg_sys::get_attnum(self.id(), name.as_ptr()) });
        numbers.iter().all(|number| *number > 0).then_some(numbers)
    }

    /// Which table it is.
    pub fn id(&self) -> pg_sys::Oid {
        // SAFETY: the relation is open.
        unsafe { (*self.relation).rd_id }
    }

    /// Its unique index.
    pub const fn key(&self) -> pg_sys::Oid {
        self.key
    }

    /// Its row security policies, all of them.
    pub fn policies(&self) -> Vec<&pg_sys::RowSecurityPolicy> {
        // SAFETY: the relation is open; the list, which holds policies, belongs to it.
        unsafe {
            let Some(security) = (*self.relation).rd_rsdesc.as_ref() else {
                return Vec::new();
            };
            let policies = PgList::<pg_sys::RowSecurityPolicy>::from_pg(security.policies);
            policies
                .iter_ptr()
                .filter_map(|policy| policy.as_ref())
                .collect()
        }
    }

    /// Whether a row is stored just as it is inserted.
    pub fn stores_as_given(&self, columns: usize) -> bool {
        // SAFETY: the relation is open; its descriptor and its triggers, if any, belong to it.
        unsafe {
            let triggers = (*self.relation).trigdesc;
            let untouched = triggers.is_null() || !(*triggers).trig_insert_before_row;
            untouched && usize::try_from((*(*self.relation).rd_att).natts) == Ok(columns)
        }
    }

    /// What `read` makes of the first row with these values at the front of its key, in the order of the index.
    pub fn find<const N: usize, T>(
        &self,
        key: [pg_sys::ScanKeyData; N],
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

    /// Shows `visit` the rows with these values at the front of their key, until it has seen enough.
    pub fn each<const N: usize>(
        &self,
        mut key: [pg_sys::ScanKeyData; N],
        snapshot: pg_sys::Snapshot,
        mut visit: impl FnMut(pg_sys::HeapTuple) -> bool,
    ) {
        // SAFETY: the index belongs to the relation; a tuple is read before the scan that pins it ends.
        unsafe {
            let scan = pg_sys::systable_beginscan(
                self.relation,
                self.key,
                true,
                snapshot,
                i32::try_from(N).unwrap_or(0),
                key.as_mut_ptr(),
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

    /// Where the rows lie whose key begins with one of `values`, an array of bigint, and goes on as the condition says. The
    /// index alone is read: rows may be dead, or in another transaction's eyes only, so each place is still to be looked at.
    /// `None` where the index cannot be read this way.
    pub fn places(
        &self,
        values: pg_sys::Datum,
        second: pg_sys::ScanKeyData,
        snapshot: pg_sys::Snapshot,
    ) -> Option<Vec<pg_sys::ItemPointerData>> {
        let mut places = Vec::new();
        // Begun by columns of the table, of which the first of the key may be none.
        let mut key = [second, second];
        // SAFETY: the index belongs to the relation; the array lives as long as the scan. A place is copied before the scan
        // moves on.
        unsafe {
            let scan = pg_sys::systable_beginscan(
                self.relation,
                self.key,
                true,
                snapshot,
                2,
                key.as_mut_ptr(),
            );
            let index = (*scan).irel;
            let begins_with_bigint = !index.is_null() && *(*index).rd_opcintype == pg_sys::INT8OID;
            if begins_with_bigint {
                key = [equals(1, pg_sys::F_INT8EQ, values), second];
                key[0].sk_flags |= pg_sys::SK_SEARCHARRAY.cast_signed();
                key[1].sk_attno = 2;
                pg_sys::index_rescan((*scan).iscan, key.as_mut_ptr(), 2, std::ptr::null_mut(), 0);
                let next = || {
                    let forward = pg_sys::ScanDirection::ForwardScanDirection;
                    pg_sys::index_getnext_tid((*scan).iscan, forward).as_ref()
                };
                places.extend(std::iter::from_fn(next));
            }
            pg_sys::systable_endscan(scan);
            begins_with_bigint.then_some(places)
        }
    }

    /// A column of a row, as the type that it has.
    ///
    /// # Safety
    /// The column has T's type, and the tuple is one of the relation's.
    pub unsafe fn read<T: FromDatum>(
        &self,
        tuple: pg_sys::HeapTuple,
        attribute: pg_sys::AttrNumber,
    ) -> Option<T> {
        // SAFETY: as the caller says.
        unsafe { T::from_datum(self.column(tuple, attribute)?, false) }
    }

    /// A column of a row, which lives as long as the row; `None` is NULL.
    pub fn column(
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

/// Runs `body` with a snapshot that stays valid as long as it is used.
///
/// # Safety
/// The snapshot was taken just now.
pub unsafe fn with_snapshot<T>(
    snapshot: pg_sys::Snapshot,
    body: impl FnOnce(pg_sys::Snapshot) -> T,
) -> T {
    // SAFETY: registered for as long as it is used; an error leaves that to the resource owner.
    unsafe {
        let snapshot = pg_sys::RegisterSnapshot(snapshot);
        let outcome = body(snapshot);
        pg_sys::UnregisterSnapshot(snapshot);
        outcome
    }
}

/// The condition that a column equals a uuid, which must outlive the scan.
pub fn is_uuid(column: pg_sys::AttrNumber, value: &[u8; 16]) -> pg_sys::ScanKeyData {
    equals(
        column,
        pg_sys::F_UUID_EQ,
        pg_sys::Datum::from(value.as_ptr()),
    )
}

/// The condition that a column equals a bytea, which must outlive the scan.
pub fn is_bytea(column: pg_sys::AttrNumber, value: pg_sys::Datum) -> pg_sys::ScanKeyData {
    equals(column, pg_sys::F_BYTEAEQ, value)
}

fn equals(column: pg_sys::AttrNumber, function: u32, value: pg_sys::Datum) -> pg_sys::ScanKeyData {
    let mut condition = pg_sys::ScanKeyData::default();
    // SAFETY: fills in the key; the value is only pointed to.
    unsafe {
        pg_sys::ScanKeyInit(
            &raw mut condition,
            column,
            u16::try_from(pg_sys::BTEqualStrategyNumber).unwrap_or(0),
            pg_sys::Oid::from(function),
            value,
        );
    }
    condition
}

/// Whether the role of this moment may select from a table: all of it, or one column.
fn may_select(table: pg_sys::Oid, column: Option<pg_sys::AttrNumber>) -> bool {
    let mode = pg_sys::AclMode::from(pg_sys::ACL_SELECT);
    // SAFETY: reads privileges in the system caches.
    let answer = unsafe {
        let role = pg_sys::GetUserId();
        match column {
            None => pg_sys::pg_class_aclcheck(table, role, mode),
            Some(column) => pg_sys::pg_attribute_aclcheck(table, column, role, mode),
        }
    };
    answer == pg_sys::AclResult::ACLCHECK_OK
}

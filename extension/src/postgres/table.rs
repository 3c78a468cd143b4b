//! A table read by its index, without a statement. Nothing is kept here: names are looked up in the system caches, which
//! see every change. A table or an index of another form than the one asked for is none: the statement's way is taken.

use pgrx::{FromDatum, PgList, pg_sys};
use std::ffi::CStr;

const LOCK: pg_sys::LOCKMODE = pg_sys::AccessShareLock.cast_signed();

/// A plain table and one of its indexes, open.
pub struct Table {
    relation: pg_sys::Relation,
    /// NULL where none is needed.
    index: pg_sys::Relation,
}

impl Table {
    /// Runs `body` on a table and its index; `None` where either is not there, the table is not plain, or the index is
    /// not a B-tree of it that a statement could use.
    pub fn open<T>(
        schema: &CStr,
        name: &CStr,
        index: &CStr,
        body: impl FnOnce(&Self) -> Option<T>,
    ) -> Option<T> {
        // SAFETY: looks names up in the system caches.
        let [table, index] = unsafe {
            let schema = pg_sys::get_namespace_oid(schema.as_ptr(), true);
            [name, index].map(|name| pg_sys::get_relname_relid(name.as_ptr(), schema))
        };
        let named = table != pg_sys::InvalidOid && index != pg_sys::InvalidOid;
        named.then(|| Self::open_at(table, index, body)).flatten()
    }

    /// The same for a table and an index that were found before; both may be gone.
    pub fn open_at<T>(
        table: pg_sys::Oid,
        index: pg_sys::Oid,
        body: impl FnOnce(&Self) -> Option<T>,
    ) -> Option<T> {
        with_relation(table, pg_sys::RELKIND_RELATION, |relation| {
            with_relation(index, pg_sys::RELKIND_INDEX, |index| {
                let table = Self { relation, index };
                table.is_found_by_index().then(|| body(&table)).flatten()
            })
        })
    }

    /// The same for what asks a table no row, and so needs no index.
    pub fn open_alone<T>(table: pg_sys::Oid, body: impl FnOnce(&Self) -> Option<T>) -> Option<T> {
        with_relation(table, pg_sys::RELKIND_RELATION, |relation| {
            body(&Self {
                relation,
                index: std::ptr::null_mut(),
            })
        })
    }

    /// Whether a statement might find rows of the table by the index: what the planner asks of one (`get_relation_info`).
    fn is_found_by_index(&self) -> bool {
        // SAFETY: both relations are open; what the server keeps of an index belongs to it.
        unsafe {
            let (index, row) = ((*self.index).rd_index, (*self.index).rd_indextuple);
            let written = (*row).t_data;
            // What an index was built from may be newer than what this transaction sees.
            let is_old = || {
                let infomask = u32::from((*written).t_infomask);
                infomask & pg_sys::HEAP_XMIN_FROZEN == pg_sys::HEAP_XMIN_FROZEN
                    || pg_sys::TransactionIdPrecedes(
                        (*written).t_choice.t_heap.t_xmin,
                        pg_sys::TransactionXmin,
                    )
            };
            (*(*self.index).rd_rel).relam == pg_sys::BTREE_AM_OID
                && (*index).indrelid == self.id()
                && (*index).indisvalid
                && (!(*index).indcheckxmin || is_old())
                // An ordered scan complains of these two.
                && !pg_sys::IgnoreSystemIndexes
                && !pg_sys::ReindexIsProcessingIndex((*self.index).rd_id)
        }
    }

    /// Whether there is an index, and it goes by these columns of these types first, one after the other.
    fn is_ordered_by(&self, columns: &[pg_sys::ScanKeyData]) -> bool {
        // SAFETY: the index, if any, is open; it has as many attributes and types as it says.
        unsafe {
            if self.index.is_null() {
                return false;
            }
            let index = (*self.index).rd_index;
            let count = usize::try_from((*index).indnkeyatts).unwrap_or(0);
            let attributes = (*index).indkey.values.as_slice(count);
            let types = std::slice::from_raw_parts((*self.index).rd_opcintype, count);
            let mut own = attributes.iter().zip(types);
            columns
                .iter()
                .all(|column| own.next() == Some((&column.sk_attno, &column.sk_subtype)))
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

    /// Its schema and its name.
    pub fn name(&self) -> Option<(&CStr, &CStr)> {
        // SAFETY: the relation is open, its name belongs to it; that of the schema is palloc'd.
        unsafe {
            let row = (*self.relation).rd_rel;
            let schema = pg_sys::get_namespace_name((*row).relnamespace);
            let name = (*row).relname.data.as_ptr();
            (!schema.is_null()).then(|| (CStr::from_ptr(schema), CStr::from_ptr(name)))
        }
    }

    /// Whether row level security is enabled, and whether it is forced on the table's owner too.
    pub fn security(&self) -> (bool, bool) {
        // SAFETY: the relation is open.
        let row = unsafe { &*(*self.relation).rd_rel };
        (row.relrowsecurity, row.relforcerowsecurity)
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
            untouched
                && (*self.relation).rd_rules.is_null()
                && usize::try_from((*(*self.relation).rd_att).natts) == Ok(columns)
        }
    }

    /// The rows with these values at the front of their key, in the order of the index; `None` where the index is not
    /// unique or does not begin with these columns.
    pub fn rows<const N: usize>(&self, key: [pg_sys::ScanKeyData; N]) -> Option<Keyed<'_, N>> {
        let found = self.is_ordered_by(&key) && self.holds_each_row_once();
        found.then_some(Keyed { table: self, key })
    }

    /// Whether the index is unique, and leaves no row out.
    fn holds_each_row_once(&self) -> bool {
        let predicate = i32::try_from(pg_sys::Anum_pg_index_indpred).unwrap_or(0);
        // SAFETY: the index is open; its row of `pg_index` belongs to it.
        unsafe {
            let row = (*self.index).rd_indextuple;
            (*(*self.index).rd_index).indisunique
                && pg_sys::heap_attisnull(row, predicate, std::ptr::null_mut())
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
        // It begins with an expression, which has the number 0 instead of a column's.
        let mut first = equals(0, pg_sys::INT8OID, pg_sys::F_INT8EQ, values);
        if !self.is_ordered_by(&[first, second]) {
            return None;
        }
        first.sk_flags |= pg_sys::SK_SEARCHARRAY.cast_signed();
        first.sk_attno = 1;
        let mut places = Vec::new();
        // Begun by columns of the table, then put to the index by its own.
        let mut key = [second, second];
        // SAFETY: the index belongs to the relation; the array lives as long as the scan. A place is copied before the scan
        // moves on.
        unsafe {
            let scan = pg_sys::systable_beginscan_ordered(
                self.relation,
                self.index,
                snapshot,
                2,
                key.as_mut_ptr(),
            );
            key = [first, second];
            key[1].sk_attno = 2;
            pg_sys::index_rescan((*scan).iscan, key.as_mut_ptr(), 2, std::ptr::null_mut(), 0);
            let next = || pg_sys::index_getnext_tid((*scan).iscan, FORWARD).as_ref();
            places.extend(std::iter::from_fn(next));
            pg_sys::systable_endscan_ordered(scan);
        }
        Some(places)
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

/// Rows of a table that have the same key, or the same front of it.
pub struct Keyed<'a, const N: usize> {
    table: &'a Table,
    key: [pg_sys::ScanKeyData; N],
}

impl<const N: usize> Keyed<'_, N> {
    /// What `read` makes of the first.
    pub fn find<T>(
        self,
        snapshot: pg_sys::Snapshot,
        read: impl FnOnce(pg_sys::HeapTuple) -> T,
    ) -> Option<T> {
        let (mut read, mut found) = (Some(read), None);
        self.each(snapshot, |tuple| {
            found = read.take().map(|read| read(tuple));
            false
        });
        found
    }

    /// Shows `visit` one after the other, until it has seen enough.
    pub fn each(
        mut self,
        snapshot: pg_sys::Snapshot,
        mut visit: impl FnMut(pg_sys::HeapTuple) -> bool,
    ) {
        // SAFETY: the index belongs to the relation; a tuple is read before the scan that pins it ends.
        unsafe {
            let scan = pg_sys::systable_beginscan_ordered(
                self.table.relation,
                self.table.index,
                snapshot,
                i32::try_from(N).unwrap_or(0),
                self.key.as_mut_ptr(),
            );
            loop {
                let tuple = pg_sys::systable_getnext_ordered(scan, FORWARD);
                if tuple.is_null() || !visit(tuple) {
                    break;
                }
            }
            pg_sys::systable_endscan_ordered(scan);
        }
    }
}

const FORWARD: pg_sys::ScanDirection::Type = pg_sys::ScanDirection::ForwardScanDirection;

/// Runs `body` on a relation of this kind, open and locked; `None` where it is not there, or of another kind.
fn with_relation<T>(
    relation: pg_sys::Oid,
    kind: u8,
    body: impl FnOnce(pg_sys::Relation) -> Option<T>,
) -> Option<T> {
    // SAFETY: the relation is open and locked while `body` runs, and closed after; an error leaves that to the resource
    // owner.
    unsafe {
        let relation = pg_sys::try_relation_open(relation, LOCK);
        if relation.is_null() {
            return None;
        }
        let is_meant = (*(*relation).rd_rel).relkind == kind.cast_signed();
        let outcome = is_meant.then(|| body(relation)).flatten();
        pg_sys::relation_close(relation, LOCK);
        outcome
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
        pg_sys::UUIDOID,
        pg_sys::F_UUID_EQ,
        pg_sys::Datum::from(value.as_ptr()),
    )
}

/// The condition that a column of this type equals a value, as a function says.
fn equals(
    column: pg_sys::AttrNumber,
    of_type: pg_sys::Oid,
    function: u32,
    value: pg_sys::Datum,
) -> pg_sys::ScanKeyData {
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
    condition.sk_subtype = of_type;
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

//! Tables and their indexes, open. Nothing is kept here: names are looked up in the system caches, which see every change.

use std::ffi::{CStr, CString};

use pgrx::pg_sys;

use crate::postgres::role::may_select;
use crate::postgres::row_type::RowType;

const LOCK: pg_sys::LOCKMODE = pg_sys::AccessShareLock.cast_signed();

/// The number of a column.
pub type Column = pg_sys::AttrNumber;

/// A plain table, open, and one of its indexes.
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
        if table == pg_sys::InvalidOid || index == pg_sys::InvalidOid {
            return None;
        }
        with_relation(table, pg_sys::RELKIND_RELATION, |relation| {
            with_relation(index, pg_sys::RELKIND_INDEX, |index| {
                let table = Self { relation, index };
                table.is_found_by_index().then(|| body(&table)).flatten()
            })
        })
    }

    /// Runs `body` on a table alone. Its rows cannot be read.
    pub fn open_alone<T>(table: pg_sys::Oid, body: impl FnOnce(&Self) -> Option<T>) -> Option<T> {
        with_relation(table, pg_sys::RELKIND_RELATION, |relation| {
            body(&Self {
                relation,
                index: std::ptr::null_mut(),
            })
        })
    }

    /// The open table.
    pub(super) const fn relation(&self) -> pg_sys::Relation {
        self.relation
    }

    /// The open index, or NULL.
    pub(super) const fn index(&self) -> pg_sys::Relation {
        self.index
    }

    /// The columns of a row.
    pub(super) fn row_type(&self) -> RowType {
        // SAFETY: the relation is open; its descriptor belongs to it.
        unsafe { RowType::new((*self.relation).rd_att) }
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

    /// The numbers of columns; `None` where the table lacks one, or the caller may not select it.
    pub fn columns<const N: usize>(&self, names: [&CStr; N]) -> Option<[Column; N]> {
        let numbers = self.numbers(names)?;
        let readable = |number: &Column| may_select(self.id(), Some(*number));
        (may_select(self.id(), None) || numbers.iter().all(readable)).then_some(numbers)
    }

    /// The number of a column that is only compared, as policies may compare any; `None` where the table lacks it.
    pub fn number(&self, name: &CStr) -> Option<Column> {
        self.numbers([name]).map(|[number]| number)
    }

    fn numbers<const N: usize>(&self, names: [&CStr; N]) -> Option<[Column; N]> {
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
    pub fn name(&self) -> Option<(CString, CString)> {
        // SAFETY: the relation is open, its name belongs to it; that of the schema is palloc'd.
        unsafe {
            let row = (*self.relation).rd_rel;
            let schema = pg_sys::get_namespace_name((*row).relnamespace);
            let name = (*row).relname.data.as_ptr();
            (!schema.is_null())
                .then(|| (CStr::from_ptr(schema).into(), CStr::from_ptr(name).into()))
        }
    }

    /// Whether a row is stored just as it is inserted: it has this number of columns, and no trigger or rule changes it.
    pub fn stores_as_given(&self, columns: usize) -> bool {
        // SAFETY: the relation is open; its triggers, if any, belong to it.
        unsafe {
            let triggers = (*self.relation).trigdesc;
            let untouched = triggers.is_null() || !(*triggers).trig_insert_before_row;
            untouched && (*self.relation).rd_rules.is_null() && self.row_type().len() == columns
        }
    }
}

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

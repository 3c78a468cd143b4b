//! Rows of a table, read by its index, without a statement.

use std::marker::PhantomData;

use pgrx::pg_sys;

use crate::postgres::connection::Connection;
use crate::postgres::datum::{Datum, Read, Uuid};
use crate::postgres::error;
use crate::postgres::relation::{Column, Table};
use crate::postgres::snapshot::Snapshot;

const FORWARD: pg_sys::ScanDirection::Type = pg_sys::ScanDirection::ForwardScanDirection;

/// The condition that a column equals a value, which stays for `'v`.
#[derive(Clone, Copy)]
pub struct Condition<'v> {
    key: pg_sys::ScanKeyData,
    value: PhantomData<&'v ()>,
}

/// The condition that a column equals a uuid.
pub fn is_uuid(column: Column, value: &Uuid) -> Condition<'_> {
    let value = pg_sys::Datum::from(value.as_ptr());
    Condition {
        key: equals(column, pg_sys::UUIDOID, pg_sys::F_UUID_EQ, value),
        value: PhantomData,
    }
}

/// The condition that a column of this type equals a value, as a function says.
fn equals(
    column: Column,
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

/// Where a row is in its table.
#[derive(Clone, Copy)]
pub struct Place(pg_sys::ItemPointerData);

impl Place {
    /// The place as a tid, which stays as long as `self` is borrowed.
    pub(super) fn raw(&self) -> pg_sys::Datum {
        pg_sys::Datum::from(&raw const self.0)
    }
}

impl Table {
    /// Rows that fulfil the conditions, in the order of the index; `None` where the index is not unique or does not begin
    /// with these columns.
    pub fn rows<'a, const N: usize>(
        &'a self,
        conditions: [Condition<'a>; N],
    ) -> Option<Matching<'a, N>> {
        let keys = conditions.map(|condition| condition.key);
        let found = self.is_ordered_by(&keys) && self.holds_each_row_once();
        found.then_some(Matching { table: self, keys })
    }

    /// The places of all index entries whose first column is one of `values` and whose second column fulfils the
    /// condition. The index alone is read: rows may be dead, or not visible, so each place is still to be looked at.
    /// `None` where the index does not begin with an expression of type bigint, followed by that column.
    pub fn places(
        &self,
        connection: Connection<'_>,
        values: &[i64],
        second: Condition<'_>,
        snapshot: Snapshot<'_>,
    ) -> Option<Vec<Place>> {
        let (values, second) = (connection.big_integers(values), second.key);
        // An expression has the number 0 instead of a column's.
        let mut first = equals(0, pg_sys::INT8OID, pg_sys::F_INT8EQ, values.raw());
        if !self.is_ordered_by(&[first, second]) {
            return None;
        }
        first.sk_flags |= pg_sys::SK_SEARCHARRAY.cast_signed();
        first.sk_attno = 1;
        let mut places = Vec::new();
        // The scan is begun by columns of the table. Then the index is given its own.
        let mut key = [second, second];
        // SAFETY: the index belongs to the relation; the array stays as long as the scan. A place is copied before the
        // scan moves on.
        unsafe {
            let scan = pg_sys::systable_beginscan_ordered(
                self.relation(),
                self.index(),
                snapshot.raw(),
                2,
                key.as_mut_ptr(),
            );
            key = [first, second];
            key[1].sk_attno = 2;
            pg_sys::index_rescan((*scan).iscan, key.as_mut_ptr(), 2, std::ptr::null_mut(), 0);
            let next = || pg_sys::index_getnext_tid((*scan).iscan, FORWARD).as_ref();
            places.extend(std::iter::from_fn(next).copied().map(Place));
            pg_sys::systable_endscan_ordered(scan);
        }
        Some(places)
    }

    /// Whether there is an index, and it goes by these columns of these types first, one after the other.
    fn is_ordered_by(&self, columns: &[pg_sys::ScanKeyData]) -> bool {
        // SAFETY: the index, if any, is open; it has as many attributes and types as it says.
        unsafe {
            if self.index().is_null() {
                return false;
            }
            let index = (*self.index()).rd_index;
            let count = usize::try_from((*index).indnkeyatts).unwrap_or(0);
            let attributes = (*index).indkey.values.as_slice(count);
            let types = std::slice::from_raw_parts((*self.index()).rd_opcintype, count);
            let mut own = attributes.iter().zip(types);
            columns
                .iter()
                .all(|column| own.next() == Some((&column.sk_attno, &column.sk_subtype)))
        }
    }

    /// Whether the index is unique, and leaves no row out.
    fn holds_each_row_once(&self) -> bool {
        let predicate = i32::try_from(pg_sys::Anum_pg_index_indpred).unwrap_or(0);
        // SAFETY: the index is open; its row of `pg_index` belongs to it.
        unsafe {
            let row = (*self.index()).rd_indextuple;
            (*(*self.index()).rd_index).indisunique
                && pg_sys::heap_attisnull(row, predicate, std::ptr::null_mut())
        }
    }
}

/// Rows of a table that fulfil conditions.
pub struct Matching<'a, const N: usize> {
    table: &'a Table,
    keys: [pg_sys::ScanKeyData; N],
}

impl<const N: usize> Matching<'_, N> {
    /// What `read` makes of the first.
    pub fn find<T>(
        self,
        snapshot: Snapshot<'_>,
        read: impl for<'r> FnOnce(TableRow<'r>) -> T,
    ) -> Option<T> {
        let (mut read, mut found) = (Some(read), None);
        self.each(snapshot, |row| {
            found = read.take().map(|read| read(row));
            false
        });
        found
    }

    /// Shows `visit` one after the other, until it has seen enough.
    pub fn each(
        mut self,
        snapshot: Snapshot<'_>,
        mut visit: impl for<'r> FnMut(TableRow<'r>) -> bool,
    ) {
        // SAFETY: the index belongs to the relation; a row is read before the scan that pins it ends.
        unsafe {
            let scan = pg_sys::systable_beginscan_ordered(
                self.table.relation(),
                self.table.index(),
                snapshot.raw(),
                i32::try_from(N).unwrap_or(0),
                self.keys.as_mut_ptr(),
            );
            loop {
                let tuple = pg_sys::systable_getnext_ordered(scan, FORWARD);
                let table = self.table;
                if tuple.is_null() || !visit(TableRow { tuple, table }) {
                    break;
                }
            }
            pg_sys::systable_endscan_ordered(scan);
        }
    }
}

/// A row of a table, which stays for `'r`.
#[derive(Clone, Copy)]
pub struct TableRow<'r> {
    tuple: pg_sys::HeapTuple,
    table: &'r Table,
}

impl<'r> TableRow<'r> {
    /// A column; `None` for NULL.
    pub fn get<T: Read<'r>>(self, column: Column) -> Option<T> {
        self.datum(column).map(Datum::read)
    }

    /// Whether a column is NULL.
    pub fn is_null(self, column: Column) -> bool {
        self.datum(column).is_none()
    }

    /// The transaction that wrote this version of the row.
    pub fn writer(self) -> pg_sys::TransactionId {
        // SAFETY: the row is one of the table's, as it is stored.
        unsafe { (*(*self.tuple).t_data).t_choice.t_heap.t_xmin }
    }

    fn datum(self, column: Column) -> Option<Datum<'r>> {
        let row_type = self.table.row_type();
        let Some(of_type) = row_type.type_of(column.into()) else {
            error::internal("a column was read that the table does not have");
        };
        let mut is_null = false;
        // SAFETY: the row is one of the table's, which has the column; the value stays where the row does.
        unsafe {
            let value =
                pg_sys::heap_getattr(self.tuple, column.into(), row_type.raw(), &mut is_null);
            (!is_null).then(|| Datum::new(value, of_type))
        }
    }
}

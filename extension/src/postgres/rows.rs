//! What a statement returned.

use std::marker::PhantomData;

use pgrx::pg_sys;

use crate::postgres::datum::{Datum, Read};
use crate::postgres::row_type::RowType;

/// The rows that a statement returned, or how many it changed.
#[derive(Clone, Copy)]
pub struct Rows<'c> {
    /// NULL where the statement returns none.
    table: *mut pg_sys::SPITupleTable,
    count: u64,
    open: PhantomData<&'c ()>,
}

impl<'c> Rows<'c> {
    /// # Safety
    /// The table is NULL or one of SPI, and stays for `'c`.
    pub(super) const unsafe fn new(table: *mut pg_sys::SPITupleTable, count: u64) -> Self {
        Self {
            table,
            count,
            open: PhantomData,
        }
    }

    /// Whether nothing was returned or changed.
    pub const fn is_empty(self) -> bool {
        self.count == 0
    }

    /// How many rows were returned or changed.
    pub const fn len(self) -> u64 {
        self.count
    }

    /// The rows.
    pub fn iter(self) -> impl Iterator<Item = Row<'c>> {
        let length = if self.table.is_null() {
            0
        } else {
            // SAFETY: a table of SPI.
            usize::try_from(unsafe { (*self.table).numvals }).unwrap_or(0)
        };
        // SAFETY: the table has as many rows, all of its type.
        (0..length).map(move |position| unsafe {
            Row {
                tuple: *(*self.table).vals.add(position),
                of_type: RowType::new((*self.table).tupdesc),
                open: PhantomData,
            }
        })
    }

    /// A column of every row, numbered from 1.
    pub fn column<T: Read<'c>>(self, column: i32) -> impl Iterator<Item = Option<T>> {
        self.iter().map(move |row| row.get(column))
    }

    /// A column of the first row, numbered from 1.
    pub fn get<T: Read<'c>>(self, column: i32) -> Option<T> {
        self.datum(column).map(Datum::read)
    }

    /// The same, untouched.
    pub fn datum(self, column: i32) -> Option<Datum<'c>> {
        self.iter().next()?.datum(column)
    }
}

/// One of the rows that a statement returned.
#[derive(Clone, Copy)]
pub struct Row<'c> {
    tuple: pg_sys::HeapTuple,
    of_type: RowType,
    open: PhantomData<&'c ()>,
}

impl<'c> Row<'c> {
    /// A column, numbered from 1.
    pub fn get<T: Read<'c>>(self, column: i32) -> Option<T> {
        self.datum(column).map(Datum::read)
    }

    fn datum(self, column: i32) -> Option<Datum<'c>> {
        let of_type = self.of_type.type_of(column)?;
        let mut is_null = false;
        // SAFETY: the row is of the type, which has the column; the value stays where the row does.
        unsafe {
            let value = pg_sys::heap_getattr(self.tuple, column, self.of_type.raw(), &mut is_null);
            (!is_null).then(|| Datum::new(value, of_type))
        }
    }

    pub(super) const fn tuple(self) -> pg_sys::HeapTuple {
        self.tuple
    }

    pub(super) const fn of_type(self) -> RowType {
        self.of_type
    }
}

//! Rows that are kept in order: those that a call returns, and those that a statement is to read.

use std::ffi::CStr;
use std::marker::PhantomData;
use std::rc::Rc;

use pgrx::pg_sys;

use crate::postgres::connection::Connection;
use crate::postgres::datum::Value;
use crate::postgres::error;
use crate::postgres::row_type::RowType;
use crate::postgres::rows::Row;

/// The rows that a call returns.
#[derive(Clone, Copy)]
pub struct Returned<'c> {
    store: *mut pg_sys::Tuplestorestate,
    of_type: RowType,
    open: PhantomData<&'c ()>,
}

impl<'c> Returned<'c> {
    /// # Safety
    /// Store and descriptor are those of the running call, and stay for `'c`.
    pub(super) const unsafe fn new(
        store: *mut pg_sys::Tuplestorestate,
        descriptor: pg_sys::TupleDesc,
    ) -> Self {
        Self {
            store,
            // SAFETY: as the caller says.
            of_type: unsafe { RowType::new(descriptor) },
            open: PhantomData,
        }
    }

    pub(super) const fn raw(self) -> (*mut pg_sys::Tuplestorestate, pg_sys::TupleDesc) {
        (self.store, self.of_type.raw())
    }

    /// Adds rows of statements, whose columns are those of the declared result.
    pub fn add(self, rows: impl Iterator<Item = Row<'c>>) {
        let mut checked = self.of_type;
        for row in rows {
            if row.of_type() != checked {
                if !row.of_type().has_form_of(self.of_type) {
                    error::internal("a row to return has other columns than the function declares");
                }
                checked = row.of_type();
            }
            // SAFETY: the store is open; the row is of its form, and is copied.
            unsafe { pg_sys::tuplestore_puttuple(self.store, row.tuple()) };
        }
    }

    /// Adds one row of values, in the order of the declared columns.
    pub fn add_values(self, values: &[Value]) {
        if values.len() != self.of_type.len() {
            error::internal(
                "a row to return has another number of columns than the function declares",
            );
        }
        RowStore::of(self).push(values);
    }
}

/// Rows that a statement can read, in the form of what a call returns.
pub struct RowStore<'c> {
    store: *mut pg_sys::Tuplestorestate,
    of_type: RowType,
    /// The type of each column, or the one that its domain is made over.
    types: Rc<[pg_sys::Oid]>,
    open: PhantomData<&'c ()>,
}

impl<'c> RowStore<'c> {
    /// The rows that the call returns.
    pub fn of(returned: Returned<'c>) -> Self {
        Self {
            store: returned.store,
            of_type: returned.of_type,
            types: returned.of_type.base_types(),
            open: PhantomData,
        }
    }

    /// Rows of their own, in the form of those that the call returns.
    pub fn like(connection: Connection<'c>, returned: Returned<'c>) -> Self {
        // SAFETY: the store is in the memory of the connection.
        let store = connection
            .in_memory(|| unsafe { pg_sys::tuplestore_begin_heap(false, false, pg_sys::work_mem) });
        Self {
            store,
            ..Self::of(returned)
        }
    }

    /// Adds a row of values. Columns behind the last value are NULL.
    pub fn push(&mut self, values: &[Value]) {
        let columns = self.types.len();
        let (mut datums, mut nulls) = (vec![pg_sys::Datum::from(0); columns], vec![true; columns]);
        for (position, (value, of_type)) in values.iter().zip(self.types.iter()).enumerate() {
            if !value.is_of(*of_type) {
                error::internal("a value was put into a column of another type");
            }
            if let Some(value) = value.raw() {
                (datums[position], nulls[position]) = (value, false);
            }
        }
        // SAFETY: both arrays have one entry per column of the descriptor, whose types the values have; the row is a copy.
        unsafe {
            pg_sys::tuplestore_putvalues(
                self.store,
                self.of_type.raw(),
                datums.as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
        }
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        // SAFETY: the store is open.
        unsafe { pg_sys::tuplestore_clear(self.store) };
    }

    pub(super) const fn of_type(&self) -> RowType {
        self.of_type
    }

    /// Runs `statement` while statements of the innermost connection can read the rows under the name.
    pub(super) fn readable<T>(&self, name: &'static CStr, statement: impl FnOnce() -> T) -> T {
        let mut relation = pg_sys::EphemeralNamedRelationData {
            md: pg_sys::EphemeralNamedRelationMetadataData {
                name: name.as_ptr().cast_mut(),
                reliddesc: pg_sys::InvalidOid,
                tupdesc: self.of_type.raw(),
                enrtype: pg_sys::EphemeralNameRelationType::ENR_NAMED_TUPLESTORE,
                enrtuples: 2.0,
            },
            reldata: self.store.cast(),
        };
        // SAFETY: an SPI connection is open, and forgets the relation before the relation ends. An error closes the
        // connection. A statement reads the store by a position of its own and leaves that one selected.
        unsafe {
            pg_sys::SPI_register_relation(&raw mut relation);
            let outcome = statement();
            pg_sys::SPI_unregister_relation(name.as_ptr());
            pg_sys::tuplestore_select_read_pointer(self.store, 0);
            outcome
        }
    }
}

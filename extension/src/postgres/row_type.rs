//! The types of the columns of a row.

use std::cell::RefCell;
use std::rc::Rc;

use pgrx::pg_sys;

use crate::postgres::datum::base_type;
use crate::postgres::invalidation::changes;

/// A descriptor of rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RowType(pg_sys::TupleDesc);

impl RowType {
    /// # Safety
    /// The descriptor is complete, and stays as long as this one is used.
    pub const unsafe fn new(descriptor: pg_sys::TupleDesc) -> Self {
        Self(descriptor)
    }

    /// The descriptor.
    pub const fn raw(self) -> pg_sys::TupleDesc {
        self.0
    }

    /// How many columns there are, dropped ones included.
    pub fn len(self) -> usize {
        self.columns().len()
    }

    /// The type of a column, numbered from 1; `None` where there is none.
    pub fn type_of(self, column: i32) -> Option<pg_sys::Oid> {
        let position = usize::try_from(column).ok()?.checked_sub(1)?;
        self.columns().get(position).map(|column| column.atttypid)
    }

    /// The types of all columns; 0 for one that was dropped.
    pub fn types(self) -> impl Iterator<Item = pg_sys::Oid> {
        self.columns().iter().map(|column| column.atttypid)
    }

    /// The types of all columns, where a domain is the type that it is made over.
    pub fn base_types(self) -> Rc<[pg_sys::Oid]> {
        let changes = changes();
        let kept = KEPT.with_borrow(|kept| {
            let is_same = |kept: &&Resolved| {
                kept.changes == changes && self.types().eq(kept.types.iter().copied())
            };
            kept.iter()
                .find(is_same)
                .map(|kept| kept.base_types.clone())
        });
        kept.unwrap_or_else(|| {
            let base_types: Rc<[pg_sys::Oid]> = self.types().map(base_type).collect();
            KEPT.with_borrow_mut(|kept| {
                kept.retain(|kept| kept.changes == changes);
                kept.push(Resolved {
                    changes,
                    types: self.types().collect(),
                    base_types: base_types.clone(),
                });
            });
            base_types
        })
    }

    /// Whether rows of the other type have the same form: each column has the same type, or a domain over the same.
    pub fn has_form_of(self, other: Self) -> bool {
        let is_same = |(one, other)| one == other || base_type(one) == base_type(other);
        self == other || (self.len() == other.len() && self.types().zip(other.types()).all(is_same))
    }

    /// `TupleDescAttr` of `access/tupdesc.h` for all columns.
    fn columns<'a>(self) -> &'a [pg_sys::FormData_pg_attribute] {
        // SAFETY: the descriptor has as many columns as it says. From PostgreSQL 18 on they follow their compact forms.
        unsafe {
            let count = usize::try_from((*self.0).natts).unwrap_or(0);
            #[cfg(feature = "pg18")]
            {
                let behind = (*self.0).compact_attrs.as_ptr().add(count);
                std::slice::from_raw_parts(behind.cast(), count)
            }
            #[cfg(not(feature = "pg18"))]
            {
                (*self.0).attrs.as_slice(count)
            }
        }
    }
}

/// The base types of rows of one form, as far as this backend has heard of changes.
struct Resolved {
    changes: u64,
    types: Vec<pg_sys::Oid>,
    base_types: Rc<[pg_sys::Oid]>,
}

thread_local! {
    /// One for each form of rows that calls return, so few.
    static KEPT: RefCell<Vec<Resolved>> = const { RefCell::new(Vec::new()) };
}

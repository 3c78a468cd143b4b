//! Which of many documents are stored as they are: the way of a batch that is known, ten thousand in some 30 ms.
//!
//! The index of checksums is read directly, in its own order, and tells where rows may lie. What is there is read by a
//! statement that goes from place to place, under the policies, and looks at each row as if nothing were known of it. So
//! the index only saves the search: a place that is wrong shows nothing, or a row that matches no item.

use std::collections::HashMap;

use pgrx::{FromDatum, IntoDatum, pg_sys};

use crate::documents::document_item::Item;
use crate::postgres::array;
use crate::postgres::datum::bytes;
use crate::postgres::plan::{Rows, plans};
use crate::postgres::table::{Table, is_uuid, with_snapshot};

plans! {
    STORED(UUIDOID, UUIDOID, TIDARRAYOID) = c"
        select 'duplicate', d.id, d.tenant_id, d.user_id, d.source_uri, d.aliases, d.checksum, d.title, d.mime_type,
          d.byte_size, d.status, d.error, d.visibility, d.supersedes, d.created_at, d.updated_at, d.deleted_at, d.access
        from chatkeep.documents d
        where d.ctid = any ($3) and d.user_id = $2 and d.tenant_id = $1
          and d.visibility = 'private' and d.deleted_at is null
          and (d.status = 'ready' or d.status = 'pending' or (d.status = 'processing'
            and d.updated_at >= pg_catalog.clock_timestamp() operator(pg_catalog.-) interval '1 hour'))";
}

/// The columns of STORED that are looked at.
const ID: i32 = 2;
const SOURCE_URI: i32 = 5;
const ALIASES: i32 = 6;
const CHECKSUM: i32 = 7;
const STATUS: i32 = 11;

/// A row of the call's result, and the document it is of.
#[derive(Clone, Copy)]
pub struct Row {
    pub tuple: pg_sys::HeapTuple,
    pub id: [u8; 16],
}

/// The result rows of items that are stored as they are, the owner's and private; `None` for any other item.
pub fn known(
    tenant: Option<pg_sys::Datum>,
    owner: Option<pg_sys::Datum>,
    items: &[Item],
) -> Vec<Option<Row>> {
    let nothing = || vec![None; items.len()];
    let Some(places) = owner.and_then(|owner| places(bytes(owner), items)) else {
        return nothing();
    };
    if places.is_empty() {
        return nothing();
    }
    let places = array::of(
        array::TID,
        places
            .iter()
            .map(|place| Some(pg_sys::Datum::from(std::ptr::from_ref(place)))),
    );
    let rows = STORED.with(|plan| plan.execute(&[tenant, owner, Some(places)]));
    let stored = Stored::of(&rows);
    items.iter().map(|item| stored.row(item)).collect()
}

/// Where rows of the items' checksums may lie.
fn places(owner: [u8; 16], items: &[Item]) -> Option<Vec<pg_sys::ItemPointerData>> {
    let mut fronts: Vec<i64> = items
        .iter()
        .filter(|item| !item.is_shared())
        .filter_map(|item| u64::from_str_radix(item.checksum.get(..16)?, 16).ok())
        .map(u64::cast_signed)
        .collect();
    // In the order of the index, whose pages are then read one after the other.
    fronts.sort_unstable();
    fronts.dedup();
    let fronts = array::of(array::BIGINT, fronts.into_iter().map(IntoDatum::into_datum));
    let look = |snapshot| {
        Table::open(
            c"chatkeep",
            c"documents",
            c"documents_checksum_front_idx",
            |table| {
                let user_id = table.number(c"user_id")?;
                table.places(fronts, is_uuid(user_id, &owner), snapshot)
            },
        )
    };
    // SAFETY: a snapshot of this moment.
    unsafe { with_snapshot(pg_sys::GetLatestSnapshot(), look) }
}

/// The first characters of a checksum, by which it is found sooner than by all of it. Where two have the same the second is
/// not found, and takes the longer way.
type Front = [u8; 16];

fn front(checksum: &str) -> Option<Front> {
    checksum.as_bytes().first_chunk().copied()
}

/// Rows by their checksum.
struct Stored<'a> {
    rows: &'a Rows,
    by_checksum: HashMap<Front, (&'a str, pg_sys::HeapTuple)>,
}

impl<'a> Stored<'a> {
    fn of(rows: &'a Rows) -> Self {
        let checksums = rows.column(CHECKSUM).flatten();
        let by_checksum = checksums
            .zip(rows.tuples())
            .filter_map(|(checksum, row)| {
                // SAFETY: the column is a text, and lives as long as the rows.
                let checksum = unsafe { <&str>::from_datum(checksum, false) };
                let checksum = checksum?;
                Some((front(checksum)?, (checksum, row)))
            })
            .collect();
        Self { rows, by_checksum }
    }

    /// The row of an item, if nothing is left to do for it.
    fn row(&self, item: &Item) -> Option<Row> {
        if item.is_shared() {
            return None;
        }
        let (checksum, row) = *self.by_checksum.get(&front(&item.checksum)?)?;
        let has_source = self.text(row, SOURCE_URI) == Some(item.source_uri.as_str())
            || self
                .aliases(row)
                .iter()
                .any(|alias| alias.as_deref() == Some(item.source_uri.as_str()));
        let is_renewed = item.is_described() && self.text(row, STATUS) == Some("pending");
        let id = bytes(self.rows.value(row, ID)?);
        (checksum == item.checksum && has_source && !is_renewed).then_some(Row { tuple: row, id })
    }

    fn text(&self, row: pg_sys::HeapTuple, column: i32) -> Option<&str> {
        // SAFETY: the column is a text, and lives as long as the rows.
        unsafe { <&str>::from_datum(self.rows.value(row, column)?, false) }
    }

    fn aliases(&self, row: pg_sys::HeapTuple) -> Vec<Option<String>> {
        let value = self.rows.value(row, ALIASES);
        // SAFETY: the column is an array of text.
        value
            .and_then(|value| unsafe { Vec::from_datum(value, false) })
            .unwrap_or_default()
    }
}

//! Which of many documents are stored as they are: the way of a batch that is known, ten thousand in some 30 ms.
//!
//! The index of checksums is read directly, in its own order, and tells where rows may lie. What is there is read by a
//! statement that goes from place to place, under the policies, and looks at each row as if nothing were known of it. So
//! the index only saves the search: a place that is wrong shows nothing, or a row that matches no item.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::documents::document_item::DocumentItem;
use crate::documents::registrar::Registrar;
use crate::postgres::datum::{Uuid, values};
use crate::postgres::index_scan::{Place, is_uuid};
use crate::postgres::relation::Table;
use crate::postgres::rows::{Row, Rows};
use crate::postgres::snapshot::with_latest;
use crate::postgres::statement::{sql_file, statements};

statements! {
    STORED(UUIDOID, UUIDOID, TIDARRAYOID) = sql_file!("statements/documents_at_places.sql");
}

/// The columns of STORED that are looked at.
const ID: i32 = 2;
const SOURCE_URI: i32 = 5;
const ALIASES: i32 = 6;
const CHECKSUM: i32 = 7;
const STATUS: i32 = 11;

/// A document that is stored as an item says: a row of the call's result.
#[derive(Clone, Copy)]
pub struct StoredDocument<'c> {
    pub row: Row<'c>,
    pub id: Uuid,
}

impl<'c> Registrar<'c> {
    /// The result rows of items that are stored as they are, the owner's and private; `None` for any other item.
    pub fn stored(&self, items: &[DocumentItem]) -> Vec<Option<StoredDocument<'c>>> {
        let nothing = || vec![None; items.len()];
        // For a single item the statement that follows is as fast.
        if items.len() < 2 {
            return nothing();
        }
        let Some(places) = self.owner.and_then(|owner| self.places(&owner, items)) else {
            return nothing();
        };
        if places.is_empty() {
            return nothing();
        }
        let places = self.connection.tids(&places);
        let arguments = values![self.tenant, self.owner, places];
        let rows = ByChecksum::of(STORED.execute(self.connection, &arguments));
        items.iter().map(|item| rows.row(item)).collect()
    }

    /// Where rows of the items' checksums may lie.
    fn places(&self, owner: &Uuid, items: &[DocumentItem]) -> Option<Vec<Place>> {
        let mut fronts: Vec<i64> = items
            .iter()
            .filter(|item| !item.is_shared())
            .filter_map(|item| u64::from_str_radix(item.checksum.get(..16)?, 16).ok())
            .map(u64::cast_signed)
            .collect();
        // In the order of the index, whose pages are then read one after the other.
        fronts.sort_unstable();
        fronts.dedup();
        with_latest(|snapshot| {
            Table::open(
                c"chatkeep",
                c"documents",
                c"documents_checksum_front_idx",
                |table| {
                    let user_id = table.number(c"user_id")?;
                    table.places(self.connection, &fronts, is_uuid(user_id, owner), snapshot)
                },
            )
        })
    }
}

/// The first characters of a checksum, by which it is found sooner than by all of it. Where two have the same the second is
/// not found, and takes the longer way.
type Front = [u8; 16];

fn front(checksum: &str) -> Option<Front> {
    checksum.as_bytes().first_chunk().copied()
}

/// Rows by the front of their checksum, with the whole of it.
struct ByChecksum<'c>(HashMap<Front, (Cow<'c, str>, Row<'c>)>);

impl<'c> ByChecksum<'c> {
    fn of(rows: Rows<'c>) -> Self {
        let by_checksum = rows
            .iter()
            .filter_map(|row| {
                let checksum: Cow<str> = row.get(CHECKSUM)?;
                Some((front(&checksum)?, (checksum, row)))
            })
            .collect();
        Self(by_checksum)
    }

    /// The row of an item, if nothing is left to do for it.
    fn row(&self, item: &DocumentItem) -> Option<StoredDocument<'c>> {
        if item.is_shared() {
            return None;
        }
        let (checksum, row) = self.0.get(&front(&item.checksum)?)?;
        let is_text = |column, text: &str| {
            let found: Option<Cow<str>> = row.get(column);
            found.as_deref() == Some(text)
        };
        let has_source = is_text(SOURCE_URI, &item.source_uri)
            || aliases(*row)
                .iter()
                .any(|alias| alias.as_deref() == Some(item.source_uri.as_str()));
        let is_renewed = item.is_described() && is_text(STATUS, "pending");
        let id = row.get(ID)?;
        (*checksum == item.checksum && has_source && !is_renewed)
            .then_some(StoredDocument { row: *row, id })
    }
}

fn aliases(row: Row) -> Vec<Option<String>> {
    row.get(ALIASES).unwrap_or_default()
}

//! `document_checksum`.

use chatkeep_core::digest::{self, Hasher};
use pgrx::extension_sql;

use crate::call::declare_answer;
use crate::postgres::bytea;
use crate::postgres::datum::Datum;
use crate::postgres::entry::Entry;

declare_answer!(document_checksum);

// Declared by hand, because a `#[pg_extern]` function would receive a copy of all bytes.
extension_sql!(
    r"
    create function @extschema@.document_checksum(content bytea) returns text
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'document_checksum_wrapper';",
    name = "document_checksum"
);

/// The SHA-256 of the bytes, 64 lower-case hexadecimal characters.
fn document_checksum(entry: Entry) -> Option<String> {
    entry.argument(0).map(checksum_of)
}

/// The checksum of a bytea. Its bytes are hashed where they are stored.
pub fn checksum_of(content: Datum) -> String {
    let mut hasher = Hasher::new();
    bytea::read_in_slices(content, |bytes| hasher.update(bytes));
    digest::hex(&hasher.finish())
}

//! `document_checksum`.

use chatkeep_core::digest;
use pgrx::{extension_sql, pg_sys};

use crate::call::{Call, answers};
use crate::postgres::bytea as content;
use crate::postgres::datum::text;

answers! {
    document_checksum_wrapper, pg_finfo_document_checksum_wrapper => document_checksum;
}

// Declared by hand because a `#[pg_extern]` would be handed a whole copy of the bytes.
extension_sql!(
    r"
    create function @extschema@.document_checksum(content bytea) returns text
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'document_checksum_wrapper';",
    name = "document_checksum"
);

/// The SHA-256 of the bytes, 64 lower-case hexadecimal characters.
fn document_checksum(call: Call) -> Option<pg_sys::Datum> {
    let content = call.datum(0)?;
    text(&digest::hex(&content::digest_of(content)))
}

//! `document_checksum`, `register_document`, `register_documents`, `register_content`.

use chatkeep_core::document::{self, NewDocument};
use chatkeep_core::{Refusal, digest, limits};
use pgrx::{IntoDatum, extension_sql, pg_sys};

use crate::call::{Call, answers, calls, text, writing};
use crate::content;
use crate::json;
use crate::jsonb::{Batch, Value};
use crate::registration::{self, Item};
use std::borrow::Cow;

calls! {
    register_document_wrapper, pg_finfo_register_document_wrapper => register_document;
    register_documents_wrapper, pg_finfo_register_documents_wrapper => register_documents;
    register_content_wrapper, pg_finfo_register_content_wrapper => register_content;
}

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

fn register_document(call: Call) -> Result<(), Refusal> {
    let item = Given {
        source_uri: call.argument(0),
        checksum: call.argument(1),
        title: call.argument(2),
        mime_type: call.argument(3),
        byte_size: call.argument(4),
        tags: call.datum(5),
        visibility: call.argument(6),
        properties: call.datum(7),
    }
    .check()?;
    register(call, &[item], false)
}

fn register_content(call: Call) -> Result<(), Refusal> {
    let source_uri: Option<&str> = call.argument(0);
    source_uri.ok_or_else(|| Refusal::missing("source_uri"))?;
    let content = call.datum(1).ok_or_else(|| Refusal::missing("content"))?;
    let item = Given {
        source_uri,
        checksum: Some(&digest::hex(&content::digest_of(content))),
        title: call.argument(2),
        mime_type: call.argument(3),
        byte_size: Some(content::size_of(content)),
        tags: call.datum(4),
        visibility: call.argument(5),
        properties: call.datum(6),
    }
    .check()?;
    register(call, &[item], false)
}

const DOCUMENTS: Batch<{ document::ITEM_KEYS.len() }> = Batch {
    argument: "documents",
    most: limits::BATCH_DOCUMENTS,
    keys: document::ITEM_KEYS,
    keys_hint: document::ITEM_KEYS_HINT,
};

fn register_documents(call: Call) -> Result<(), Refusal> {
    let empty = json::empty_object();
    let items = DOCUMENTS.read(call.datum(0), |values| {
        let [
            source_uri,
            checksum,
            title,
            mime_type,
            byte_size,
            tags,
            visibility,
            properties,
        ] = values;
        let object = |value: Value| value.json().or(empty);
        Given {
            source_uri: source_uri.text()?,
            checksum: checksum.text()?,
            title: title.text()?,
            mime_type: mime_type.text()?,
            byte_size: byte_size.big_integer()?,
            tags: object(tags),
            visibility: Some(visibility.text()?.unwrap_or("private")),
            properties: object(properties),
        }
        .check()
    })?;
    register(call, &items, true)
}

fn register(call: Call, items: &[Item], is_batch: bool) -> Result<(), Refusal> {
    writing(|| registration::register(call, items, is_batch))
}

/// The arguments of `register_document`, as they come.
struct Given<'a> {
    source_uri: Option<&'a str>,
    checksum: Option<&'a str>,
    title: Option<&'a str>,
    mime_type: Option<&'a str>,
    byte_size: Option<i64>,
    tags: Option<pg_sys::Datum>,
    visibility: Option<&'a str>,
    properties: Option<pg_sys::Datum>,
}

impl Given<'_> {
    fn check(self) -> Result<Item, Refusal> {
        let (tags, properties) = (json::text(self.tags), json::text(self.properties));
        let stored = NewDocument {
            source_uri: self.source_uri,
            checksum: self.checksum,
            title: self.title,
            mime_type: self.mime_type,
            byte_size: self.byte_size,
            tags: tags.as_deref(),
            visibility: self.visibility,
            properties: properties.as_deref(),
        }
        .check()?;
        let is_empty = |text: &Option<Cow<str>>| text.as_deref() == Some("{}");
        let is_described = !is_empty(&tags) || !is_empty(&properties);
        Ok(Item {
            source_uri: stored.source_uri.into_owned(),
            checksum: stored.checksum,
            title: self.title.and_then(text),
            mime_type: self.mime_type.and_then(text),
            byte_size: self.byte_size.into_datum(),
            visibility: document::VISIBILITIES
                .into_iter()
                .find(|known| Some(*known) == self.visibility)
                .unwrap_or("private"),
            metadata: self.tags.zip(self.properties).filter(|_| is_described),
        })
    }
}

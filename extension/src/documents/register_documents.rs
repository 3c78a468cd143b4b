//! `register_documents`.

use chatkeep_core::{Refusal, document, limits};

use crate::call::{Call, calls};
use crate::documents::document_item::Given;
use crate::documents::registration::register;
use crate::postgres::jsonb::{Batch, Value};
use crate::postgres::jsonb_text as json;

calls! {
    register_documents_wrapper, pg_finfo_register_documents_wrapper => register_documents;
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

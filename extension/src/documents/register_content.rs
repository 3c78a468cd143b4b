//! `register_content`.

use chatkeep_core::{Refusal, digest};

use crate::call::{Call, calls};
use crate::documents::document_item::Given;
use crate::documents::registration::register;
use crate::postgres::bytea as content;

calls! {
    register_content_wrapper, pg_finfo_register_content_wrapper => register_content;
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

//! `register_content`.

use chatkeep_core::Refusal;
use std::borrow::Cow;

use crate::call::{Call, declare_call};
use crate::documents::document_checksum::checksum_of;
use crate::documents::document_item::DocumentArguments;
use crate::documents::registration::register;
use crate::postgres::bytea;

declare_call!(register_content);

fn register_content(call: Call) -> Result<(), Refusal> {
    let source_uri: Cow<str> = call.required(0, "source_uri")?;
    let content = call.datum(1).ok_or_else(|| Refusal::missing("content"))?;
    let item = DocumentArguments {
        source_uri: Some(source_uri),
        checksum: Some(checksum_of(content).into()),
        title: call.argument(2),
        mime_type: call.argument(3),
        byte_size: Some(bytea::size_of(content)),
        tags: call.datum(4),
        visibility: call.argument(5),
        properties: call.datum(6),
    }
    .check()?;
    register(call, &[item], false, call.argument(7))
}

//! `register_document`.

use chatkeep_core::Refusal;

use crate::call::{Call, declare_call};
use crate::documents::document_item::DocumentArguments;
use crate::documents::registration::register;

declare_call!(register_document);

fn register_document(call: Call) -> Result<(), Refusal> {
    let item = DocumentArguments {
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
    register(call, &[item], false, call.argument(8))
}

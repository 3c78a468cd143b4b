//! `register_documents`.

use chatkeep_core::Refusal;

use crate::call::{Call, declare_call};
use crate::documents::document_item;
use crate::documents::registration::register;

declare_call!(register_documents);

fn register_documents(call: Call) -> Result<(), Refusal> {
    let items = document_item::read_all(call, call.datum(0))?;
    register(call, &items, true, call.argument(1))
}

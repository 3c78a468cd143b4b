//! `engine()`: which engine answers. `calls()`: which calls it implements.

use chatkeep_core::Refusal;
use pgrx::iter::SetOfIterator;
use pgrx::pg_extern;

use crate::call::{Call, calls, text};
use crate::plan::plans;

plans! {
    SCHEMA_VERSION() = c"select chatkeep_private.schema_version()";
}

calls! {
    engine_wrapper, pg_finfo_engine_wrapper => engine;
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of every call")]
fn engine(call: Call) -> Result<(), Refusal> {
    let version = SCHEMA_VERSION.with(|plan| plan.read(&[]));
    call.return_values(&[
        text("native"),
        text(env!("CARGO_PKG_VERSION")),
        version.datum(1),
    ]);
    Ok(())
}

/// The functions of schemas `chatkeep` and `chatkeep_private` that this library implements, each as the symbol `<name>_wrapper`.
#[pg_extern(immutable, parallel_safe)]
fn calls() -> SetOfIterator<'static, &'static str> {
    SetOfIterator::new([
        "create_chat",
        "append_message",
        "append_messages",
        "finish_message",
        "select_branch",
        "list_messages",
        "create_session",
        "rotate_session",
        "validate_session",
        "document_checksum",
        "register_document",
        "engine",
        "uid",
        "tenant_id",
        "writer",
        "keeps_order",
    ])
}

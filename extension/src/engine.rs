//! `engine()` says which engine answers, and `calls()` which calls this one implements.

use chatkeep_core::{Refusal, postgres_advisories};
use pgrx::iter::SetOfIterator;
use pgrx::{extension_sql, pg_extern};

use crate::call::{Call, declare_call};
use crate::postgres::datum::values;
use crate::postgres::settings;
use crate::postgres::statement::statements;

statements! {
    SCHEMA_VERSION() = c"select chatkeep_private.schema_version()";
}

declare_call!(engine_wrapper, pg_finfo_engine_wrapper => engine);

#[expect(clippy::unnecessary_wraps, reason = "the shape of every call")]
fn engine(call: Call) -> Result<(), Refusal> {
    let version = SCHEMA_VERSION.read(call.connection, &[]);
    call.return_values(&values![
        "native",
        env!("CARGO_PKG_VERSION"),
        version.datum(1),
        server_warning().as_deref(),
    ]);
    Ok(())
}

/// The known security problems of this server version; NULL if there are none.
#[pg_extern(stable, parallel_safe)]
fn server_warning() -> Option<String> {
    postgres_advisories::warning(settings::get(c"server_version_num")?.parse().ok()?)
}

// Warns whoever installs the extension.
extension_sql!(
    r"
    do $$
    begin
      if @extschema@.server_warning() is not null then
        raise warning '%', @extschema@.server_warning() using hint = 'Isolation rests on row level security and kept plans.';
      end if;
    end
    $$;",
    name = "warn_of_the_server",
    requires = [server_warning],
    finalize
);

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
        "register_documents",
        "register_content",
        "engine",
        "uid",
        "tenant_id",
        "writer",
        "keeps_order",
        "presented_session",
        "presented_refresh",
        "may_read_salt",
    ])
}

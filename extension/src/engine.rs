//! `engine()` returns which engine answers, and `calls()` the calls that this one implements.

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

declare_call!(engine);

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
    SetOfIterator::new(include_str!("native_calls.txt").lines())
}

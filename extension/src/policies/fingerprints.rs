//! Checks whether the row security of a table is that of the migrations: enabled and forced, with their policies and no
//! other. Only such a table may be read by index, since only then it is known which rows the policies show.
//!
//! `fingerprints.tsv` holds a fingerprint for each table, so no policy is written down twice. A judgement holds until
//! the backend hears of a catalog change that could affect it, as plans of statements do.

use chatkeep_core::digest::{hex, sha256};
use pgrx::{pg_extern, pg_sys};
use std::cell::RefCell;
use std::fmt::Write;

use crate::postgres::invalidation::changes;
use crate::postgres::relation::Table;
use crate::postgres::row_security::{self, RowSecurity};
use crate::postgres::settings::with_settings;

/// `cargo xtask generate` writes it by the query `tools/sql_lint/src/fingerprints.sql`, which explains what a fingerprint
/// consists of. This module makes the same fingerprint of an open table.
const FINGERPRINTS: &str = include_str!("fingerprints.tsv");

/// A judgement of one table.
#[derive(Clone, Copy)]
struct Judged {
    table: pg_sys::Oid,
    /// The number of catalog changes that the backend had heard of.
    changes: u64,
    are_the_migrations: bool,
}

thread_local! {
    /// Judgements of tables that have a fingerprint.
    static JUDGED: RefCell<Vec<Judged>> = const { RefCell::new(Vec::new()) };
}

/// Whether the policies of an open table are those of the migrations, and are forced.
pub fn are_the_migrations(table: &Table) -> bool {
    let changes = changes();
    let id = table.id();
    let is_of_now = |judged: &Judged| judged.changes == changes;
    let known = JUDGED.with_borrow(|all| {
        let same = all.iter().find(|judged| judged.table == id);
        same.copied().filter(is_of_now)
    });
    !row_security::is_extended_by_libraries()
        && known.map_or_else(|| judge(table, changes), |judged| judged.are_the_migrations)
}

/// Judges a table again, and keeps the judgement if the table has a fingerprint.
fn judge(table: &Table, changes: u64) -> bool {
    let Some(expected) = expected(table) else {
        return false;
    };
    let are_the_migrations = fingerprint(table).is_some_and(|found| found == expected);
    JUDGED.with_borrow_mut(|all| {
        all.retain(|judged| judged.changes == changes && judged.table != table.id());
        all.push(Judged {
            table: table.id(),
            changes,
            are_the_migrations,
        });
    });
    are_the_migrations
}

/// The fingerprint that the migrations give a table; `None` of any other table.
fn expected(table: &Table) -> Option<&'static str> {
    let (schema, name) = table.name()?;
    FINGERPRINTS.lines().find_map(|line| {
        let (listed, fingerprint) = line.split_once('\t')?;
        let (of_schema, of_name) = listed.split_once('.')?;
        let is_it =
            of_schema.as_bytes() == schema.to_bytes() && of_name.as_bytes() == name.to_bytes();
        is_it.then_some(fingerprint)
    })
}

/// The fingerprint of the row security that a table has now.
fn fingerprint(table: &Table) -> Option<String> {
    // With these settings the server writes every name that is not its own with its schema.
    let settings = [
        (c"search_path", c"pg_catalog, pg_temp"),
        (c"quote_all_identifiers", c"off"),
    ];
    let security = with_settings(&settings, || row_security::of(table));
    security.map(|security| hex(&sha256(text(&security).as_bytes())))
}

/// The row security of a table as text: one line of its flags, then one for each policy, whose expressions have no white
/// space.
fn text(security: &RowSecurity) -> String {
    let flag = |flag| if flag { 't' } else { 'f' };
    let is_blank = |character| matches!(character, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c');
    let compact = |expression: &str| expression.replace(is_blank, "");
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "{}{}",
        flag(security.is_enabled),
        flag(security.is_forced)
    );
    for policy in &security.policies {
        let _ = write!(
            text,
            "\n{}\t{}\t{}\t{}\t{}\t{}",
            policy.name,
            policy.command,
            flag(policy.is_permissive),
            policy.roles.join(","),
            compact(&policy.using),
            compact(&policy.check)
        );
    }
    text
}

/// Whether row security of a table is enabled and forced, with the policies of this release and no other. If it is not,
/// the native engine executes statements where it would read by index.
#[pg_extern(
    stable,
    strict,
    parallel_safe,
    sql = r#"
create function policies_are_the_migrations("table" regclass) returns boolean
language c stable strict parallel safe as 'MODULE_PATHNAME', '@FUNCTION_NAME@';
comment on function policies_are_the_migrations(regclass) is
  'Whether row level security of a table is enabled and forced, with the policies of this release and no other.';
"#
)]
fn policies_are_the_migrations(table: pg_sys::Oid) -> bool {
    Table::open_alone(table, |table| Some(are_the_migrations(table))).unwrap_or(false)
}

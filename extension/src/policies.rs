//! Whether the row security of a table is what the migrations have made: enabled and forced, with their policies and no
//! other. A row may be read by its index only where that is so, since then it is known what the policies would say.
//!
//! `policies.tsv` holds a fingerprint for each table, so no policy is written down twice. A judgement stands until the
//! backend hears of a change that it might rest on, as plans of statements do.

use chatkeep_core::digest::{hex, sha256};
use pgrx::{Array, FromDatum, PgMemoryContexts, pg_extern, pg_sys};
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_char, c_int};
use std::fmt::Write;

use crate::call::with_settings;
use crate::table::Table;

/// Written by `cargo xtask generate`, by the query `xtask/src/lint/fingerprints.sql`, which says what is in a
/// fingerprint; here the same is made of what the server keeps of an open table.
const FINGERPRINTS: &str = include_str!("policies.tsv");

/// A judgement of one table.
#[derive(Clone, Copy)]
struct Judged {
    table: pg_sys::Oid,
    /// How many changes had been heard of when it was made.
    changes: u64,
    are_the_migrations: bool,
}

thread_local! {
    /// Judgements of tables that have a fingerprint.
    static JUDGED: RefCell<Vec<Judged>> = const { RefCell::new(Vec::new()) };
    /// Changes that a judgement may rest on, as far as this backend has heard of them.
    static CHANGES: Cell<u64> = const { Cell::new(0) };
    static LISTENS: Cell<bool> = const { Cell::new(false) };
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
    !has_more_than_the_catalog()
        && known.map_or_else(|| judge(table, changes), |judged| judged.are_the_migrations)
}

/// Whether a library adds policies of its own to statements.
fn has_more_than_the_catalog() -> bool {
    // SAFETY: both are set while a library is loaded, which this thread does itself.
    let hooks = unsafe {
        [
            pg_sys::row_security_policy_hook_permissive,
            pg_sys::row_security_policy_hook_restrictive,
        ]
    };
    hooks.iter().any(Option::is_some)
}

/// Judges a table anew, and keeps the judgement if it may be asked for again.
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

/// The fingerprint of what stands there now.
fn fingerprint(table: &Table) -> Option<String> {
    let mut found = None;
    // Expressions are written out by these settings: with every name that is not the server's own in its schema.
    let settings = [
        (c"search_path", c"pg_catalog, pg_temp"),
        (c"quote_all_identifiers", c"off"),
    ];
    with_settings(&settings, || {
        let mut context = PgMemoryContexts::new("chatkeep policies");
        // SAFETY: what is made in the context is copied from it before it ends.
        found = unsafe { context.switch_to(|_| security(table)) };
    });
    found.map(|text| hex(&sha256(text.as_bytes())))
}

/// The row security of a table as text: one line of its flags, then one for each policy.
fn security(table: &Table) -> Option<String> {
    let (is_enabled, is_forced) = table.security();
    let flag = |flag| if flag { 't' } else { 'f' };
    let mut policies = table.policies();
    // SAFETY: the name of a policy is a C string that belongs to it.
    policies.sort_by_key(|policy| unsafe { CStr::from_ptr(policy.policy_name) });
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(text, "{}{}", flag(is_enabled), flag(is_forced));
    for policy in policies {
        // SAFETY: as above; the expressions belong to the policy, and are of this table.
        let (name, using, check) = unsafe {
            (
                string(policy.policy_name)?,
                expression(table, policy.qual)?,
                expression(table, policy.with_check_qual)?,
            )
        };
        let command = char::from(policy.polcmd.cast_unsigned());
        let permissive = flag(policy.permissive);
        let roles = roles(policy)?;
        let _ = write!(
            text,
            "\n{name}\t{command}\t{permissive}\t{roles}\t{using}\t{check}"
        );
    }
    Some(text)
}

/// The roles of a policy by name.
fn roles(policy: &pg_sys::RowSecurityPolicy) -> Option<String> {
    // SAFETY: the roles of a policy are an array of oid.
    let roles = unsafe { Array::<pg_sys::Oid>::from_datum(policy.roles.into(), false) }?;
    let name = |role| {
        if role == pg_sys::InvalidOid {
            return Some("public".to_owned());
        }
        // SAFETY: a palloc'd C string, or NULL where the role is gone.
        unsafe { string(pg_sys::GetUserNameFromId(role, true)) }
    };
    let names: Option<Vec<String>> = roles.iter().flatten().map(name).collect();
    let mut names = names?;
    names.sort_unstable();
    Some(names.join(","))
}

/// An expression as `pg_get_expr` writes it, without white space; nothing where there is none.
///
/// # Safety
/// The expression is NULL or a parsed one of the table.
unsafe fn expression(table: &Table, expression: *mut pg_sys::Expr) -> Option<String> {
    if expression.is_null() {
        return Some(String::new());
    }
    let (_, name) = table.name()?;
    // SAFETY: as the caller says; what is returned is a palloc'd C string.
    let text = unsafe {
        let context = pg_sys::deparse_context_for(name.as_ptr(), table.id());
        string(pg_sys::deparse_expression(
            expression.cast(),
            context,
            false,
            false,
        ))
    };
    let is_blank = |character| matches!(character, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c');
    text.map(|text| text.replace(is_blank, ""))
}

/// A string of the server's; `None` where there is none, or where it is not UTF-8.
///
/// # Safety
/// The pointer is NULL or of a C string.
unsafe fn string(text: *const c_char) -> Option<String> {
    // SAFETY: as the caller says.
    let text = (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) })?;
    text.to_str().ok().map(str::to_owned)
}

/// Whether the row security of a table is enabled and forced, with the policies of this release and no other. What is read
/// without a statement elsewhere is read by statements where it is not.
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

/// How many changes this backend has heard of, counted from the first time on that it was asked: of tables with their
/// columns, policies and privileges, of roles and their memberships, of functions, operators and schemas. To be asked once
/// a table is locked, which hears of changes.
pub fn changes() -> u64 {
    if !LISTENS.replace(true) {
        listen();
    }
    CHANGES.get()
}

fn listen() {
    // SAFETY: both functions live as long as the backend, since a library is never unloaded, and raise nothing.
    unsafe {
        CacheRegisterRelcacheCallback(table_changed, pg_sys::Datum::from(0));
        for cache in [
            pg_sys::SysCacheIdentifier::AUTHOID,
            pg_sys::SysCacheIdentifier::AUTHMEMROLEMEM,
            pg_sys::SysCacheIdentifier::PROCOID,
            pg_sys::SysCacheIdentifier::OPEROID,
            pg_sys::SysCacheIdentifier::NAMESPACEOID,
        ] {
            let cache = c_int::try_from(cache).unwrap_or(0);
            CacheRegisterSyscacheCallback(cache, entry_changed, pg_sys::Datum::from(0));
        }
    }
}

extern "C-unwind" fn table_changed(_: pg_sys::Datum, _: pg_sys::Oid) {
    count_change();
}

extern "C-unwind" fn entry_changed(_: pg_sys::Datum, _: c_int, _: u32) {
    count_change();
}

fn count_change() {
    CHANGES.set(CHANGES.get().wrapping_add(1));
}

// `utils/inval.h`, which pgrx does not bind.
unsafe extern "C-unwind" {
    fn CacheRegisterRelcacheCallback(
        heard: extern "C-unwind" fn(pg_sys::Datum, pg_sys::Oid),
        argument: pg_sys::Datum,
    );
    fn CacheRegisterSyscacheCallback(
        cache: c_int,
        heard: extern "C-unwind" fn(pg_sys::Datum, c_int, u32),
        argument: pg_sys::Datum,
    );
}

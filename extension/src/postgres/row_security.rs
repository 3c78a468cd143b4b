//! Row level security of an open table, as the server keeps it.

use std::ffi::{CStr, c_char};

use pgrx::{Array, FromDatum, PgList, PgMemoryContexts, pg_sys};

use crate::postgres::relation::Table;

/// Row level security of a table.
pub struct RowSecurity {
    /// Whether it is enabled.
    pub is_enabled: bool,
    /// Whether it is forced on the table's owner too.
    pub is_forced: bool,
    /// All policies, by name.
    pub policies: Vec<Policy>,
}

/// A policy.
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The command that it is for: a letter of `pg_policy.polcmd`.
    pub command: char,
    /// Whether it permits rows, instead of restricting them.
    pub is_permissive: bool,
    /// The names of its roles, in order; `public` for all.
    pub roles: Vec<String>,
    /// What a row that is there has to fulfil; empty for nothing. As `pg_get_expr` writes it.
    pub using: String,
    /// What a new row has to fulfil; empty for nothing.
    pub check: String,
}

/// Whether policies apply, or raise an error where they would: `row_security = off`.
pub fn is_on() -> bool {
    // SAFETY: a setting of the server, read by the thread that sets it.
    unsafe { pg_sys::row_security }
}

/// Whether a library adds policies of its own to statements.
pub fn is_extended_by_libraries() -> bool {
    // SAFETY: both are set while a library is loaded, which this thread does itself.
    let hooks = unsafe {
        [
            pg_sys::row_security_policy_hook_permissive,
            pg_sys::row_security_policy_hook_restrictive,
        ]
    };
    hooks.iter().any(Option::is_some)
}

/// Row level security of a table; `None` where a part of it cannot be told, as the name of a role that is gone.
/// Expressions are written by the settings of the session.
pub fn of(table: &Table) -> Option<RowSecurity> {
    // SAFETY: the relation is open.
    let row = unsafe { &*(*table.relation()).rd_rel };
    let mut context = PgMemoryContexts::new("row security of a table");
    // SAFETY: what is made in the context is copied from it before it ends.
    let policies = unsafe { context.switch_to(|_| policies(table)) };
    Some(RowSecurity {
        is_enabled: row.relrowsecurity,
        is_forced: row.relforcerowsecurity,
        policies: policies?,
    })
}

fn policies(table: &Table) -> Option<Vec<Policy>> {
    // SAFETY: the relation is open; the list, which holds policies, belongs to it.
    let mut policies: Vec<&pg_sys::RowSecurityPolicy> = unsafe {
        let Some(security) = (*table.relation()).rd_rsdesc.as_ref() else {
            return Some(Vec::new());
        };
        let policies = PgList::<pg_sys::RowSecurityPolicy>::from_pg(security.policies);
        policies
            .iter_ptr()
            .filter_map(|policy| policy.as_ref())
            .collect()
    };
    // SAFETY: the name of a policy is a C string that belongs to it.
    policies.sort_by_key(|policy| unsafe { CStr::from_ptr(policy.policy_name) });
    policies
        .into_iter()
        .map(|policy| {
            // SAFETY: as above; the expressions belong to the policy, and are of this table.
            let (name, using, check) = unsafe {
                (
                    string(policy.policy_name)?,
                    expression(table, policy.qual)?,
                    expression(table, policy.with_check_qual)?,
                )
            };
            Some(Policy {
                name,
                command: char::from(policy.polcmd.cast_unsigned()),
                is_permissive: policy.permissive,
                roles: roles(policy)?,
                using,
                check,
            })
        })
        .collect()
}

/// The roles of a policy by name.
fn roles(policy: &pg_sys::RowSecurityPolicy) -> Option<Vec<String>> {
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
    Some(names)
}

/// An expression as `pg_get_expr` writes it; empty where there is none.
///
/// # Safety
/// The expression is NULL or a parsed one of the table.
unsafe fn expression(table: &Table, expression: *mut pg_sys::Expr) -> Option<String> {
    if expression.is_null() {
        return Some(String::new());
    }
    let (_, name) = table.name()?;
    // SAFETY: as the caller says; what is returned is a palloc'd C string.
    unsafe {
        let context = pg_sys::deparse_context_for(name.as_ptr(), table.id());
        string(pg_sys::deparse_expression(
            expression.cast(),
            context,
            false,
            false,
        ))
    }
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

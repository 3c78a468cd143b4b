//! The session that a presented token unlocks, read by index, without a statement.
//!
//! A statement would have its policies run by the executor. Here the policies themselves are read: a row is taken only
//! where one of them says in so many words that who presents the session secret sees its row, where none takes that
//! back, and where the role may select the columns. Whatever else stands there is left to the statement.
//!
//! What was read holds until anything changes that it was read from, as plans of statements do.

use chatkeep_core::session::State;
use pgrx::{Array, FromDatum, PgList, Uuid, direct_function_call_as_datum, pg_sys};
use std::cell::Cell;
use std::ffi::CStr;

use crate::policies;
use crate::table::{Table, is_bytea, is_uuid, with_snapshot};

/// A session and its secrets, as they stand in the snapshot of the transaction.
pub struct Unlocked {
    /// What a presented token is judged by.
    pub state: State,
    pub session_id: [u8; 16],
    pub user_id: [u8; 16],
    pub tenant_id: [u8; 16],
    pub generation: i32,
    pub last_used_at: i64,
}

/// The session whose token has this digest of its session secret, which the caller has shown to hold;
/// `None` also where that cannot be told this way.
pub fn unlocked(digest: &[u8; 32]) -> Option<Unlocked> {
    let digest = crate::call::bytea(digest)?;
    let way = Way::known()?;
    let look = |snapshot| {
        let secret = way.secret(digest, snapshot)?;
        way.session(secret, snapshot)
    };
    // SAFETY: the snapshot that a statement of the call would have now.
    unsafe { with_snapshot(pg_sys::GetTransactionSnapshot(), look) }
}

/// What `session_secrets` holds of a session.
struct Secret {
    session_id: Uuid,
    refresh_digest: Vec<u8>,
    previous_digest: Option<Vec<u8>>,
    rotated_at: Option<i64>,
    generation: i32,
}

/// Where a table, its index and its columns are found.
#[derive(Clone, Copy)]
struct Place<const N: usize> {
    table: pg_sys::Oid,
    key: pg_sys::Oid,
    token: pg_sys::AttrNumber,
    columns: [pg_sys::AttrNumber; N],
}

impl<const N: usize> Place<N> {
    /// The place of a table whose policies show a role the row that it presents the secret of.
    fn find(table: &Table, columns: [&CStr; N]) -> Option<Self> {
        let token = table.number(c"session_token")?;
        let columns = table.columns(columns)?;
        shows_presented(table, token).then_some(Self {
            table: table.id(),
            key: table.index(),
            token,
            columns,
        })
    }
}

/// How the role of this moment reaches a session that it presents the secret of.
#[derive(Clone, Copy)]
struct Way {
    role: pg_sys::Oid,
    /// How many changes had been heard of when it was found.
    changes: u64,
    secrets: Place<5>,
    sessions: Place<7>,
}

impl Way {
    /// `None` where there is no such way.
    fn known() -> Option<Self> {
        // SAFETY: the role of this moment, and a setting of the server.
        let (role, is_secure) = unsafe { (pg_sys::GetUserId(), pg_sys::row_security) };
        if !is_secure {
            return None;
        }
        if let Some(way) = WAY.get().filter(|way| way.role == role && way.stands()) {
            return Some(way);
        }
        let way = Self::find(role)?;
        WAY.set(Some(way));
        Some(way)
    }

    fn find(role: pg_sys::Oid) -> Option<Self> {
        let changes = policies::changes();
        let secrets = Table::open(
            c"chatkeep_private",
            c"session_secrets",
            c"session_secrets_pkey",
            |table| {
                let columns = [
                    c"session_id",
                    c"refresh_digest",
                    c"previous_digest",
                    c"rotated_at",
                    c"generation",
                ];
                Place::find(table, columns)
            },
        )?;
        let sessions = Table::open(c"chatkeep", c"sessions", c"sessions_pkey", |table| {
            let columns = [
                c"id",
                c"user_id",
                c"tenant_id",
                c"expires_at",
                c"last_used_at",
                c"idle_ttl",
                c"revoked_at",
            ];
            Place::find(table, columns)
        })?;
        Some(Self {
            role,
            changes,
            secrets,
            sessions,
        })
    }

    /// Whether nothing has changed since it was found. To be asked once a table is locked, which hears of changes.
    fn stands(&self) -> bool {
        policies::changes() == self.changes
    }

    fn secret(&self, digest: pg_sys::Datum, snapshot: pg_sys::Snapshot) -> Option<Secret> {
        let place = self.secrets;
        let [session_id, refresh, previous, rotated_at, generation] = place.columns;
        Table::open_at(place.table, place.key, |table| {
            if !self.stands() {
                return None;
            }
            let rows = table.rows([is_bytea(place.token, digest)])?;
            rows.find(snapshot, |tuple| {
                // SAFETY: the columns have these types.
                unsafe {
                    Some(Secret {
                        session_id: table.read(tuple, session_id)?,
                        refresh_digest: table.read(tuple, refresh)?,
                        previous_digest: table.read(tuple, previous),
                        rotated_at: table.read(tuple, rotated_at),
                        generation: table.read(tuple, generation)?,
                    })
                }
            })?
        })
    }

    fn session(&self, secret: Secret, snapshot: pg_sys::Snapshot) -> Option<Unlocked> {
        let place = self.sessions;
        let [
            id,
            user_id,
            tenant_id,
            expires_at,
            last_used_at,
            idle_ttl,
            revoked_at,
        ] = place.columns;
        Table::open_at(place.table, place.key, |table| {
            if !self.stands() {
                return None;
            }
            let key = [is_uuid(id, secret.session_id.as_bytes())];
            table.rows(key)?.find(snapshot, |tuple| {
                let idle = table
                    .column(tuple, idle_ttl)
                    .zip(table.column(tuple, last_used_at));
                // SAFETY: the columns have these types.
                unsafe {
                    Some(Unlocked {
                        session_id: *secret.session_id.as_bytes(),
                        user_id: *table.read::<Uuid>(tuple, user_id)?.as_bytes(),
                        tenant_id: *table.read::<Uuid>(tuple, tenant_id)?.as_bytes(),
                        generation: secret.generation,
                        last_used_at: table.read(tuple, last_used_at)?,
                        state: State {
                            refresh_digest: secret.refresh_digest,
                            previous_digest: secret.previous_digest,
                            rotated_at: secret.rotated_at,
                            revoked: table.column(tuple, revoked_at).is_some(),
                            expires_at: table.read(tuple, expires_at)?,
                            idle_expires_at: idle.and_then(|(ttl, used)| later(used, ttl)),
                        },
                    })
                }
            })?
        })
    }
}

thread_local! {
    static WAY: Cell<Option<Way>> = const { Cell::new(None) };
}

/// A timestamptz and an interval added up, by the time zone of the caller as in a statement.
fn later(time: pg_sys::Datum, interval: pg_sys::Datum) -> Option<i64> {
    // SAFETY: the function takes these two types and gives a timestamptz.
    unsafe {
        let sum = direct_function_call_as_datum(
            pg_sys::timestamptz_pl_interval,
            &[Some(time), Some(interval)],
        )?;
        i64::from_datum(sum, false)
    }
}

/// Whether the policies of a table show the caller the row whose `column` is the digest of the secret that it presents.
fn shows_presented(table: &Table, column: pg_sys::AttrNumber) -> bool {
    // SAFETY: reads the table's flags and the role of this moment.
    let secured = unsafe { pg_sys::check_enable_rls(table.id(), pg_sys::InvalidOid, false) };
    if secured != pg_sys::CheckEnableRlsResult::RLS_ENABLED.cast_signed() {
        return true;
    }
    let mut policies = table.policies();
    policies.retain(|policy| [b'r', b'*'].contains(&policy.polcmd.cast_unsigned()));
    policies.iter().all(|policy| policy.permissive)
        && policies.iter().any(|policy| {
            // SAFETY: the expression belongs to the policy.
            applies(policy) && unsafe { is_possession(policy.qual.cast(), column) }
        })
}

/// Whether a policy is for the role of this moment.
fn applies(policy: &pg_sys::RowSecurityPolicy) -> bool {
    // SAFETY: the roles of a policy are an array of oid; the role of this moment exists.
    unsafe {
        let me = pg_sys::GetUserId();
        let roles = Array::<pg_sys::Oid>::from_datum(policy.roles.into(), false);
        // InvalidOid stands for PUBLIC.
        let is_mine =
            |role: pg_sys::Oid| role == pg_sys::InvalidOid || pg_sys::has_privs_of_role(me, role);
        roles.is_some_and(|roles| roles.iter().flatten().any(is_mine))
    }
}

/// Whether an expression is `column = (select chatkeep_private.presented_session())`, or that among alternatives.
///
/// # Safety
/// The node is NULL or a parsed expression.
unsafe fn is_possession(node: *mut pg_sys::Node, column: pg_sys::AttrNumber) -> bool {
    // SAFETY: each node is cast to what its tag says.
    unsafe {
        if let Some(either) = node_of::<pg_sys::BoolExpr>(node, pg_sys::NodeTag::T_BoolExpr) {
            let arguments = PgList::<pg_sys::Node>::from_pg(either.args);
            return either.boolop == pg_sys::BoolExprType::OR_EXPR
                && arguments
                    .iter_ptr()
                    .any(|argument| is_possession(argument, column));
        }
        let Some(equal) = node_of::<pg_sys::OpExpr>(node, pg_sys::NodeTag::T_OpExpr) else {
            return false;
        };
        let sides = PgList::<pg_sys::Node>::from_pg(equal.args);
        let (Some(left), Some(right)) = (sides.get_ptr(0), sides.get_ptr(1)) else {
            return false;
        };
        let is_column = node_of::<pg_sys::Var>(left, pg_sys::NodeTag::T_Var)
            .is_some_and(|var| var.varattno == column && var.varlevelsup == 0);
        is_column
            && pg_sys::get_opcode(equal.opno) == pg_sys::Oid::from(pg_sys::F_BYTEAEQ)
            && asks_what_is_presented(right)
    }
}

/// Whether an expression is `(select chatkeep_private.presented_session())` and nothing else.
///
/// # Safety
/// The node is a parsed expression.
unsafe fn asks_what_is_presented(node: *mut pg_sys::Node) -> bool {
    // SAFETY: each node is cast to what its tag says.
    unsafe {
        let Some(link) = node_of::<pg_sys::SubLink>(node, pg_sys::NodeTag::T_SubLink) else {
            return false;
        };
        let Some(query) = node_of::<pg_sys::Query>(link.subselect, pg_sys::NodeTag::T_Query) else {
            return false;
        };
        let targets = PgList::<pg_sys::TargetEntry>::from_pg(query.targetList);
        let has_one_row = query
            .jointree
            .as_ref()
            .is_some_and(|from| from.fromlist.is_null() && from.quals.is_null())
            && query.groupClause.is_null()
            && query.groupingSets.is_null()
            && query.havingQual.is_null()
            && query.limitCount.is_null()
            && query.limitOffset.is_null()
            && query.setOperations.is_null();
        let called = targets.get_ptr(0).and_then(|target| {
            node_of::<pg_sys::FuncExpr>((*target).expr.cast(), pg_sys::NodeTag::T_FuncExpr)
        });
        link.subLinkType == pg_sys::SubLinkType::EXPR_SUBLINK
            && has_one_row
            && targets.len() == 1
            && called.is_some_and(|call| call.args.is_null() && is_presented_session(call.funcid))
    }
}

/// Whether a function is `chatkeep_private.presented_session()`.
fn is_presented_session(function: pg_sys::Oid) -> bool {
    // SAFETY: looks the function up in the system caches; its name is a palloc'd C string.
    unsafe {
        let name = pg_sys::get_func_name(function);
        let schema = pg_sys::get_namespace_oid(c"chatkeep_private".as_ptr(), true);
        !name.is_null()
            && CStr::from_ptr(name) == c"presented_session"
            && pg_sys::get_func_namespace(function) == schema
    }
}

/// A node as what it is; `None` where it is something else.
///
/// # Safety
/// The node is NULL or lives as long as `'a`, and nodes with this tag are of type T.
unsafe fn node_of<'a, T>(node: *mut pg_sys::Node, tag: pg_sys::NodeTag) -> Option<&'a T> {
    // SAFETY: as the caller says.
    unsafe {
        let node = node.as_ref()?;
        (node.type_ == tag).then(|| &*std::ptr::from_ref(node).cast::<T>())
    }
}

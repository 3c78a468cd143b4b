//! The user who calls, the user's membership, and the lock on it.

use std::cell::Cell;

use crate::caller::claims;
use crate::caller::named_tenant::Naming;
use crate::postgres::connection::{Connection, connected};
use crate::postgres::datum::{Uuid, values};
use crate::postgres::role::{self, RoleId};
use crate::postgres::settings;
use crate::postgres::snapshot::{Moment, Snapshot, with_statements};
use crate::postgres::statement::{Statement, statements};

statements! {
    /// `chatkeep.uid()` is this library's, so SQL is asked for what `chatkeep.uid()` rests on.
    UID() = c"select i.id from chatkeep_private.claimed_identity() i";
    MEMBER() = c"select chatkeep.tenant_id(), chatkeep.uid()";
    NAMED_MEMBER() = c"select chatkeep_private.named_member()";
    NAMED_TENANT() = c"select chatkeep_private.named_tenant()";
    /// Enough for nearly every call: the request names no tenant, and the user has a home that is neither disabled nor
    /// being moved.
    ENTER_OWN(UUIDOID) = c"
        select m.tenant_id from chatkeep.memberships m
        where m.user_id = $1 and m.is_home and m.is_enabled and not m.tenant_is_moving
        for share";
    ENTER(UUIDOID, BOOLOID) = c"select chatkeep_private.enter($1, $2), coalesce($1, chatkeep.uid())";
}

thread_local! {
    /// The number of calls that are running, one inside the other.
    static CALLS: Cell<u32> = const { Cell::new(0) };
    static CALLER: Cell<Option<Caller>> = const { Cell::new(None) };
}

/// The caller of the running call. Policies ask for it again and again.
///
/// It holds for the claims and the role that it was read for: when they change in the middle of a call, the caller is
/// read anew. The tenant holds for the snapshot that it was read in: a later statement sees that the user was disabled
/// or moved.
struct Caller {
    role: RoleId,
    claims: String,
    user: Option<Uuid>,
    naming: Naming,
    named: Named,
    tenant: Option<(Moment, Tenant)>,
}

/// The tenant of a request.
#[derive(Clone, Copy)]
pub struct Tenant {
    pub id: Uuid,
    /// Whether it is being moved: then it is read only.
    pub is_moving: bool,
}

/// The tenant that the request names.
#[derive(Clone, Copy)]
enum Named {
    /// Nobody has asked yet.
    Unread,
    Read(Option<Uuid>),
}

impl Caller {
    fn named_tenant(&mut self) -> Option<Uuid> {
        if let Named::Read(named) = self.named {
            return named;
        }
        let named = asked(NAMED_TENANT);
        self.named = Named::Read(named);
        named
    }
}

/// A running call. When the outermost one ends, with or without an error, the library forgets the caller.
pub struct Running(());

impl Running {
    /// Begins a call.
    pub fn begin() -> Self {
        CALLS.set(CALLS.get() + 1);
        Self(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        CALLS.set(CALLS.get() - 1);
        if CALLS.get() == 0 {
            CALLER.set(None);
        }
    }
}

/// Reads the caller that the current claims name. `None` if claims alone do not name the caller.
fn with_caller<T>(read: impl FnOnce(&mut Caller) -> T) -> Option<T> {
    let (role, naming) = (role::current(), Naming::of_request());
    let known = CALLER
        .take()
        .filter(|known| known.role == role && claims::are(&known.claims) && known.naming == naming);
    let mut caller = if let Some(caller) = known {
        caller
    } else {
        let claims = claims::of_request()?;
        let user = claims::subject(&claims).or_else(|| asked(UID));
        Caller {
            role,
            claims,
            user,
            named: if naming.is_none() {
                Named::Read(None)
            } else {
                Named::Unread
            },
            naming,
            tenant: None,
        }
    };
    let answer = read(&mut caller);
    if CALLS.get() > 0 {
        CALLER.set(Some(caller));
    }
    Some(answer)
}

/// The signed-in user.
pub fn uid() -> Option<Uuid> {
    with_caller(|caller| caller.user).unwrap_or_else(|| asked(UID))
}

/// The user whose rows the request reads: the caller, or the member whom an owner or admin names in a header.
pub fn member_to_read() -> Option<Uuid> {
    if settings::passes(c"request.headers", |headers| {
        headers.contains("x-chatkeep-member")
    }) {
        asked(NAMED_MEMBER)
    } else {
        uid()
    }
}

/// The signed-in user, for a call that has a connection.
pub fn user(connection: Connection) -> Option<Uuid> {
    with_caller(|caller| caller.user).unwrap_or_else(|| UID.execute(connection, &[]).get(1))
}

/// The caller's tenant, which `read` finds for the user and the named tenant in the snapshot of the running statement. A tenant that was found
/// is kept for that snapshot. `None` if SQL has to be asked for the user.
pub fn tenant<E>(
    read: impl FnOnce(&Uuid, Option<&Uuid>, Snapshot) -> Result<Option<Tenant>, E>,
) -> Option<Result<Option<Tenant>, E>> {
    let found = with_statements(|snapshot| {
        with_caller(|caller| {
            let moment = Moment::of(snapshot);
            let kept = caller.tenant.filter(|(read, _)| *read == moment);
            if let Some((_, tenant)) = kept {
                return Ok(Some(tenant));
            }
            let Some(user) = caller.user else {
                return Ok(None);
            };
            let named = caller.named_tenant();
            let found = read(&user, named.as_ref(), snapshot);
            // Only a tenant that was found is kept: the first use of a new user creates the membership in the middle of
            // a call.
            caller.tenant = found
                .as_ref()
                .ok()
                .copied()
                .flatten()
                .map(|tenant| (moment, tenant));
            found
        })
    });
    found.flatten()
}

/// The tenant that the request names. Nothing confirms it.
pub fn named_tenant() -> Option<Uuid> {
    with_caller(Caller::named_tenant).unwrap_or_else(|| asked(NAMED_TENANT))
}

/// The one uuid that a statement returns.
pub fn asked(statement: Statement) -> Option<Uuid> {
    connected(|connection| statement.read(connection, &[]).get(1))
}

/// A user and the tenant that the user is a member of.
#[derive(Clone, Copy)]
pub struct Member {
    /// The tenant.
    pub tenant: Option<Uuid>,
    /// The user.
    pub user: Option<Uuid>,
}

/// The caller's current membership, without a lock. `None` if there is none or it is disabled.
pub fn member(connection: Connection) -> Option<Member> {
    let member = MEMBER.execute(connection, &[]);
    let tenant = member.get(1);
    tenant.is_some().then(|| Member {
        tenant,
        user: member.get(2),
    })
}

/// Locks the user of a call until the transaction ends: the caller, or the user whom `service_role` names. With
/// `alone`, other calls that pass it wait too. This is `chatkeep_private.enter`.
pub fn enter(connection: Connection, for_user: Option<Uuid>, alone: bool) -> Member {
    if for_user.is_none() && !alone && Naming::of_request().is_none() {
        let user = user(connection);
        let tenant = ENTER_OWN.execute(connection, &values![user]).get(1);
        if tenant.is_some() {
            return Member { tenant, user };
        }
    }
    let entered = ENTER.execute(connection, &values![for_user, alone]);
    Member {
        tenant: entered.get(1),
        user: entered.get(2),
    }
}

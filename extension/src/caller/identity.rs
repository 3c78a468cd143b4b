//! Who calls: the user, the membership, and the lock on it.

use std::cell::Cell;

use crate::caller::claims;
use crate::postgres::connection::{Connection, connected};
use crate::postgres::datum::{Uuid, values};
use crate::postgres::role::{self, RoleId};
use crate::postgres::snapshot::Moment;
use crate::postgres::statement::{Statement, statements};

statements! {
    UID() = c"select auth.uid()";
    MEMBER() = c"select chatkeep.tenant_id(), auth.uid()";
    /// What nearly every call needs: the user is there, and is not disabled.
    ENTER_OWN(UUIDOID) = c"
        select u.tenant_id from chatkeep.users u where u.id = $1 and u.disabled_at is null for share";
    ENTER(UUIDOID, BOOLOID) = c"select chatkeep_private.enter($1, $2), coalesce($1, auth.uid())";
}

thread_local! {
    /// Calls that are running, one inside the other.
    static CALLS: Cell<u32> = const { Cell::new(0) };
    static CALLER: Cell<Option<Caller>> = const { Cell::new(None) };
}

/// What is known of the caller while a call runs, whose policies ask again and again. It holds for the claims and the role
/// that it was read for: when they change in the middle of a call, the caller is read anew. The tenant holds for the
/// snapshot that it was read in: a later statement sees that the user was disabled or moved.
struct Caller {
    role: RoleId,
    claims: String,
    user: Uuid,
    tenant: Option<(Moment, Uuid)>,
}

/// A call that is running. When the outermost one ends, however it ends, everything known of the caller is forgotten.
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

/// What `read` reads of the caller that the claims of this moment name; `None` where `auth.uid()` has to be asked.
fn with_caller<T>(read: impl FnOnce(&mut Caller) -> T) -> Option<T> {
    let role = role::current();
    let known = CALLER
        .take()
        .filter(|known| known.role == role && claims::are(&known.claims));
    let mut caller = if let Some(caller) = known {
        caller
    } else {
        let claims = claims::of_request()?;
        Caller {
            role,
            user: claims::subject(&claims)?,
            claims,
            tenant: None,
        }
    };
    let answer = read(&mut caller);
    if CALLS.get() > 0 {
        CALLER.set(Some(caller));
    }
    Some(answer)
}

/// The signed-in user, which is what `auth.uid()` says.
pub fn uid() -> Option<Uuid> {
    with_caller(|caller| caller.user).or_else(|| asked(UID))
}

/// The same by the connection of a call.
pub fn user(connection: Connection) -> Option<Uuid> {
    with_caller(|caller| caller.user).or_else(|| UID.execute(connection, &[]).get(1))
}

/// The tenant of the caller as `read` finds it, which is given the user. A tenant that was found is kept for the snapshot
/// of the running statement. `None` where `auth.uid()` has to be asked who calls.
pub fn tenant<E>(
    read: impl FnOnce(&Uuid) -> Result<Option<Uuid>, E>,
) -> Option<Result<Option<Uuid>, E>> {
    with_caller(|caller| {
        let moment = Moment::of_statement();
        let kept = caller.tenant.filter(|(read, _)| Some(*read) == moment);
        if let Some((_, tenant)) = kept {
            return Ok(Some(tenant));
        }
        let found = read(&caller.user);
        // Only a tenant that was found is kept: a membership may come into being in the middle of a call, by first use.
        caller.tenant = moment.zip(found.as_ref().ok().copied().flatten());
        found
    })
}

/// What a statement that returns one uuid says.
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

/// The caller's membership as of now, without a lock; `None` where there is none, or it is disabled.
pub fn member(connection: Connection) -> Option<Member> {
    let member = MEMBER.execute(connection, &[]);
    let tenant = member.get(1);
    tenant.is_some().then(|| Member {
        tenant,
        user: member.get(2),
    })
}

/// Locks the user whom a call is for, the caller or the user whom `service_role` names, until the transaction ends.
/// `alone` keeps out other calls that ask for it too. This is `chatkeep_private.enter`.
pub fn enter(connection: Connection, for_user: Option<Uuid>, alone: bool) -> Member {
    if for_user.is_none() && !alone {
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

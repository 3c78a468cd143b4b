//! Who calls, and whether policies apply at all.

use pgrx::{IntoDatum, Uuid, pg_sys};
use std::cell::Cell;
use std::thread::LocalKey;

use crate::caller::claims;
use crate::postgres::connection::connected;
use crate::postgres::datum::uuid;
use crate::postgres::plan::{Plan, plans};

plans! {
    UID() = c"select auth.uid()";
    MEMBER() = c"select chatkeep.tenant_id(), auth.uid()";
    // The way of nearly every call: the user is there, and is not disabled.
    ENTER_OWN(UUIDOID) = c"
        select u.tenant_id from chatkeep.users u where u.id = $1 and u.disabled_at is null for share";
    ENTER(UUIDOID, BOOLOID) = c"select chatkeep_private.enter($1, $2), coalesce($1, auth.uid())";
}

thread_local! {
    /// Calls that are running, one inside the other.
    static CALLS: Cell<u32> = const { Cell::new(0) };
    static KNOWN: Cell<Option<Caller>> = const { Cell::new(None) };
}

/// What is known of the caller while a call runs, whose policies ask again and again. It holds for the very claims and
/// role that it was read for, so one who changes them in the middle of a call is asked for anew; and the tenant for the
/// snapshot that it was read in, so that a statement that comes after the user was disabled or moved says so.
pub struct Caller {
    role: pg_sys::Oid,
    claims: Vec<u8>,
    pub user: [u8; 16],
    pub tenant: Option<(Moment, [u8; 16])>,
}

/// Which transactions of others a snapshot sees: two of the same moment see the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    oldest: pg_sys::TransactionId,
    next: pg_sys::TransactionId,
    /// How many transactions had ended. Where that is the same, no other has ended in between.
    ended: u64,
}

impl Moment {
    /// The moment of the statement that runs.
    pub fn of_statement() -> Self {
        // SAFETY: a statement runs, which has a snapshot.
        let snapshot = unsafe { &*pg_sys::GetActiveSnapshot() };
        Self {
            oldest: snapshot.xmin,
            next: snapshot.xmax,
            ended: snapshot.snapXactCompletionCount,
        }
    }
}

/// A call that is running. With the outermost one everything known of the caller is forgotten, however it ends.
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
            KNOWN.set(None);
        }
    }
}

/// What `read` reads of the caller that the claims of this moment name; `None` where `auth.uid()` is to be asked.
pub fn caller<T>(read: impl FnOnce(&mut Caller) -> T) -> Option<T> {
    let claims = claims::of_request()?;
    // SAFETY: the role of this moment.
    let role = unsafe { pg_sys::GetUserId() };
    let known = KNOWN
        .take()
        .filter(|known| known.role == role && known.claims == claims.as_bytes());
    let mut caller = match known {
        Some(caller) => caller,
        None => Caller {
            role,
            user: claims::subject(claims)?,
            claims: claims.as_bytes().to_vec(),
            tenant: None,
        },
    };
    let answer = read(&mut caller);
    if CALLS.get() > 0 {
        KNOWN.set(Some(caller));
    }
    Some(answer)
}

/// The signed-in user, which is what `auth.uid()` says.
pub fn uid() -> Option<[u8; 16]> {
    caller(|known| known.user).or_else(|| asked(&UID))
}

/// What a statement that returns one uuid says.
pub fn asked(statement: &'static LocalKey<Plan>) -> Option<[u8; 16]> {
    connected(|| {
        let row = statement.with(|plan| plan.read(&[]));
        row.get::<Uuid>(1).map(|value| *value.as_bytes())
    })
}

/// `auth.uid()` as a datum.
pub fn user() -> Option<pg_sys::Datum> {
    match caller(|known| known.user) {
        Some(user) => Some(uuid(&user)),
        None => UID.with(|plan| plan.execute(&[])).datum(1),
    }
}

/// The caller's tenant and the caller as of now, without a lock; `None` of who has no membership, or a disabled one.
pub fn member() -> Option<(Option<pg_sys::Datum>, Option<pg_sys::Datum>)> {
    let member = MEMBER.with(|plan| plan.execute(&[]));
    member
        .datum(1)
        .map(|tenant| (Some(tenant), member.datum(2)))
}

/// Locks the user whom a call is for, the caller or whom `service_role` names, until the transaction ends: tenant and user.
/// `alone` keeps other calls of the kind out too. See `chatkeep_private.enter`, which this is.
pub fn enter(
    for_user: Option<pg_sys::Datum>,
    alone: bool,
) -> (Option<pg_sys::Datum>, Option<pg_sys::Datum>) {
    if for_user.is_none() && !alone {
        let own = user();
        let entered = ENTER_OWN.with(|plan| plan.execute(&[own]));
        if let Some(tenant) = entered.datum(1) {
            return (Some(tenant), own);
        }
    }
    let entered = ENTER.with(|plan| plan.execute(&[for_user, alone.into_datum()]));
    (entered.datum(1), entered.datum(2))
}

/// Whether the calling role is exempt from policies, as `service_role` is.
pub fn is_service() -> bool {
    // SAFETY: reads the role of this moment from the system caches.
    unsafe { pg_sys::has_bypassrls_privilege(pg_sys::GetUserId()) }
}

/// `current_user`.
pub fn role() -> String {
    // SAFETY: the role of this moment exists; its name is a palloc'd C string.
    unsafe {
        let name = pg_sys::GetUserNameFromId(pg_sys::GetUserId(), false);
        std::ffi::CStr::from_ptr(name)
            .to_string_lossy()
            .into_owned()
    }
}

/// The nil UUID, which as a parent means: none.
pub const NIL: [u8; 16] = [0; 16];

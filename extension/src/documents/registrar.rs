//! The user who registers documents, and the locks on the user's documents.

use crate::caller::identity::{self, Member};
use crate::documents::document_item::DocumentItem;
use crate::postgres::array::Element;
use crate::postgres::connection::Connection;
use crate::postgres::datum::{Datum, Uuid, Value, values};
use crate::postgres::statement::statements;

statements! {
    LOCK(UUIDOID, UUIDOID, BOOLOID, BOOLOID) = c"select chatkeep_private.lock_documents($1, $2, $3, $4)";
}

/// The document of an item.
#[derive(Clone, Copy)]
pub struct Registered {
    /// How it came to be: `created`, `duplicate` or `new_version`.
    pub outcome: &'static str,
    pub id: Uuid,
}

impl Registered {
    /// A document that was not known before.
    pub const fn created(id: Uuid) -> Self {
        let outcome = "created";
        Self { outcome, id }
    }

    /// A document that was known.
    pub const fn duplicate(id: Uuid) -> Self {
        let outcome = "duplicate";
        Self { outcome, id }
    }

    /// A document that took a source from another one.
    pub const fn new_version(id: Uuid) -> Self {
        let outcome = "new_version";
        Self { outcome, id }
    }
}

/// The user who registers documents, and the user's tenant.
#[derive(Clone, Copy)]
pub struct Registrar<'c> {
    /// The connection that executes its statements.
    pub connection: Connection<'c>,
    pub tenant: Option<Uuid>,
    pub owner: Option<Uuid>,
}

impl<'c> Registrar<'c> {
    /// The caller, without a lock: somebody may disable or move the user meanwhile. A user whom `service_role` names is
    /// locked.
    pub fn unlocked(connection: Connection<'c>, for_user: Option<Uuid>) -> Self {
        let member = match for_user {
            None => identity::member(connection),
            Some(_) => None,
        };
        member.map_or_else(
            || Self::entered(connection, for_user),
            |member| Self::of(connection, member),
        )
    }

    /// The caller, or the user whom `service_role` names, locked until the transaction ends.
    pub fn entered(connection: Connection<'c>, for_user: Option<Uuid>) -> Self {
        Self::of(connection, identity::enter(connection, for_user, false))
    }

    fn of(connection: Connection<'c>, member: Member) -> Self {
        Self {
            connection,
            tenant: member.tenant,
            owner: member.user,
        }
    }

    /// The same user with another connection.
    pub fn over(self, connection: Connection<'_>) -> Registrar<'_> {
        Registrar { connection, ..self }
    }

    /// Locks the owner's documents for registrations until the transaction ends; with `shares`, also what the tenant
    /// shares. Returns false if somebody else has the lock, unless it should `wait`.
    pub fn lock(&self, shares: bool, wait: bool) -> bool {
        let arguments = values![self.tenant, self.owner, shares, wait];
        LOCK.execute(self.connection, &arguments).get(1) == Some(true)
    }

    /// An array with one value per item.
    pub fn array<'v>(
        &self,
        element: Element,
        items: &[&'v DocumentItem<'v>],
        value: impl Fn(&'v DocumentItem<'v>) -> Value<'v>,
    ) -> Datum<'c> {
        self.connection
            .array(element, items.iter().map(|item| value(item)))
    }

    /// An array with one text per item.
    pub fn texts<'v>(
        &self,
        items: &[&'v DocumentItem<'v>],
        text: impl Fn(&'v DocumentItem<'v>) -> &'v str,
    ) -> Datum<'c> {
        self.connection.texts(items.iter().map(|item| text(item)))
    }

    /// An array of ids.
    pub fn uuids(&self, ids: &[Uuid]) -> Datum<'c> {
        self.connection.uuids(ids.iter().copied())
    }
}

//! Who registers documents.

use pgrx::{IntoDatum, pg_sys};

use crate::caller::identity;
use crate::postgres::datum::bytes;
use crate::postgres::plan::plans;

plans! {
    LOCK(UUIDOID, UUIDOID, BOOLOID, BOOLOID) = c"select chatkeep_private.lock_documents($1, $2, $3, $4)";
}

/// Who registers.
pub struct Registrar {
    pub tenant: Option<pg_sys::Datum>,
    pub owner: Option<pg_sys::Datum>,
    pub is_batch: bool,
}

impl Registrar {
    /// The caller as of now, who may be disabled or moved while nothing is locked.
    pub fn look(is_batch: bool) -> Self {
        let (tenant, owner) = identity::member().unwrap_or_else(|| identity::enter(None, false));
        Self {
            tenant,
            owner,
            is_batch,
        }
    }

    /// The caller until the transaction ends. Whether the tenant is another one now.
    pub fn enter(&mut self) -> bool {
        let before = self.tenant.map(bytes);
        (self.tenant, self.owner) = identity::enter(None, false);
        self.tenant.map(bytes) != before
    }

    /// Until the transaction ends nobody else registers for this owner, or where it `shares`, writes what this tenant
    /// shares. False where somebody does, unless `wait` is set.
    pub fn lock(&self, shares: bool, wait: bool) -> bool {
        let arguments = [
            self.tenant,
            self.owner,
            shares.into_datum(),
            wait.into_datum(),
        ];
        LOCK.with(|plan| plan.execute(&arguments)).get(1) == Some(true)
    }
}

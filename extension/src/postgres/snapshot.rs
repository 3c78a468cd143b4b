//! Snapshots: which transactions of others are seen.

use std::marker::PhantomData;

use pgrx::pg_sys;

/// The number of a transaction.
pub type TransactionId = pg_sys::TransactionId;

/// A snapshot that stays valid for `'s`.
#[derive(Clone, Copy)]
pub struct Snapshot<'s> {
    snapshot: pg_sys::Snapshot,
    valid: PhantomData<&'s ()>,
}

impl Snapshot<'_> {
    pub(super) const fn raw(self) -> pg_sys::Snapshot {
        self.snapshot
    }
}

/// Runs `body` with a snapshot of this moment, in which counts what others have committed since the statement began.
pub fn with_latest<T>(body: impl for<'s> FnOnce(Snapshot<'s>) -> T) -> T {
    // SAFETY: registered for as long as it is used; an error leaves that to the resource owner.
    unsafe {
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
        let outcome = body(Snapshot {
            snapshot,
            valid: PhantomData,
        });
        pg_sys::UnregisterSnapshot(snapshot);
        outcome
    }
}

/// Runs `body` with the snapshot of the running statement; `None` where none is running.
pub fn with_statements<T>(body: impl for<'s> FnOnce(Snapshot<'s>) -> T) -> Option<T> {
    // SAFETY: the statement pops its snapshot when it ends, which is after `body` has.
    unsafe {
        pg_sys::ActiveSnapshotSet().then(|| {
            body(Snapshot {
                snapshot: pg_sys::GetActiveSnapshot(),
                valid: PhantomData,
            })
        })
    }
}

/// Which transactions of others a snapshot sees: two of the same moment see the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    oldest: TransactionId,
    next: TransactionId,
    /// How many of the transactions before `next` run. Between two snapshots with the same `next` they can only end, so the
    /// same number means the same transactions. PostgreSQL's own count of ended transactions is zero in an active snapshot.
    running: u32,
}

impl Moment {
    /// The moment of a snapshot.
    pub fn of(snapshot: Snapshot) -> Self {
        // SAFETY: the snapshot is valid.
        let snapshot = unsafe { &*snapshot.raw() };
        Self {
            oldest: snapshot.xmin,
            next: snapshot.xmax,
            running: snapshot.xcnt,
        }
    }
}

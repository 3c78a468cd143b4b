//! The signed-in user, read from the claims of the request as `auth.uid()` does, without making jsonb of them.

use chatkeep_core::{json, uuid};
use pgrx::{FromDatum, pg_sys};
use std::cell::Cell;
use std::ffi::CStr;

use crate::postgres::settings::setting;

/// Supabase's own text of `auth.uid()`, without its white space (supabase/auth,
/// `migrations/20220224000811_update_auth_functions.up.sql`).
const UID: &str = "selectcoalesce(nullif(current_setting('request.jwt.claim.sub',true),''),\
(nullif(current_setting('request.jwt.claims',true),'')::jsonb->>'sub'))::uuid";

/// The claims of the request, where no older setting overrules them.
pub fn of_request() -> Option<&'static str> {
    let older = setting(c"request.jwt.claim.sub");
    if older.is_some_and(|sub| !sub.is_empty()) {
        return None;
    }
    setting(c"request.jwt.claims")
}

/// The user that claims name. `None` where there is none, where `auth.uid()` is not Supabase's own, and where the
/// claims are not what a gateway writes: `auth.uid()` then decides, or refuses.
pub fn subject(claims: &str) -> Option<[u8; 16]> {
    if !uid_is_supabases_own() {
        return None;
    }
    uuid::parse(json::plain_member(claims, "sub")?)
}

thread_local! {
    /// The version of `auth.uid()` that was judged last, by where its row lies and who wrote it, and the judgement.
    static JUDGED: Cell<Option<(Version, bool)>> = const { Cell::new(None) };
}

type Version = (u16, u16, u16, pg_sys::TransactionId);

/// Whether `auth.uid()` is Supabase's own. The row is looked at each time; its text only when it is another row.
fn uid_is_supabases_own() -> bool {
    const NAME: &CStr = c"uid";
    // SAFETY: the cache entry is held while it is read, and released once.
    unsafe {
        let schema = pg_sys::get_namespace_oid(c"auth".as_ptr(), true);
        let entry = pg_sys::SearchSysCache3(
            pg_sys::SysCacheIdentifier::PROCNAMEARGSNSP.cast_signed(),
            pg_sys::Datum::from(NAME.as_ptr()),
            pg_sys::Datum::from(pg_sys::buildoidvector(std::ptr::null(), 0)),
            pg_sys::Datum::from(schema),
        );
        if entry.is_null() {
            return false;
        }
        let place = (*entry).t_self;
        let version = (
            place.ip_blkid.bi_hi,
            place.ip_blkid.bi_lo,
            place.ip_posid,
            (*(*entry).t_data).t_choice.t_heap.t_xmin,
        );
        let accepted = match JUDGED.get() {
            Some((judged, accepted)) if judged == version => accepted,
            _ => {
                let accepted = source(entry).is_some_and(is_supabases_own);
                JUDGED.set(Some((version, accepted)));
                accepted
            }
        };
        pg_sys::ReleaseSysCache(entry);
        accepted
    }
}

fn is_supabases_own(source: &str) -> bool {
    source
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace() && *byte != b';')
        .eq(UID.bytes())
}

/// The source text of a function.
///
/// # Safety
/// `entry` is a row of `pg_proc` from the system cache, and is held for as long as the text is used.
unsafe fn source<'a>(entry: pg_sys::HeapTuple) -> Option<&'a str> {
    let mut null = false;
    // SAFETY: as the caller says; detoasted text is a plain varlena.
    unsafe {
        let source = pg_sys::SysCacheGetAttr(
            pg_sys::SysCacheIdentifier::PROCNAMEARGSNSP.cast_signed(),
            entry,
            i16::try_from(pg_sys::Anum_pg_proc_prosrc).unwrap_or(0),
            &raw mut null,
        );
        <&str>::from_datum(source, null)
    }
}

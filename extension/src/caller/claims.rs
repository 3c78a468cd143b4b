//! Reads a signed-in user of Supabase Auth from the claims of the request, as `auth.uid()` does, without making jsonb of
//! them.

use chatkeep_core::uuid;
use std::cell::Cell;
use std::ffi::CStr;

use crate::postgres::datum::Uuid;
use crate::postgres::function::{Version, with_function};
use crate::postgres::settings;

/// Supabase's own text of `auth.uid()`, without its white space (supabase/auth,
/// `migrations/20220224000811_update_auth_functions.up.sql`).
const UID: &str = "selectcoalesce(nullif(current_setting('request.jwt.claim.sub',true),''),\
(nullif(current_setting('request.jwt.claims',true),'')::jsonb->>'sub'))::uuid";

/// The older setting. Where it is not empty, it overrides the claims.
const SUB: &CStr = c"request.jwt.claim.sub";
const CLAIMS: &CStr = c"request.jwt.claims";

/// The claims of the request. `None` if the caller does not follow from them alone: the older setting overrides them, or
/// somebody has replaced Supabase's `auth.uid()`.
pub fn of_request() -> Option<String> {
    if settings::is_set(SUB) || !uid_is_supabases_own() {
        return None;
    }
    settings::get(CLAIMS)
}

/// Whether the claims of the request are still these.
pub fn are(claims: &str) -> bool {
    !settings::is_set(SUB) && settings::is(CLAIMS, claims.as_bytes())
}

/// The user of Supabase Auth that the claims name. `None` if there is no user, for every other issuer, or if a gateway
/// would not write such claims. The caller must then ask `claimed_identity()`, which may refuse them.
pub fn subject(claims: &str) -> Option<Uuid> {
    let user = uuid::parse(chatkeep_core::claims::subject(claims)?)?;
    // Ids of version 8 belong to users of registered issuers.
    (user[6] >> 4 != 8).then_some(user)
}

thread_local! {
    /// The version of `auth.uid()` that was checked last, and whether it was Supabase's own.
    static JUDGED: Cell<Option<(Version, bool)>> = const { Cell::new(None) };
}

/// Whether `auth.uid()` is Supabase's own. Each call looks at the version of its row, and reads its source only if the
/// version has changed.
fn uid_is_supabases_own() -> bool {
    let judgement = with_function(c"auth", c"uid", |function| {
        let version = function.version();
        match JUDGED.get() {
            Some((judged, is_own)) if judged == version => is_own,
            _ => {
                let is_own = function
                    .source()
                    .is_some_and(|source| is_supabases_own(&source));
                JUDGED.set(Some((version, is_own)));
                is_own
            }
        }
    });
    judgement == Some(true)
}

fn is_supabases_own(source: &str) -> bool {
    source
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace() && *byte != b';')
        .eq(UID.bytes())
}

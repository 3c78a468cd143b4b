//! Reads a signed-in user of Supabase Auth from the claims of the request, without making jsonb of them.

use chatkeep_core::sessions::request;
use chatkeep_core::uuid;
use std::ffi::CStr;

use crate::postgres::datum::Uuid;
use crate::postgres::settings;

/// The setting of older gateways. Where it is not empty, it overrides the claims.
const SUB: &CStr = c"request.jwt.claim.sub";
const CLAIMS: &CStr = c"request.jwt.claims";

/// The claims of the request, unless the older setting overrides them.
pub fn of_request() -> Option<String> {
    if settings::is_set(SUB) {
        return None;
    }
    settings::get(CLAIMS)
}

/// Whether the claims of the request are still these.
pub fn are(claims: &str) -> bool {
    !settings::is_set(SUB) && settings::is(CLAIMS, claims.as_bytes())
}

/// Whether the claims of the request may name a session of Chatkeep.
pub fn may_name_session() -> bool {
    settings::passes(CLAIMS, request::names_session)
}

/// The user of Supabase Auth that the claims name. `None` if there is no user, for every other issuer, or if a gateway
/// would not write such claims. The caller must then ask `claimed_identity()`, which may refuse them.
pub fn subject(claims: &str) -> Option<Uuid> {
    let user = uuid::parse(chatkeep_core::claims::subject(claims)?)?;
    // Ids of version 8 belong to users of registered issuers.
    (user[6] >> 4 != 8).then_some(user)
}

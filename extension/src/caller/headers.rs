//! The headers of the request.

use crate::postgres::settings;

/// Whether the request may name a tenant. `chatkeep_private.named_tenant()` reads which one.
pub fn may_name_tenant() -> bool {
    settings::get(c"request.headers").is_some_and(|headers| headers.contains("x-chatkeep-tenant"))
}

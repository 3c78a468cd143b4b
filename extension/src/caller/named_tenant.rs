//! Whether the request names a tenant. `chatkeep_private.named_tenant()` reads which one.

use crate::postgres::settings;

/// The headers and the claims of the request, where they may name a tenant. Most requests name none.
#[derive(PartialEq, Eq)]
pub struct Naming {
    headers: Option<String>,
    claims: Option<String>,
}

impl Naming {
    /// Those of the request.
    pub fn of_request() -> Self {
        let having = |text: Option<String>, name| text.filter(|text| text.contains(name));
        Self {
            headers: having(settings::get(c"request.headers"), "x-chatkeep-tenant"),
            claims: having(settings::get(c"request.jwt.claims"), "\"tenant_id\""),
        }
    }

    /// Whether they name no tenant for certain.
    pub fn is_none(&self) -> bool {
        self.headers.is_none() && self.claims.is_none()
    }
}

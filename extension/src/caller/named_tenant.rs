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
        // Policies ask this again and again, so a text that names no tenant is not copied.
        let having = |setting, name: &str| {
            let names_one = settings::passes(setting, |text| text.contains(name));
            names_one.then(|| settings::get(setting)).flatten()
        };
        Self {
            headers: having(c"request.headers", "x-chatkeep-tenant"),
            claims: having(c"request.jwt.claims", "\"tenant_id\""),
        }
    }

    /// Whether they name no tenant for certain.
    pub fn is_none(&self) -> bool {
        self.headers.is_none() && self.claims.is_none()
    }
}

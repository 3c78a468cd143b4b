//! Callers, and the transaction that a gateway makes of a call.

/// A caller as `PostgREST` presents it to the database: a role and claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    Anon,
    /// A signed-in user who has passed the second factor.
    User(String),
    Service,
    /// Any role with any claims.
    Claims {
        role: &'static str,
        claims: String,
    },
}

impl Caller {
    /// The statements of one request: authenticator takes the role and claims of the caller for one transaction.
    pub fn request(&self, call: &str) -> String {
        self.request_that_ends(call, "")
    }

    /// The statements of one request, with `last` before the commit.
    pub fn request_that_ends(&self, call: &str, last: &str) -> String {
        format!("{} {call}; {last} commit", self.enter())
    }

    fn enter(&self) -> String {
        let (role, claims) = match self {
            Self::Anon => ("anon", r#"{"role":"anon"}"#.to_owned()),
            Self::User(id) => (
                "authenticated",
                format!(r#"{{"role":"authenticated","sub":"{id}","aal":"aal2"}}"#),
            ),
            Self::Claims { role, claims } => (*role, claims.replace('\'', "''")),
            Self::Service => ("service_role", r#"{"role":"service_role"}"#.to_owned()),
        };
        format!("begin; set local role {role}; set local request.jwt.claims = '{claims}';")
    }
}

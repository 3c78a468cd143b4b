//! The calls on sessions, and the SQL of each.

/// A call on a session.
#[derive(Debug, Clone)]
pub enum Call {
    Create(Opening),
    Rotate(String),
    Validate(String),
    Elevate(String),
    RevokeOthers(String),
    /// By the session's place among the user's sessions, and its id.
    Revoke(usize, String),
    RevokeAll,
}

/// The arguments of `create_session`. Times are in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Opening {
    pub ttl: i64,
    pub idle_ttl: Option<i64>,
    pub max_sessions: Option<usize>,
}

impl Call {
    /// Whether the call needs a signed-in user.
    pub const fn needs_user(&self) -> bool {
        !matches!(self, Self::Rotate(_) | Self::Validate(_))
    }

    pub fn sql(&self) -> String {
        match self {
            Self::Create(Opening {
                ttl,
                idle_ttl,
                max_sessions,
            }) => {
                let idle = idle_ttl.map_or("null".to_owned(), |idle| format!("'{idle} seconds'"));
                let most = max_sessions.map_or("null".to_owned(), |most| most.to_string());
                format!(
                    "select status, token, session_id, generation from chatkeep.create_session(
                       ttl => '{ttl} seconds', idle_ttl => {idle}, max_sessions => {most})"
                )
            }
            Self::Rotate(token) => {
                format!("select status, token, generation from chatkeep.rotate_session('{token}')")
            }
            Self::Validate(token) => {
                format!("select status, generation from chatkeep.validate_session('{token}')")
            }
            Self::Elevate(token) => {
                format!(
                    "select status, generation from chatkeep.elevate_session('{token}', 'aal2')"
                )
            }
            Self::RevokeOthers(token) => format!(
                "select status, revoked as ended from chatkeep.revoke_other_sessions('{token}')"
            ),
            Self::Revoke(_, id) => format!("select status from chatkeep.revoke_session('{id}')"),
            Self::RevokeAll => {
                "select 'revoked' as status, count(*) as ended from chatkeep.revoke_all_sessions()"
                    .to_owned()
            }
        }
    }
}

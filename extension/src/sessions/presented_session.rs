//! The session of a presented token: how the token is judged, and what follows.

use chatkeep_core::Refusal;
use chatkeep_core::sessions::session::{SALT_BYTES, State, TOUCH_MICROS, Token, Verdict};
use std::borrow::Cow;

use crate::call::Call;
use crate::postgres::clock::now;
use crate::postgres::connection::Connection;
use crate::postgres::datum::{Uuid, Value, values};
use crate::postgres::interval::Interval;
use crate::postgres::random::random;
use crate::postgres::settings::set_local;
use crate::postgres::statement::statements;

statements! {
    SECRET_AND_SESSION(BYTEAOID) = c"
        select x.session_id, x.refresh_digest, x.previous_digest, x.rotation_salt, x.generation, x.rotated_at,
          s.user_id, s.tenant_id, s.expires_at, s.last_used_at, s.last_used_at + s.idle_ttl, s.revoked_at is not null, s.idle_ttl,
          s.tenant_is_moving
        from chatkeep_private.session_secrets x join chatkeep.sessions s on s.id = x.session_id
        where x.session_token = $1";
    SECRET_LOCKED(BYTEAOID) = c"
        select x.session_id, x.refresh_digest, x.previous_digest, x.rotation_salt, x.generation, x.rotated_at
        from chatkeep_private.session_secrets x where x.session_token = $1
        for update";
    SESSION(UUIDOID) = c"
        select s.user_id, s.tenant_id, s.expires_at, s.last_used_at, s.last_used_at + s.idle_ttl, s.revoked_at is not null, s.idle_ttl,
          s.tenant_is_moving
        from chatkeep.sessions s where s.id = $1";
    ROTATE(BYTEAOID, BYTEAOID, BYTEAOID, BYTEAOID, INT4OID, TIMESTAMPTZOID) = c"
        update chatkeep_private.session_secrets x
        set refresh_digest = $2, previous_digest = $3, rotation_salt = $4, generation = $5, rotated_at = $6, confirmed_at = null
        where x.session_token = $1";
    CONFIRM(BYTEAOID, BYTEAOID, TIMESTAMPTZOID) = c"
        update chatkeep_private.session_secrets x
        set previous_digest = null, rotation_salt = null, confirmed_at = $3
        where x.session_token = $1 and x.refresh_digest = $2";
    // Executed seldom: if a token unlocks no secret.
    SPENT(BYTEAOID) = c"select chatkeep_private.spent_session($1)";
    TOUCH(UUIDOID, TIMESTAMPTZOID) = c"
        update chatkeep.sessions s set last_used_at = $2 where s.id = $1";
    REVOKE_REUSED(UUIDOID, TIMESTAMPTZOID) = c"
        update chatkeep.sessions s set revoked_at = $2, revoked_reason = 'reuse' where s.id = $1 and s.revoked_at is null";
}

/// The token that a call is given; `None` if the text cannot be one.
pub fn presented_token(call: Call) -> Option<Token> {
    let token: Cow<str> = call.argument(0)?;
    Token::parse(&token)
}

/// The session that a presented token unlocked, as it was when the token was judged.
#[derive(Default)]
pub struct PresentedSession {
    session_digest: [u8; 32],
    pub session_id: Option<Uuid>,
    pub user_id: Option<Uuid>,
    pub tenant_id: Option<Uuid>,
    expires_at: Option<i64>,
    idle_expires_at: Option<i64>,
    idle_ttl: Option<Interval>,
    generation: Option<i32>,
    pub salt: Option<Vec<u8>>,
    last_used_at: i64,
    judged_at: i64,
    /// Whether the tenant of the session is being moved. Then nothing may be written.
    is_moving: bool,
}

impl PresentedSession {
    /// Refuses what the verdict has a rotation write, if the tenant of the session is being moved.
    pub fn check_moving(&self, verdict: Option<Verdict>) -> Result<(), Refusal> {
        let writes = matches!(
            verdict,
            Some(Verdict::Current | Verdict::Previous | Verdict::Reused)
        );
        if writes && self.is_moving {
            return Err(Refusal::tenant_moving());
        }
        Ok(())
    }

    /// Whether a token with this verdict is valid, and its use has nothing to write.
    pub fn is_settled(&self, verdict: Option<Verdict>) -> bool {
        let closes_grace = match verdict {
            Some(Verdict::Current) => self.salt.is_some(),
            Some(Verdict::Previous) => false,
            _ => return false,
        };
        self.is_moving || (!closes_grace && !is_untouched(self.last_used_at, self.judged_at))
    }

    /// The status of a validation that was judged without a lock. Writes what the use changes.
    pub fn settle(
        &mut self,
        connection: Connection,
        token: &Token,
        verdict: Option<Verdict>,
    ) -> &'static str {
        // A token that looks spent costs the session, so it is judged again under the lock first.
        let verdict = match verdict {
            Some(Verdict::Reused) => self.judge(connection, token, true),
            verdict => verdict,
        };
        match verdict {
            None => "invalid",
            Some(Verdict::Current | Verdict::Previous) if self.is_moving => "valid",
            Some(Verdict::Reused) if self.is_moving => "reuse_detected",
            Some(Verdict::Current) => {
                self.confirm(connection, token);
                self.touch(connection);
                "valid"
            }
            Some(Verdict::Previous) => {
                self.touch(connection);
                "valid"
            }
            Some(refused) => self.refuse(connection, refused),
        }
    }

    /// Reads the session and judges the token. `None` if the token unlocks nothing.
    pub fn judge(
        &mut self,
        connection: Connection,
        token: &Token,
        locked: bool,
    ) -> Option<Verdict> {
        self.session_digest = token.session_digest();
        let statement = if locked {
            SECRET_LOCKED
        } else {
            SECRET_AND_SESSION
        };
        let digest = values![self.session_digest.as_slice()];
        let secret = statement.execute(connection, &digest);
        // A token that unlocks no secret is spent or was never issued. The session tells which.
        self.session_id = secret
            .get(1)
            .or_else(|| SPENT.execute(connection, &digest).get(1));
        self.session_id?;
        // The session is read after the lock, to see a revocation by the call that held it before.
        let (session, first) = if locked || secret.is_empty() {
            (SESSION.execute(connection, &values![self.session_id]), 1)
        } else {
            (secret, 7)
        };
        if session.is_empty() {
            self.session_id = None;
            return None;
        }
        self.judged_at = now();
        self.user_id = session.get(first);
        self.tenant_id = session.get(first + 1);
        self.expires_at = session.get(first + 2);
        self.last_used_at = session.get(first + 3)?;
        self.idle_expires_at = session.get(first + 4);
        self.idle_ttl = session.get(first + 6);
        self.is_moving = session.get(first + 7)?;
        self.generation = secret.get(5);
        self.salt = secret.get(4);
        let state = State {
            refresh_digest: secret.get(2).unwrap_or_default(),
            previous_digest: secret.get(3),
            rotated_at: secret.get(6),
            revoked: session.get(first + 5)?,
            expires_at: session.get(first + 2)?,
            idle_expires_at: session.get(first + 4),
        };
        Some(state.judge(&token.refresh_digest(), self.judged_at))
    }

    /// Stores the successor of the token, and returns it.
    pub fn rotate(&mut self, connection: Connection, token: &Token) -> Result<Token, Refusal> {
        let salt: [u8; SALT_BYTES] = random();
        let child = token.child(&salt);
        self.generation = self
            .generation
            .map(|generation| generation.saturating_add(1));
        let (refresh_digest, previous_digest) = (child.refresh_digest(), token.refresh_digest());
        let arguments = values![
            self.session_digest.as_slice(),
            refresh_digest.as_slice(),
            previous_digest.as_slice(),
            salt.as_slice(),
            self.generation,
            self.judged_at,
        ];
        if ROTATE.execute(connection, &arguments).is_empty() {
            return Err(Refusal::unwritten("token", "names a session that"));
        }
        Ok(child)
    }

    /// The first use of the current token ends the grace period of the previous one.
    fn confirm(&self, connection: Connection, token: &Token) {
        if self.salt.is_some() {
            let (session, refresh) = (&self.session_digest, token.refresh_digest());
            let arguments = values![session.as_slice(), refresh.as_slice(), self.judged_at];
            CONFIRM.execute(connection, &arguments);
        }
    }

    /// Writes the time of the use, at most once a minute.
    pub fn touch(&mut self, connection: Connection) {
        if is_untouched(self.last_used_at, self.judged_at) {
            TOUCH.execute(connection, &values![self.session_id, self.judged_at]);
            self.idle_expires_at = self.idle_ttl.and_then(|ttl| ttl.after(self.judged_at));
        }
    }

    /// The status of a refusal. A spent token revokes the session.
    pub fn refuse(&self, connection: Connection, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Revoked => "revoked",
            Verdict::Expired => "expired",
            Verdict::Idle => "idle",
            Verdict::Current | Verdict::Previous => "invalid",
            Verdict::Reused => {
                let arguments = values![self.session_id, self.judged_at];
                // The user may have ended the session since it was judged: ending it does not wait for the lock on the
                // secret.
                if REVOKE_REUSED.execute(connection, &arguments).is_empty() {
                    "revoked"
                } else {
                    "reuse_detected"
                }
            }
        }
    }
}

/// Whether the last use was written more than a minute ago.
const fn is_untouched(last_used_at: i64, now: i64) -> bool {
    last_used_at < now - TOUCH_MICROS
}

/// Returns the one row of rotate and validate. Under `PostgREST` a refusal also answers 401.
pub fn return_status(
    call: Call,
    status: &str,
    token: Option<&Token>,
    row: &PresentedSession,
    with_token: bool,
) {
    let is_refusal = !matches!(status, "rotated" | "replayed" | "valid");
    if is_refusal {
        set_local(c"response.status", c"401");
    }
    let token = token.map(Token::expose);
    let mut values = vec![Value::from(status)];
    if with_token {
        values.push(token.as_ref().map(|token| token.as_str()).into());
    }
    values.extend(values![
        row.session_id,
        row.user_id,
        row.tenant_id,
        // A refused token may not see its session's secrets.
        row.generation.filter(|_| !is_refusal),
        row.expires_at,
        row.idle_expires_at,
    ]);
    call.return_values(&values);
}

//! `create_session`, `rotate_session`, `validate_session`.
//!
//! Refusals of a token are rows, not errors: an error would roll back the revocation that it reports.

use chatkeep_core::session::{
    self, GRACE_MICROS, NewSession, SALT_BYTES, SECRET_BYTES, State, TOUCH_MICROS, Token, Verdict,
};
use chatkeep_core::{Refusal, digest};
use pgrx::{FromDatum, IntoDatum, direct_function_call_as_datum, pg_sys};
use std::ffi::CStr;
use zeroize::Zeroizing;

use crate::call::{
    Call, answers, bytea, calls, now, random, set_for_call, set_local, setting, text, uuid, writing,
};
use crate::identity;
use crate::json;
use crate::plan::{Rows, plans};

calls! {
    create_session_wrapper, pg_finfo_create_session_wrapper => create_session;
    rotate_session_wrapper, pg_finfo_rotate_session_wrapper => rotate_session;
    validate_session_wrapper, pg_finfo_validate_session_wrapper => validate_session;
}

answers! {
    presented_session_wrapper, pg_finfo_presented_session_wrapper => presented_session;
    presented_refresh_wrapper, pg_finfo_presented_refresh_wrapper => presented_refresh;
    may_read_salt_wrapper, pg_finfo_may_read_salt_wrapper => may_read_salt;
}

plans! {
    REVOKE_OLDEST(UUIDOID, INT4OID) = c"
        update chatkeep.sessions s
        set revoked_at = pg_catalog.clock_timestamp(), revoked_reason = 'limit'
        where s.user_id = $1 and s.revoked_at is null and s.id in (
          select live.id from chatkeep.sessions live
          where live.user_id = $1
            and live.revoked_at is null
            and live.expires_at > pg_catalog.clock_timestamp()
            and (live.idle_ttl is null or live.last_used_at + live.idle_ttl > pg_catalog.clock_timestamp())
          order by live.created_at desc, live.id desc
          offset $2 - 1
        )";
    INSERT_SESSION(
        UUIDOID, UUIDOID, UUIDOID, BYTEAOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INTERVALOID, TEXTOID, INETOID, JSONBOID
    ) = c"
        insert into chatkeep.sessions as s (
          id, tenant_id, user_id, session_token, created_at, last_used_at, idle_ttl, expires_at, user_agent, ip, metadata
        ) values ($1, $2, $3, $4, $5, $5, $7, $6, $8, $9, $10)";
    INSERT_SECRET(BYTEAOID, UUIDOID, BYTEAOID) = c"
        insert into chatkeep_private.session_secrets (session_token, session_id, refresh_digest) values ($1, $2, $3)";
    SECRET_AND_SESSION(BYTEAOID) = c"
        select x.session_id, x.refresh_digest, x.previous_digest, x.rotation_salt, x.generation, x.rotated_at,
          s.user_id, s.tenant_id, s.expires_at, s.last_used_at, s.last_used_at + s.idle_ttl, s.revoked_at is not null, s.idle_ttl
        from chatkeep_private.session_secrets x join chatkeep.sessions s on s.id = x.session_id
        where x.session_token = $1";
    SECRET_LOCKED(BYTEAOID) = c"
        select x.session_id, x.refresh_digest, x.previous_digest, x.rotation_salt, x.generation, x.rotated_at
        from chatkeep_private.session_secrets x where x.session_token = $1
        for update";
    SESSION(UUIDOID) = c"
        select s.user_id, s.tenant_id, s.expires_at, s.last_used_at, s.last_used_at + s.idle_ttl, s.revoked_at is not null, s.idle_ttl
        from chatkeep.sessions s where s.id = $1";
    ROTATE(BYTEAOID, BYTEAOID, BYTEAOID, BYTEAOID, INT4OID, TIMESTAMPTZOID) = c"
        update chatkeep_private.session_secrets x
        set refresh_digest = $2, previous_digest = $3, rotation_salt = $4, generation = $5, rotated_at = $6, confirmed_at = null
        where x.session_token = $1";
    CONFIRM(BYTEAOID, BYTEAOID, TIMESTAMPTZOID) = c"
        update chatkeep_private.session_secrets x
        set previous_digest = null, rotation_salt = null, confirmed_at = $3
        where x.session_token = $1 and x.refresh_digest = $2";
    // Seldom: where a token shows no secret.
    SPENT(BYTEAOID) = c"select chatkeep_private.spent_session($1)";
    TOUCH(UUIDOID, TIMESTAMPTZOID) = c"
        update chatkeep.sessions s set last_used_at = $2 where s.id = $1";
    REVOKE_REUSED(UUIDOID, TIMESTAMPTZOID) = c"
        update chatkeep.sessions s set revoked_at = $2, revoked_reason = 'reuse' where s.id = $1 and s.revoked_at is null";
}

fn create_session(call: Call) -> Result<(), Refusal> {
    let (user_agent, ip, ttl, idle_ttl, max_sessions, metadata, user_id) = (0, 1, 2, 3, 4, 5, 6);
    NewSession {
        user_agent: call.argument(user_agent),
        ttl: call.datum(ttl).map(|ttl| life(ttl, now())),
        idle_ttl: call.datum(idle_ttl).map(|ttl| life(ttl, now())),
        max_sessions: call.argument(max_sessions),
        metadata: json::text(call.datum(metadata)).as_deref(),
    }
    .check()?;
    writing(|| {
        // Of two that count at once, each counts what the other has opened.
        let is_limited = call.datum(max_sessions).is_some();
        let (tenant, owner) = identity::enter(call.datum(user_id), is_limited);
        if is_limited {
            REVOKE_OLDEST.with(|plan| plan.execute(&[owner, call.datum(max_sessions)]));
        }
        let token = Token::new(random(), random());
        let id = uuid(&token.session_id());
        let session_digest = bytea(&token.session_digest());
        let moment = now();
        let end_of = |life: usize| call.datum(life).and_then(|life| later(moment, life));
        let (expires_at, idle_expires_at) = (end_of(ttl), end_of(idle_ttl));
        let opened = presenting(&token, || {
            let session = INSERT_SESSION.with(|plan| {
                plan.execute(&[
                    Some(id),
                    tenant,
                    owner,
                    session_digest,
                    moment.into_datum(),
                    expires_at.into_datum(),
                    call.datum(idle_ttl),
                    call.datum(user_agent),
                    call.datum(ip),
                    call.datum(metadata),
                ])
            });
            let secret = INSERT_SECRET.with(|plan| {
                plan.execute(&[session_digest, Some(id), bytea(&token.refresh_digest())])
            });
            !session.is_empty() && !secret.is_empty()
        });
        if !opened {
            return Err(Refusal::unwritten("user_id", "names a user whose session"));
        }
        call.return_values(&[
            text("created"),
            text(&token.expose()),
            Some(id),
            owner,
            tenant,
            0_i32.into_datum(),
            expires_at.into_datum(),
            idle_expires_at.into_datum(),
        ]);
        Ok(())
    })
}

fn rotate_session(call: Call) -> Result<(), Refusal> {
    writing(|| {
        let Some(token) = call.argument::<&str>(0).and_then(Token::parse) else {
            return_status(call, "invalid", None, &Presented::default(), true);
            return Ok(());
        };
        presenting(&token, || {
            let mut row = Presented::default();
            let (status, child) = match row.judge(&token, true) {
                None => ("invalid", None),
                Some(Verdict::Current) => ("rotated", Some(row.rotate(&token)?)),
                Some(Verdict::Previous) => {
                    ("replayed", row.salt.as_ref().map(|salt| token.child(salt)))
                }
                Some(refused) => (row.refuse(refused), None),
            };
            if child.is_some() {
                row.touch();
            }
            return_status(call, status, child.as_ref(), &row, true);
            Ok(())
        })
    })
}

fn validate_session(call: Call) -> Result<(), Refusal> {
    let Some(token) = call.argument::<&str>(0).and_then(Token::parse) else {
        return_status(call, "invalid", None, &Presented::default(), false);
        return Ok(());
    };
    presenting(&token, || {
        let mut row = Presented::default();
        let verdict = row.judge(&token, false);
        // Nearly every validation leaves nothing to write, and needs no marker.
        let status = if row.is_settled(verdict) {
            "valid"
        } else {
            writing(|| Ok(row.settle(&token, verdict)))?
        };
        return_status(call, status, None, &row, false);
        Ok(())
    })
}

/// `presented_session()`, which the policies ask: the digest of the session secret that is presented; NULL without one.
fn presented_session(_: Call) -> Option<pg_sys::Datum> {
    bytea(&presented_digest(0)?)
}

/// `presented_refresh()`: the same of the refresh secret.
fn presented_refresh(_: Call) -> Option<pg_sys::Datum> {
    bytea(&presented_digest(2 * SECRET_BYTES)?)
}

/// `may_read_salt()`: whether the refresh secret that is presented is the current one of a session, or the one before for
/// as long as a rotation may be repeated.
fn may_read_salt(call: Call) -> Option<pg_sys::Datum> {
    let (refresh_digest, previous_digest, rotated_at) = (0, 1, 2);
    let presented = presented_digest(2 * SECRET_BYTES)?;
    let is = |digest| call.argument::<&[u8]>(digest) == Some(presented.as_slice());
    let is_repeatable = || {
        let rotated_at: Option<i64> = call.argument(rotated_at);
        rotated_at.is_some_and(|rotated_at| now() < rotated_at.saturating_add(GRACE_MICROS))
    };
    (is(refresh_digest) || (is(previous_digest) && is_repeatable())).into_datum()
}

fn presented_digest(first_digit: usize) -> Option<[u8; 32]> {
    let digits = setting(PRESENTED)?.get(first_digit..first_digit + 2 * SECRET_BYTES)?;
    Some(digest::sha256(&Zeroizing::new(digest::unhex(digits)?)))
}

/// The setting that holds the session secret and the refresh secret of the token that a call was given, in
/// hexadecimal, for the call's length: policies ask for the first, the guard of a rotation for the second.
const PRESENTED: &CStr = c"chatkeep.presented";

/// Runs `body` with the secrets of the token presented to policies and guards, until the call ends.
fn presenting<T>(token: &Token, body: impl FnOnce() -> T) -> T {
    let mut secrets = Zeroizing::new(Vec::with_capacity(4 * SECRET_BYTES + 1));
    for secret in [token.session_secret(), token.refresh_secret()] {
        let digits = Zeroizing::new(digest::hex(secret));
        secrets.extend_from_slice(digits.as_bytes());
    }
    secrets.push(0);
    // The setting's own copy is the server's, which frees it at the end of the call.
    set_for_call(
        PRESENTED,
        CStr::from_bytes_with_nul(&secrets).unwrap_or_default(),
    );
    body()
}

/// The row that a presented token unlocked, as it was judged.
#[derive(Default)]
struct Presented {
    session_digest: Option<pg_sys::Datum>,
    session_id: Option<pg_sys::Datum>,
    user_id: Option<pg_sys::Datum>,
    tenant_id: Option<pg_sys::Datum>,
    expires_at: Option<pg_sys::Datum>,
    idle_expires_at: Option<pg_sys::Datum>,
    idle_ttl: Option<pg_sys::Datum>,
    generation: Option<i32>,
    salt: Option<Vec<u8>>,
    last_used_at: i64,
    judged_at: i64,
}

impl Presented {
    /// Whether a token of this verdict is valid, and its use leaves nothing to write.
    fn is_settled(&self, verdict: Option<Verdict>) -> bool {
        let closes_grace = match verdict {
            Some(Verdict::Current) => self.salt.is_some(),
            Some(Verdict::Previous) => false,
            _ => return false,
        };
        !closes_grace && !is_untouched(self.last_used_at, self.judged_at)
    }

    /// The status of a validation whose verdict was made without a lock; notes what is to be noted.
    fn settle(&mut self, token: &Token, verdict: Option<Verdict>) -> &'static str {
        // Only what looks like a spent token is judged again under the lock, before it costs a session.
        let verdict = match verdict {
            Some(Verdict::Reused) => self.judge(token, true),
            verdict => verdict,
        };
        match verdict {
            None => "invalid",
            Some(Verdict::Current) => {
                self.confirm(token);
                self.touch();
                "valid"
            }
            Some(Verdict::Previous) => {
                self.touch();
                "valid"
            }
            Some(refused) => self.refuse(refused),
        }
    }

    /// Reads the row and judges the token; `None` if it unlocks nothing.
    fn judge(&mut self, token: &Token, locked: bool) -> Option<Verdict> {
        self.session_digest = bytea(&token.session_digest());
        let plan = if locked {
            &SECRET_LOCKED
        } else {
            &SECRET_AND_SESSION
        };
        let secret = plan.with(|plan| plan.execute(&[self.session_digest]));
        // A token that shows no secret is spent, or was never issued: the session says which.
        self.session_id = secret.datum(1).or_else(|| {
            SPENT
                .with(|plan| plan.execute(&[self.session_digest]))
                .datum(1)
        });
        self.session_id?;
        // Read after the lock, so that a revocation by the one before is seen.
        let after = (locked || secret.is_empty())
            .then(|| SESSION.with(|plan| plan.execute(&[self.session_id])));
        let (session, first) = after.as_ref().map_or((&secret, 7), |session| (session, 1));
        if session.is_empty() {
            self.session_id = None;
            return None;
        }
        self.judged_at = now();
        self.user_id = session.datum(first);
        self.tenant_id = session.datum(first + 1);
        self.expires_at = session.datum(first + 2);
        self.last_used_at = session.get(first + 3)?;
        self.idle_expires_at = session.datum(first + 4);
        self.idle_ttl = session.datum(first + 6);
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

    /// Stores the successor of `token` and returns it.
    fn rotate(&mut self, token: &Token) -> Result<Token, Refusal> {
        let salt: [u8; SALT_BYTES] = random();
        let child = token.child(&salt);
        self.generation = self
            .generation
            .map(|generation| generation.saturating_add(1));
        let rotated = ROTATE.with(|plan| {
            plan.execute(&[
                self.session_digest,
                bytea(&child.refresh_digest()),
                bytea(&token.refresh_digest()),
                bytea(&salt),
                self.generation.into_datum(),
                self.judged_at.into_datum(),
            ])
        });
        if rotated.is_empty() {
            return Err(Refusal::unwritten("token", "names a session that"));
        }
        Ok(child)
    }

    /// The first use of the current secret closes the grace of the one before.
    fn confirm(&self, token: &Token) {
        if self.salt.is_some() {
            CONFIRM.with(|plan| {
                plan.execute(&[
                    self.session_digest,
                    bytea(&token.refresh_digest()),
                    self.judged_at.into_datum(),
                ])
            });
        }
    }

    /// Notes the use, at most once a minute.
    fn touch(&mut self) {
        if is_untouched(self.last_used_at, self.judged_at) {
            TOUCH.with(|plan| plan.execute(&[self.session_id, self.judged_at.into_datum()]));
            let idle_ttl = self.idle_ttl;
            self.idle_expires_at = idle_ttl.and_then(|ttl| later(self.judged_at, ttl).into_datum());
        }
    }

    /// The status of a refusal; a spent token revokes the session.
    fn refuse(&self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Revoked => "revoked",
            Verdict::Expired => "expired",
            Verdict::Idle => "idle",
            Verdict::Current | Verdict::Previous => "invalid",
            Verdict::Reused => {
                let arguments = [self.session_id, self.judged_at.into_datum()];
                // Its user may have ended it since it was judged, who does not wait for the secret.
                let revoked: Rows = REVOKE_REUSED.with(|plan| plan.execute(&arguments));
                if revoked.is_empty() {
                    "revoked"
                } else {
                    "reuse_detected"
                }
            }
        }
    }
}

/// Whether a use is to be noted: the last one was noted longer than a minute ago.
const fn is_untouched(last_used_at: i64, now: i64) -> bool {
    last_used_at < now - TOUCH_MICROS
}

/// Returns the one row of rotate and validate; under `PostgREST` a refusal is also a 401.
fn return_status(
    call: Call,
    status: &str,
    token: Option<&Token>,
    row: &Presented,
    with_token: bool,
) {
    let is_refusal = !matches!(status, "rotated" | "replayed" | "valid");
    if is_refusal {
        set_local(c"response.status", c"401");
    }
    let mut values = vec![text(status)];
    if with_token {
        values.push(token.and_then(|token| text(&token.expose())));
    }
    values.extend([
        row.session_id,
        row.user_id,
        row.tenant_id,
        // A refused token may not see its session's secrets.
        row.generation.filter(|_| !is_refusal).into_datum(),
        row.expires_at,
        row.idle_expires_at,
    ]);
    call.return_values(&values);
}

/// How long a life is that begins now, in microseconds, by the days of the calendar: a month may have 31.
fn life(interval: pg_sys::Datum, now: i64) -> i64 {
    const DAY: i64 = 86_400_000_000;
    // SAFETY: the datum is an interval, which is passed by reference.
    let parts = unsafe { &*interval.cast_mut_ptr::<pg_sys::Interval>() };
    // As intervals compare, and first, so that what is far too long is not added to a date.
    let compared = i64::from(parts.month)
        .saturating_mul(30 * DAY)
        .saturating_add(i64::from(parts.day).saturating_mul(DAY))
        .saturating_add(parts.time);
    if !session::is_life(compared) {
        return compared;
    }
    later(now, interval).map_or(compared, |end| end.saturating_sub(now))
}

/// A time and an interval added up, by the time zone of the caller as in a statement.
fn later(time: i64, interval: pg_sys::Datum) -> Option<i64> {
    // SAFETY: the function takes these two types and gives a timestamptz.
    unsafe {
        let sum = direct_function_call_as_datum(
            pg_sys::timestamptz_pl_interval,
            &[time.into_datum(), Some(interval)],
        )?;
        i64::from_datum(sum, false)
    }
}

//! `create_session`.

use chatkeep_core::Refusal;
use chatkeep_core::session::{NewSession, Token};
use pgrx::IntoDatum;

use crate::call::{Call, calls, writing};
use crate::caller::identity;
use crate::policies::presented::presenting;
use crate::postgres::clock::now;
use crate::postgres::datum::{bytea, text, uuid};
use crate::postgres::jsonb_text as json;
use crate::postgres::plan::plans;
use crate::postgres::random::random;
use crate::sessions::lifetime::{later, life};

calls! {
    create_session_wrapper, pg_finfo_create_session_wrapper => create_session;
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

//! `create_session`.

use chatkeep_core::sessions::session::{NewSession, Token};
use chatkeep_core::{Refusal, limits, text};
use std::borrow::Cow;

use crate::call::{Call, declare_call, writing};
use crate::caller::identity::{self, Member};
use crate::policies::presented::presenting;
use crate::postgres::clock::now;
use crate::postgres::datum::{Datum, values};
use crate::postgres::interval::Interval;
use crate::postgres::jsonb;
use crate::postgres::random::random;
use crate::postgres::statement::statements;
use crate::sessions::lifetime::lifetime;

declare_call!(create_session);

statements! {
    // Executed seldom: if a browser signs in again.
    REPLACE(TEXTOID, UUIDOID) = c"select chatkeep_private.replace_session($1, $2)";
    REVOKE_OLDEST(UUIDOID, INT4OID) = c"
        update chatkeep.sessions s
        set revoked_at = pg_catalog.clock_timestamp(), revoked_reason = 'limit'
        where s.user_id = $1 and s.revoked_at is null and not s.tenant_is_moving and s.id in (
          select live.id from chatkeep.sessions live
          where live.user_id = $1
            and live.revoked_at is null
            and live.expires_at > pg_catalog.clock_timestamp()
            and (live.idle_ttl is null or live.last_used_at + live.idle_ttl > pg_catalog.clock_timestamp())
          order by live.created_at desc, live.id desc
          offset $2 - 1
        )";
    INSERT_SESSION(
        UUIDOID, UUIDOID, UUIDOID, BYTEAOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INTERVALOID, TEXTOID, TEXTOID, JSONBOID
    ) = c"
        insert into chatkeep.sessions as s (
          id, tenant_id, user_id, session_token, created_at, last_used_at, idle_ttl, expires_at, user_agent, ip, metadata
        ) values ($1, $2, $3, $4, $5, $5, $7, $6, $8, chatkeep_private.client_address($9), $10)";
    INSERT_SECRET(BYTEAOID, UUIDOID, UUIDOID, BYTEAOID) = c"
        insert into chatkeep_private.session_secrets (session_token, session_id, tenant_id, refresh_digest)
        values ($1, $2, $3, $4)";
}

fn create_session(call: Call) -> Result<(), Refusal> {
    let (user_agent, ip, ttl, idle_ttl, max_sessions, metadata, user_id, replaces) =
        (0, 1, 2, 3, 4, 5, 6, 7);
    let [user_agent, ip, ttl, idle_ttl, metadata, replaces] =
        [user_agent, ip, ttl, idle_ttl, metadata, replaces].map(|position| call.datum(position));
    let max_sessions: Option<i32> = call.argument(max_sessions);
    let user_agent: Option<Cow<str>> = user_agent.map(Datum::read);
    let as_interval = |life: Option<Datum>| life.map(Datum::read::<Interval>);
    NewSession {
        user_agent: user_agent.as_deref(),
        ip: None,
        ttl: as_interval(ttl).map(|ttl| lifetime(ttl, now())),
        idle_ttl: as_interval(idle_ttl).map(|ttl| lifetime(ttl, now())),
        max_sessions,
        metadata: metadata.map(jsonb::text).as_deref(),
    }
    .check()?;
    writing(|| {
        // Two calls that count sessions wait for each other, so that the second counts the session of the first.
        let is_limited = max_sessions.is_some();
        let Member { tenant, user } =
            identity::enter(call.connection, call.argument(user_id), is_limited);
        let token = Token::new(random(), random());
        presenting(&token, || {
            // Inside, because REPLACE presents the other token in its turn and then restores this one.
            if replaces.is_some() {
                REPLACE.execute(call.connection, &values![replaces, user]);
            }
            if is_limited {
                REVOKE_OLDEST.execute(call.connection, &values![user, max_sessions]);
            }
        });
        let id = token.session_id();
        let session_digest = token.session_digest();
        let moment = now();
        let end_of = |life| as_interval(life).and_then(|life| life.after(moment));
        let (expires_at, idle_expires_at) = (end_of(ttl), end_of(idle_ttl));
        let opened = presenting(&token, || {
            let session = values![
                id,
                tenant,
                user,
                session_digest.as_slice(),
                moment,
                expires_at,
                idle_ttl,
                user_agent
                    .as_deref()
                    .map(|text| text::first_chars(text, limits::USER_AGENT_CHARS)),
                ip,
                metadata,
            ];
            let refresh_digest = token.refresh_digest();
            let secret = values![
                session_digest.as_slice(),
                id,
                tenant,
                refresh_digest.as_slice()
            ];
            let session = INSERT_SESSION.execute(call.connection, &session);
            let secret = INSERT_SECRET.execute(call.connection, &secret);
            !session.is_empty() && !secret.is_empty()
        });
        if !opened {
            return Err(Refusal::unwritten("user_id", "names a user whose session"));
        }
        call.return_values(&values![
            "created",
            token.expose().as_str(),
            id,
            user,
            tenant,
            0,
            expires_at,
            idle_expires_at,
        ]);
        Ok(())
    })
}

//! `pre_request`.

use std::borrow::Cow;
use std::ffi::{CStr, CString};

use chatkeep_core::sessions::request;
use chatkeep_core::sessions::session::{Token, Verdict};
use chatkeep_core::{Refusal, uuid};
use zeroize::Zeroizing;

use crate::call::{Call, declare_answer, run};
use crate::caller::{claims, identity};
use crate::policies::presented::presenting;
use crate::postgres::connection::Connection;
use crate::postgres::datum::{Uuid, values};
use crate::postgres::entry::{Answer, Entry};
use crate::postgres::role;
use crate::postgres::settings::{self, set_local};
use crate::postgres::statement::statements;
use crate::sessions::presented_session::PresentedSession;

declare_answer!(pre_request);

const ROLE: &CStr = c"role";
const ANON: &CStr = c"anon";
const AUTHENTICATED: &CStr = c"authenticated";
const HEADERS: &CStr = c"request.headers";
const COOKIES: &CStr = c"request.cookies";
const OLDER_ROLE: &CStr = c"request.jwt.claim.role";
const OLDER_SUBJECT: &CStr = c"request.jwt.claim.sub";

statements! {
    CARRIED(TEXTOID, TEXTOID) = c"
        select c.token, c.place, c.headers, c.cookies from chatkeep_private.carried_token($1, $2) c";
    LEVEL(UUIDOID) = c"select s.aal from chatkeep.sessions s where s.id = $1";
    // Executed for a JWT that names a session of Chatkeep.
    CHECK_CLAIMED() = c"select chatkeep_private.check_claimed_session()";
}

/// Most requests carry no token and no session of Chatkeep. They cost a look at four settings.
fn pre_request(entry: Entry) -> Answer {
    let is_signed_in = is_signed_in();
    if !is_signed_in && !settings::is(ROLE, ANON.to_bytes()) {
        return Answer::Void;
    }
    if settings::passes(HEADERS, |headers| headers.contains(request::HEADER))
        || settings::passes(COOKIES, |cookies| cookies.contains(request::COOKIE))
    {
        run(entry, sign_in);
    }
    if is_signed_in && claims::may_name_session() {
        run(entry, check_claimed);
    }
    Answer::Void
}

/// Whether the gateway has verified a user's JWT.
fn is_signed_in() -> bool {
    settings::is(ROLE, AUTHENTICATED.to_bytes())
}

fn refuse_definer() -> Result<(), Refusal> {
    if role::is(if is_signed_in() { AUTHENTICATED } else { ANON }) {
        return Ok(());
    }
    Err(request::inside_definer())
}

fn check_claimed(call: Call) -> Result<(), Refusal> {
    refuse_definer()?;
    CHECK_CLAIMED.read(call.connection, &[]);
    Ok(())
}

/// Judges the token of the request and signs the request in, unless a JWT has done so.
fn sign_in(call: Call) -> Result<(), Refusal> {
    refuse_definer()?;
    let is_signed_in = is_signed_in();
    let [headers, cookies] = [HEADERS, COOKIES].map(|name| settings::get(name).map(Zeroizing::new));
    let texts = [&headers, &cookies].map(|text| text.as_ref().map(|text| text.as_str()));
    let carried = CARRIED.read(call.connection, &values![texts[0], texts[1]]);
    let Some(text) = carried.get::<Cow<str>>(1) else {
        return Ok(());
    };
    let place: Cow<str> = carried.get(2).unwrap_or_default();
    let Some(token) = Token::parse(&text) else {
        return Err(request::refused(&place, "invalid"));
    };
    presenting(&token, || {
        let mut session = PresentedSession::default();
        let verdict = session.judge(call.connection, &token, false);
        if let Some(status) = refused_status(verdict) {
            return Err(request::refused(&place, status));
        }
        if is_signed_in && session.user_id != identity::user(call.connection) {
            return Err(request::foreign(&place));
        }
        // The rest of the transaction has no use for the token.
        for (name, column) in [(HEADERS, 3), (COOKIES, 4)] {
            let rest: Cow<str> = carried.get(column).unwrap_or_default();
            set_text(name, &rest);
        }
        if !is_signed_in {
            become_user(call.connection, &session);
        }
        Ok(())
    })
}

/// Makes the user of a session the caller for the rest of the transaction.
fn become_user(connection: Connection, session: &PresentedSession) {
    let id = |id: Option<Uuid>| uuid::format(&id.unwrap_or_default());
    let user = id(session.user_id);
    let level = LEVEL.execute(connection, &values![session.session_id]);
    let claims = format!(
        r#"{{"iss":"chatkeep/auth/v1","role":"authenticated","sub":"{user}","session_id":"{}","aal":"{}","tenant_id":"{}"}}"#,
        id(session.session_id),
        level.get::<Cow<str>>(1).unwrap_or_default(),
        id(session.tenant_id),
    );
    // The older settings override the claims, where a gateway writes them.
    if settings::is_set(OLDER_ROLE) || settings::is_set(OLDER_SUBJECT) {
        set_text(OLDER_ROLE, "authenticated");
        set_text(OLDER_SUBJECT, &user);
    }
    set_text(c"request.jwt.claims", &claims);
    set_local(ROLE, AUTHENTICATED);
}

/// Sets a setting for the rest of the transaction. Text of the server holds no NUL.
fn set_text(name: &CStr, value: &str) {
    set_local(name, &CString::new(value).unwrap_or_default());
}

/// Why a token signs nobody in; `None` if it does.
const fn refused_status(verdict: Option<Verdict>) -> Option<&'static str> {
    match verdict {
        Some(Verdict::Current | Verdict::Previous) => None,
        Some(Verdict::Revoked) => Some("revoked"),
        Some(Verdict::Expired) => Some("expired"),
        Some(Verdict::Idle) => Some("idle"),
        Some(Verdict::Reused) => Some("spent"),
        None => Some("invalid"),
    }
}

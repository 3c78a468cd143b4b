//! A request to the Data API that carries a session token, or whose JWT names a session.

use std::borrow::Cow;

use crate::{Code, Refusal};

/// The header that carries a token. Gateways pass header names in lower case.
pub const HEADER: &str = "x-chatkeep-session";
/// The cookie that carries a token, if the request also has the header `x-chatkeep-request`.
pub const COOKIE: &str = "__Host-chatkeep";

/// Whether claims may name a session of Chatkeep, whose id is a UUID of version 8. Sessions of Supabase Auth have version 4.
/// This only decides whether the claims are worth reading: the name may be that of a nested member.
pub fn names_session(claims: &str) -> bool {
    claims.split(r#""session_id""#).skip(1).any(|rest| {
        let value = rest
            .trim_start()
            .strip_prefix(':')
            .and_then(|rest| rest.trim_start().strip_prefix('"'));
        value.is_some_and(begins_as_v8)
    })
}

/// Whether text begins as a UUID of version 8 does.
fn begins_as_v8(text: &str) -> bool {
    const VERSION: usize = 14;
    text.as_bytes().get(..=VERSION).is_some_and(|start| {
        start
            .iter()
            .enumerate()
            .all(|(position, byte)| match position {
                8 | 13 => *byte == b'-',
                VERSION => *byte == b'8',
                _ => byte.is_ascii_hexdigit(),
            })
    })
}

/// The token signs nobody in (PT401). `place` is the header or cookie that holds it.
pub fn refused(place: &str, status: &str) -> Refusal {
    not_signed_in(
        place,
        &format!("holds a token that is {status}"),
        "Sign in again, or send the token that rotate_session returned last.",
    )
}

/// The token is not one of the JWT's user (PT401).
pub fn foreign(place: &str) -> Refusal {
    not_signed_in(
        place,
        "holds a token of another user than the JWT",
        "Send the token alone, or with a JWT of its user.",
    )
}

/// A function that runs as its owner calls (42501). It cannot change the role, so it would guard nothing.
pub fn inside_definer() -> Refusal {
    Refusal {
        code: Code::NoRight,
        argument: Cow::Borrowed("pre_request"),
        message: "pre_request guards nothing in a function that runs as its owner".to_owned(),
        hint: "Declare the function that calls it SECURITY INVOKER.",
    }
}

fn not_signed_in(place: &str, fault: &str, hint: &'static str) -> Refusal {
    Refusal {
        code: Code::NotSignedIn,
        argument: Cow::Owned(place.to_owned()),
        message: format!("{place} {fault}"),
        hint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V8: &str = "0f3d5c1e-9a2b-8c4d-9e5f-0123456789ab";

    #[test]
    fn only_an_id_of_version_8_is_worth_reading_the_claims() {
        for (claims, expected) in [
            (format!(r#"{{"session_id":"{V8}"}}"#), true),
            (format!("{{\"session_id\" :\n\t\"{V8}\"}}"), true),
            (format!(r#"{{"session_id":"{}"}}"#, V8.to_uppercase()), true),
            (
                format!(r#"{{"a":{{"session_id":"x"}},"session_id":"{V8}"}}"#),
                true,
            ),
            (format!(r#"{{"a":"session_id","session_id":"{V8}"}}"#), true),
            (
                format!(r#"{{"session_id":"{}"}}"#, V8.replace("-8", "-4")),
                false,
            ),
            (format!(r#"{{"session_id":["{V8}"]}}"#), false),
            (format!(r#"{{"session":"{V8}"}}"#), false),
            (r#"{"session_id":"0f3d5c1e-9a2b-"#.to_owned(), false),
            (r#"{"session_id":"0f3d5c1é-9a2b-8c4d"#.to_owned(), false),
            (r#"{"session_id"#.to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(names_session(&claims), expected, "{claims}");
        }
    }

    #[test]
    fn a_refusal_names_where_the_token_was() {
        assert_eq!(
            refused(COOKIE, "revoked").message,
            "__Host-chatkeep holds a token that is revoked"
        );
        assert_eq!(foreign(HEADER).code.http_status(), 401);
    }
}

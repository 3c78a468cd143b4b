//! The subject of a request's claims. A gateway has verified them, and their text may still be any JSON. serde reads it where it
//! and jsonb read the same.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The longest text in bytes. Claims are far shorter. In a text of this length every number has few enough digits for jsonb.
const MOST: usize = 16_000;

/// How the issuers of Supabase Auth end. No registered issuer ends so.
const SUPABASE_AUTH: &str = "/auth/v1";

/// The member `sub` of a JSON object that Supabase Auth has issued, or nobody. `None` means that the caller passes the text
/// to SQL, which knows the registered issuers, and which may read the text differently or refuse it. That is so for every
/// other issuer, if subject or issuer occurs twice, is no string or has an escape, and if jsonb cannot store the text.
pub fn subject(claims: &str) -> Option<&str> {
    if claims.len() > MOST {
        return None;
    }
    let mut reader = serde_json::Deserializer::from_str(claims);
    let subject = reader.deserialize_map(Claims).ok()?;
    reader.end().ok()?;
    subject
}

struct Claims;

impl<'de> Visitor<'de> for Claims {
    type Value = Option<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut claims: A) -> Result<Self::Value, A::Error> {
        let (mut subject, mut issuer) = (None, None);
        // A key or a value with an escape cannot be borrowed from the text, so serde refuses it.
        while let Some(name) = claims.next_key::<&str>()? {
            let known = match name {
                "sub" => &mut subject,
                "iss" => &mut issuer,
                _ => {
                    claims.next_value::<Storable>()?;
                    continue;
                }
            };
            if known.replace(claims.next_value::<&str>()?).is_some() {
                return Err(A::Error::custom("a claim occurs twice"));
            }
        }
        Ok(subject.filter(|_| issuer.is_none_or(|issuer| issuer.ends_with(SUPABASE_AUTH))))
    }
}

/// Any value that jsonb can store.
struct Storable;

impl<'de> Deserialize<'de> for Storable {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        value.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Storable {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("what jsonb can store")
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    /// A number that is too small for a double is read as zero, and jsonb may refuse it.
    fn visit_f64<E: Error>(self, number: f64) -> Result<Self, E> {
        if number == 0.0 {
            return Err(E::custom("zero"));
        }
        Ok(self)
    }

    /// serde refuses half of a surrogate pair itself.
    fn visit_str<E: Error>(self, text: &str) -> Result<Self, E> {
        if text.contains('\0') {
            return Err(E::custom("U+0000"));
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        while members.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_subject_is_found_and_nothing_else_is_guessed() {
        for (text, expected) in [
            (r#"{"sub":"a","role":"b"}"#, Some("a")),
            (r#" { "role" : "sub" , "sub" : "a" } "#, Some("a")),
            (r#"{"x":{"sub":"b"},"sub":"a","y":["sub","c"]}"#, Some("a")),
            (r#"{"":1,"sub":"a","x":{"":{}},"y":[]}"#, Some("a")),
            (r#"{"x":{"sub":1,"sub":2},"sub":"a"}"#, Some("a")),
            (r#"{"x":"sub","role":"b"}"#, None),
            (r#"{"sub":1}"#, None),
            (r#"{"sub":null,"a":"b"}"#, None),
            (r#"{"sub":{"sub":"a"}}"#, None),
            (r#"{"sub":["a"]}"#, None),
            (r#"{"x":{"sub":"a"}}"#, None),
            (r#"{"sub":"a","sub":"b"}"#, None),
            (r#"{"sub":"a","sub":1}"#, None),
            (r#"{"\u0073ub":"a"}"#, None),
            (r#"{"sub":"a","\u0073ub":"b"}"#, None),
            (r#"{"sub":"a\u0062"}"#, None),
            (r#"["sub","a"]"#, None),
            (r#"[{"sub":"a"}]"#, None),
            (r#""sub""#, None),
            (r#"{"sub":"a"} x"#, None),
            (r#"{"sub":"a"}{}"#, None),
            (r#"{"sub":"a",}"#, None),
            (
                r#"{"iss":"https://x.supabase.co/auth/v1","sub":"a"}"#,
                Some("a"),
            ),
            (r#"{"sub":"a","iss":"/auth/v1"}"#, Some("a")),
            (r#"{"sub":"a","x":{"iss":"clerk"}}"#, Some("a")),
            (r#"{"sub":"a","iss":"https://clerk.example.com"}"#, None),
            (r#"{"sub":"a","iss":"/auth/v1/"}"#, None),
            (r#"{"sub":"a","iss":""}"#, None),
            (r#"{"sub":"a","iss":null}"#, None),
            (r#"{"sub":"a","iss":["/auth/v1"]}"#, None),
            (r#"{"iss":"clerk","sub":"a","iss":"/auth/v1"}"#, None),
            (r#"{"sub":"a","iss":"\/auth\/v1"}"#, None),
            (r#"{"sub":"a","\u0069ss":"clerk"}"#, None),
            ("", None),
            (" ", None),
        ] {
            assert_eq!(subject(text), expected, "{text}");
        }
    }

    #[test]
    fn the_other_claims_are_what_jsonb_can_store() {
        let with =
            |value: &str| format!("{{\"sub\":\"a\",\"x\":[{value}],\"y\":{{\"z\":{value}}}}}");
        for value in [
            "true",
            "false",
            "null",
            "0",
            "-1.50",
            "1e300",
            "1764312918",
            "18446744073709551616",
            r#""\"\\\/\b\f\n\r\t""#,
            r#""\u0001\u00e9\uFFFF""#,
            r#""\ud83d\ude00""#,
            r#""\\u0000""#,
        ] {
            assert_eq!(subject(&with(value)), Some("a"), "{value}");
        }
        for value in [
            "tru",
            "NaN",
            "01",
            "1.",
            "+1",
            "1e999999",
            "1e-16384",
            "0.0",
            r#""\u0000""#,
            r#"{"\u0000":1}"#,
            r#""\ud83d""#,
            r#""\ude00""#,
            r#""\ud83d\u0041""#,
            "\"\n\"",
        ] {
            assert_eq!(subject(&with(value)), None, "{value}");
        }
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let nested = |levels: usize| {
            let (open, close) = ("[".repeat(levels), "]".repeat(levels));
            format!("{{\"x\":{open}{close},\"sub\":\"a\"}}")
        };
        assert_eq!(subject(&nested(100)), Some("a"));
        assert_eq!(subject(&nested(7_000)), None);
        assert_eq!(
            subject(&format!("{{\"sub\":\"a\",\"x\":\"{}\"}}", "x".repeat(MOST))),
            None
        );
    }

    proptest! {
        #[test]
        fn any_text_has_a_subject_or_none(text: String) {
            let _ = subject(&text);
        }
    }
}

//! Ids and session tokens, without a request.

use chatkeep_core::{sessions::session::Token, user_id, uuid};
use wasm_bindgen::prelude::*;

/// A UUID version 7 from the Unix time in milliseconds and 10 random bytes; `undefined` for another number of
/// bytes.
#[wasm_bindgen(js_name = uuidV7)]
pub fn uuid_v7(unix_ms: f64, random: &[u8]) -> Option<String> {
    // The cast saturates, and no time of a JavaScript clock is that large.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let unix_ms = unix_ms as u64;
    let random = random.try_into().ok()?;
    Some(uuid::format(&uuid::v7(unix_ms, random)))
}

/// The UUID for an id in another form, such as a nanoid: always the same one.
#[wasm_bindgen(js_name = uuidOfName)]
pub fn uuid_of_name(name: &str) -> String {
    uuid::format(&uuid::of_name(name))
}

/// The id of the user whom a registered issuer calls `subject`; `undefined` if `check_user_id` refuses the two.
#[wasm_bindgen(js_name = userIdOf)]
pub fn user_id_of(issuer: &str, subject: &str) -> Option<String> {
    let id = user_id::user_id(issuer, subject).ok()?;
    Some(uuid::format(&id))
}

/// Whether `text` is a UUID in its usual form.
#[wasm_bindgen(js_name = isUuid)]
pub fn is_uuid(text: &str) -> bool {
    uuid::parse(text).is_some()
}

/// Whether `text` has the form of a session token: prefix, length, alphabet and check sum.
#[wasm_bindgen(js_name = isToken)]
pub fn is_token(text: &str) -> bool {
    Token::parse(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_needs_ten_random_bytes() {
        let random = [0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f];
        // RFC 9562 appendix A.6.
        assert_eq!(
            uuid_v7(1_645_557_742_000.0, &random).as_deref(),
            Some("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
        );
        assert_eq!(uuid_v7(0.0, &random[1..]), None);
        for odd in [f64::NAN, -1.0, f64::INFINITY] {
            assert!(
                uuid_v7(odd, &random).is_some_and(|id| is_uuid(&id)),
                "{odd}"
            );
        }
    }

    #[test]
    fn text_with_one_wrong_character_is_not_a_token() {
        let token = Token::new([1; 24], [2; 24]).expose();
        assert!(is_token(&token));
        assert!(!is_token(&token.replacen('A', "B", 1)));
        assert!(!is_token(""));
    }
}

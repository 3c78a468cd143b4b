//! Ids of users whom a registered issuer signs in.

use crate::refusal::Refusal;
use crate::{digest, text, uuid};

/// The longest issuer and the longest subject, in characters.
const MOST: usize = 500;

/// The id of the user whom `issuer` calls `subject`: a UUID of version 8 from SHA-256 over both, with a line feed between
/// them. No issuer has a control character, so two different pairs are two different texts.
pub fn user_id(issuer: &str, subject: &str) -> Result<[u8; 16], Refusal> {
    text::at_most_chars("issuer", issuer, MOST)?;
    text::at_most_chars("subject", subject, MOST)?;
    if issuer.is_empty() || issuer.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(Refusal::invalid(
            "issuer",
            "must not be empty, and must not have control characters",
            "Pass the claim iss of the issuer's tokens.",
        ));
    }
    if subject.is_empty() {
        return Err(Refusal::invalid(
            "subject",
            "must not be empty",
            "Pass the claim sub of the person's tokens.",
        ));
    }
    let mut hasher = digest::Hasher::new();
    for part in [issuer, "\n", subject] {
        hasher.update(part.as_bytes());
    }
    Ok(uuid::v8(&hasher.finish()))
}

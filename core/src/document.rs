//! What a document may be made of.

use crate::{Refusal, json, limits, text};

/// Who may read a document.
pub const VISIBILITIES: [&str; 2] = ["private", "tenant"];

/// The keys of one item of `register_documents`: the arguments of `register_document`.
pub const ITEM_KEYS: [&str; 8] = [
    "source_uri",
    "checksum",
    "title",
    "mime_type",
    "byte_size",
    "tags",
    "visibility",
    "properties",
];

/// The remedy for an item with a key that is none of [`ITEM_KEYS`].
pub const ITEM_KEYS_HINT: &str = "The keys are source_uri, checksum, title, mime_type, byte_size, tags, visibility and properties.";

/// The arguments of `register_document` that a rule applies to. JSON comes as text.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewDocument<'a> {
    /// Where the bytes came from: see [`source_uri`].
    pub source_uri: Option<&'a str>,
    /// The SHA-256 of the bytes: see [`checksum`].
    pub checksum: Option<&'a str>,
    /// At most [`limits::TITLE_CHARS`] characters.
    pub title: Option<&'a str>,
    /// At most [`limits::MIME_TYPE_CHARS`] characters.
    pub mime_type: Option<&'a str>,
    /// Zero or more.
    pub byte_size: Option<i64>,
    /// A flat JSON object: see [`json::tags`].
    pub tags: Option<&'a str>,
    /// One of [`VISIBILITIES`].
    pub visibility: Option<&'a str>,
    /// A JSON object.
    pub properties: Option<&'a str>,
}

impl NewDocument<'_> {
    /// Checks every argument, in the order of the signature, and returns the checksum as it is stored.
    pub fn check(&self) -> Result<String, Refusal> {
        source_uri(
            self.source_uri
                .ok_or_else(|| Refusal::missing("source_uri"))?,
        )?;
        let checksum = checksum(self.checksum.ok_or_else(|| Refusal::missing("checksum"))?)?;
        if let Some(title) = self.title {
            text::at_most_chars("title", title, limits::TITLE_CHARS)?;
        }
        if let Some(mime_type) = self.mime_type {
            text::at_most_chars("mime_type", mime_type, limits::MIME_TYPE_CHARS)?;
        }
        if self.byte_size.is_some_and(|size| size < 0) {
            return Err(Refusal::invalid(
                "byte_size",
                "must not be negative",
                "Pass the number of bytes, or leave it out.",
            ));
        }
        json::tags("tags", self.tags.ok_or_else(|| Refusal::missing("tags"))?)?;
        visibility(self.visibility)?;
        json::object(
            "properties",
            self.properties
                .ok_or_else(|| Refusal::missing("properties"))?,
        )?;
        Ok(checksum)
    }
}

/// A SHA-256 in hexadecimal; upper case is taken and stored in lower case.
pub fn checksum(text: &str) -> Result<String, Refusal> {
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Refusal::invalid(
        "checksum",
        "must be 64 hexadecimal characters",
        "Pass the SHA-256 of the bytes, as document_checksum gives it.",
    ))
}

/// Where a document came from: a URI or a path, free of control characters and of credentials.
pub fn source_uri(uri: &str) -> Result<(), Refusal> {
    if uri.is_empty() {
        return Err(Refusal::invalid(
            "source_uri",
            "must not be empty",
            "Pass the URI or path the bytes came from.",
        ));
    }
    text::at_most_chars("source_uri", uri, limits::SOURCE_URI_CHARS)?;
    if uri.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(Refusal::invalid(
            "source_uri",
            "contains a control character",
            "Percent-encode it (RFC 3986 section 2.1).",
        ));
    }
    if has_user_info(uri) || has_signature(uri) {
        // The value is not repeated: it holds the secret.
        return Err(Refusal::invalid(
            "source_uri",
            "carries credentials",
            "Remove user, password, token and signature; a stored URI is readable.",
        ));
    }
    Ok(())
}

/// `scheme://user@host` (RFC 3986 section 3.2.1).
fn has_user_info(uri: &str) -> bool {
    uri.split_once("://").is_some_and(|(_, rest)| {
        rest.split(['/', '?', '#'])
            .next()
            .is_some_and(|authority| authority.contains('@'))
    })
}

/// Query parameters that make a URL usable by whoever reads it: signatures of the object stores, and tokens.
const SECRET_PARAMETERS: [&str; 9] = [
    "x-amz-signature",
    "x-amz-security-token",
    "x-goog-signature",
    "signature",
    "sig",
    "token",
    "access_token",
    "api_key",
    "apikey",
];

fn has_signature(uri: &str) -> bool {
    let before_fragment = uri.split('#').next().unwrap_or(uri);
    before_fragment.split_once('?').is_some_and(|(_, query)| {
        query.split('&').any(|pair| {
            let name = pair.split('=').next().unwrap_or(pair);
            SECRET_PARAMETERS
                .iter()
                .any(|secret| name.eq_ignore_ascii_case(secret))
        })
    })
}

fn visibility(visibility: Option<&str>) -> Result<(), Refusal> {
    match visibility {
        None => Err(Refusal::missing("visibility")),
        Some(value) if VISIBILITIES.contains(&value) => Ok(()),
        Some(_) => Err(Refusal::invalid(
            "visibility",
            "must be private or tenant",
            "Pass one of the two, or leave it out for private.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SUM: &str = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";

    #[test]
    fn a_checksum_is_stored_in_lower_case() {
        assert_eq!(checksum(SUM), Ok(SUM.to_lowercase()));
        for bad in [
            "",
            "abc",
            &SUM[1..],
            &format!("{SUM}0"),
            &SUM.replace('B', "g"),
            " ",
        ] {
            assert_eq!(
                checksum(bad).unwrap_err().message,
                "checksum must be 64 hexadecimal characters"
            );
        }
    }

    #[test]
    fn a_source_uri_that_carries_a_secret_is_refused_and_not_repeated() {
        for uri in [
            "https://user:hunter2@example.com/a",
            "https://hunter2@example.com",
            "s3://b/k?X-Amz-Signature=hunter2",
            "https://example.com/?a=1&TOKEN=hunter2#x",
            "https://account.blob.core.windows.net/c/f?sv=1&sig=hunter2",
        ] {
            let refusal = source_uri(uri).unwrap_err();
            assert_eq!(refusal.message, "source_uri carries credentials", "{uri}");
            assert!(!format!("{refusal:?}").contains("hunter2"));
        }
    }

    #[test]
    fn ordinary_sources_pass() {
        for uri in [
            "https://example.com/a?page=2#token=x",
            "file:///srv/docs/a%20b.html",
            "notes/2026/plan.md",
            "mailto:someone@example.com",
            "https://example.com/@someone?tokens=3",
        ] {
            assert_eq!(source_uri(uri), Ok(()), "{uri}");
        }
    }

    #[test]
    fn each_bad_argument_is_named() {
        let good = NewDocument {
            source_uri: Some("a"),
            checksum: Some(SUM),
            tags: Some("{}"),
            visibility: Some("private"),
            properties: Some("{}"),
            ..NewDocument::default()
        };
        assert_eq!(good.check(), Ok(SUM.to_lowercase()));
        for (document, message) in [
            (
                NewDocument {
                    source_uri: None,
                    ..good
                },
                "source_uri is missing",
            ),
            (
                NewDocument {
                    source_uri: Some(""),
                    ..good
                },
                "source_uri must not be empty",
            ),
            (
                NewDocument {
                    source_uri: Some("a\nb"),
                    ..good
                },
                "source_uri contains a control character",
            ),
            (
                NewDocument {
                    checksum: None,
                    ..good
                },
                "checksum is missing",
            ),
            (
                NewDocument {
                    byte_size: Some(-1),
                    ..good
                },
                "byte_size must not be negative",
            ),
            (
                NewDocument {
                    tags: Some("[]"),
                    ..good
                },
                "tags must be a JSON object",
            ),
            (
                NewDocument {
                    visibility: Some("public"),
                    ..good
                },
                "visibility must be private or tenant",
            ),
            (
                NewDocument {
                    properties: None,
                    ..good
                },
                "properties is missing",
            ),
        ] {
            assert_eq!(document.check().unwrap_err().message, message);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_judged_without_panic(text: String) {
            let _ = source_uri(&text);
            let _ = checksum(&text);
        }
    }
}

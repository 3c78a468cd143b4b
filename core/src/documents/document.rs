//! The rules for the arguments of `register_document`.

use serde::Deserialize;
use std::borrow::Cow;

use crate::documents::source_uri;
use crate::{Refusal, batch, json, limits, text};

/// The visibilities of a document: its owner reads it, or all members of the tenant.
pub const VISIBILITIES: [&str; 2] = ["private", "tenant"];

/// The hint for an item with a key that is no field of [`NewDocument`].
pub const ITEM_KEYS_HINT: &str = "The keys are source_uri, checksum, title, mime_type, byte_size, tags, visibility and properties.";

/// The arguments of `register_document`, which are the keys of an item of `register_documents`. JSON is passed as text.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct NewDocument<'a> {
    /// Where the bytes came from: see [`source_uri::checked`].
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
    #[serde(default, deserialize_with = "batch::json")]
    pub tags: Option<&'a str>,
    /// One of [`VISIBILITIES`].
    pub visibility: Option<&'a str>,
    /// A JSON object.
    #[serde(default, deserialize_with = "batch::json")]
    pub properties: Option<&'a str>,
}

/// The arguments that are stored in a normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NormalizedDocument<'a> {
    /// The source, normalised.
    pub source_uri: Cow<'a, str>,
    /// The checksum in lower case.
    pub checksum: String,
}

impl<'a> NewDocument<'a> {
    /// An item of a batch with the defaults of what it leaves out.
    #[must_use]
    pub fn or_defaults(self) -> Self {
        Self {
            tags: self.tags.or(Some("{}")),
            visibility: self.visibility.or(Some("private")),
            properties: self.properties.or(Some("{}")),
            ..self
        }
    }

    /// Checks the arguments in the order of the signature and returns the normal forms, or the first refusal: 22004 if an
    /// argument is missing, else 22023.
    pub fn check(&self) -> Result<NormalizedDocument<'a>, Refusal> {
        let source_uri = source_uri::checked(
            self.source_uri
                .ok_or_else(|| Refusal::missing("source_uri"))?,
        )?;
        let checksum = checksum(self.checksum.ok_or_else(|| Refusal::missing("checksum"))?)?;
        if let Some(title) = self.title {
            text::at_most_chars("title", title, limits::TITLE_CHARS)?;
        }
        kind_and_size(self.mime_type, self.byte_size)?;
        json::tags("tags", self.tags.ok_or_else(|| Refusal::missing("tags"))?)?;
        visibility(self.visibility)?;
        json::object(
            "properties",
            self.properties
                .ok_or_else(|| Refusal::missing("properties"))?,
        )?;
        Ok(NormalizedDocument {
            source_uri,
            checksum,
        })
    }
}

/// Checks MIME type and size of a file: at most [`limits::MIME_TYPE_CHARS`] characters, zero or more bytes (22023).
pub fn kind_and_size(mime_type: Option<&str>, byte_size: Option<i64>) -> Result<(), Refusal> {
    if let Some(mime_type) = mime_type {
        text::at_most_chars("mime_type", mime_type, limits::MIME_TYPE_CHARS)?;
    }
    if byte_size.is_some_and(|size| size < 0) {
        return Err(Refusal::invalid(
            "byte_size",
            "must not be negative",
            "Pass the number of bytes, or leave it out.",
        ));
    }
    Ok(())
}

/// Checks a SHA-256 in hexadecimal of either case and returns it in lower case, as it is stored. Any other text is refused
/// (22023).
pub fn checksum(text: &str) -> Result<String, Refusal> {
    // The fold has no early exit, so the compiler can check many bytes with one instruction.
    let is_hex = |hex: bool, byte: u8| hex & byte.is_ascii_hexdigit();
    if text.len() == 64 && text.bytes().fold(true, is_hex) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Refusal::invalid(
        "checksum",
        "must be 64 hexadecimal characters",
        "Pass the SHA-256 of the bytes, as document_checksum gives it.",
    ))
}

fn visibility(visibility: Option<&str>) -> Result<(), Refusal> {
    text::one_of(
        "visibility",
        visibility,
        &VISIBILITIES,
        "must be private or tenant",
        "Pass one of the two, or leave it out for private.",
    )
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
    fn each_bad_argument_is_named() {
        let good = NewDocument {
            source_uri: Some("a"),
            checksum: Some(SUM),
            tags: Some("{}"),
            visibility: Some("private"),
            properties: Some("{}"),
            ..NewDocument::default()
        };
        assert_eq!(
            NewDocument {
                source_uri: Some("HTTP://Example.com"),
                ..good
            }
            .check(),
            Ok(NormalizedDocument {
                source_uri: "http://example.com/".into(),
                checksum: SUM.to_lowercase()
            })
        );
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
            let _ = checksum(&text);
        }
    }
}

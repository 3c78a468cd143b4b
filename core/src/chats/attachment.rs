//! The rules for the arguments of `attach`.

use crate::documents::{document, source_uri};
use crate::{Refusal, limits, text};

/// The arguments of `attach` that a rule applies to.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewAttachment<'a> {
    /// Whether the call names a document. Without one, `storage_path` is required.
    pub has_document: bool,
    /// The name of the file: 1 to [`limits::TITLE_CHARS`] characters.
    pub name: Option<&'a str>,
    /// At most [`limits::MIME_TYPE_CHARS`] characters.
    pub mime_type: Option<&'a str>,
    /// Zero or more.
    pub byte_size: Option<i64>,
    /// The path of the stored object: no credentials, no control characters, at most [`limits::SOURCE_URI_CHARS`]
    /// characters.
    pub storage_path: Option<&'a str>,
}

impl NewAttachment<'_> {
    /// Checks the arguments in the order of the signature and returns the first refusal (22023).
    pub fn check(&self) -> Result<(), Refusal> {
        if !self.has_document && self.storage_path.is_none() {
            return Err(Refusal::invalid(
                "document_id",
                "or storage_path is missing",
                "Pass one of the two, or both.",
            ));
        }
        if let Some(name) = self.name {
            if name.is_empty() {
                return Err(Refusal::invalid(
                    "name",
                    "must not be empty",
                    "Pass the name of the file, or leave it out.",
                ));
            }
            text::at_most_chars("name", name, limits::TITLE_CHARS)?;
        }
        document::kind_and_size(self.mime_type, self.byte_size)?;
        self.storage_path.map_or(Ok(()), storage_path)
    }
}

fn storage_path(path: &str) -> Result<(), Refusal> {
    let refuse = |rule, hint| Err(Refusal::invalid("storage_path", rule, hint));
    if path.is_empty() {
        return refuse(
            "must not be empty",
            "Pass where the object lies, or leave it out.",
        );
    }
    text::at_most_chars("storage_path", path, limits::SOURCE_URI_CHARS)?;
    if path.bytes().any(|byte| byte.is_ascii_control()) {
        return refuse(
            "contains a control character",
            "Percent-encode it (RFC 3986 section 2.1).",
        );
    }
    // A source is stored without its fragment, but a path is stored whole. So this checks the fragment too.
    let fragment = path.split('#').nth(1).unwrap_or_default();
    if source_uri::carries_credentials(path)
        || source_uri::carries_credentials(&format!("?{fragment}"))
    {
        return refuse(
            "carries credentials",
            "Pass the path in the bucket, and sign a URL when it is needed.",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: NewAttachment<'_> = NewAttachment {
        has_document: false,
        name: Some("a.pdf"),
        mime_type: None,
        byte_size: Some(0),
        storage_path: Some("bucket/a b.pdf"),
    };

    #[test]
    fn a_document_or_a_path_is_enough() {
        assert_eq!(GOOD.check(), Ok(()));
        let document = NewAttachment {
            has_document: true,
            ..NewAttachment::default()
        };
        assert_eq!(document.check(), Ok(()));
    }

    #[test]
    fn each_bad_argument_is_named() {
        let long = "x".repeat(2_049);
        for (attachment, message) in [
            (
                NewAttachment {
                    storage_path: None,
                    ..GOOD
                },
                "document_id or storage_path is missing",
            ),
            (
                NewAttachment {
                    name: Some(""),
                    ..GOOD
                },
                "name must not be empty",
            ),
            (
                NewAttachment {
                    byte_size: Some(-1),
                    ..GOOD
                },
                "byte_size must not be negative",
            ),
            (
                NewAttachment {
                    storage_path: Some(""),
                    ..GOOD
                },
                "storage_path must not be empty",
            ),
            (
                NewAttachment {
                    storage_path: Some(&long),
                    ..GOOD
                },
                "storage_path is longer than 2048 characters",
            ),
            (
                NewAttachment {
                    storage_path: Some("a\nb"),
                    ..GOOD
                },
                "storage_path contains a control character",
            ),
            (
                NewAttachment {
                    storage_path: Some("https://x/a?token=abc"),
                    ..GOOD
                },
                "storage_path carries credentials",
            ),
            (
                NewAttachment {
                    storage_path: Some("https://x/a#access_token=abc"),
                    ..GOOD
                },
                "storage_path carries credentials",
            ),
        ] {
            assert_eq!(attachment.check().unwrap_err().message, message);
        }
    }
}

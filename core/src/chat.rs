//! What a chat may be made of.

use crate::{Refusal, json, limits, text};

/// The arguments of `create_chat` that a rule applies to. JSON comes as text.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewChat<'a> {
    /// At most [`limits::TITLE_CHARS`] characters.
    pub title: Option<&'a str>,
    /// A JSON object.
    pub metadata: Option<&'a str>,
}

impl NewChat<'_> {
    /// Checks every argument, in the order of the signature.
    pub fn check(&self) -> Result<(), Refusal> {
        if let Some(title) = self.title {
            text::at_most_chars("title", title, limits::TITLE_CHARS)?;
        }
        json::object(
            "metadata",
            self.metadata.ok_or_else(|| Refusal::missing("metadata"))?,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_needs_nothing_but_metadata_that_is_an_object() {
        assert!(
            NewChat {
                title: None,
                metadata: Some("{}")
            }
            .check()
            .is_ok()
        );
        for (metadata, message) in [
            (None, "metadata is missing"),
            (Some("[]"), "metadata must be a JSON object"),
        ] {
            let refusal = NewChat {
                title: None,
                metadata,
            }
            .check()
            .unwrap_err();
            assert_eq!(refusal.message, message);
        }
    }
}

//! What a chat may be made of.

use crate::{Refusal, json, limits, text};

/// The text search configurations that every supported `PostgreSQL` brings.
pub const LANGUAGES: [&str; 29] = [
    "simple",
    "arabic",
    "armenian",
    "basque",
    "catalan",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hindi",
    "hungarian",
    "indonesian",
    "irish",
    "italian",
    "lithuanian",
    "nepali",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "serbian",
    "spanish",
    "swedish",
    "tamil",
    "turkish",
    "yiddish",
];

/// The arguments of `create_chat` that a rule applies to. JSON comes as text.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewChat<'a> {
    /// At most [`limits::TITLE_CHARS`] characters.
    pub title: Option<&'a str>,
    /// A JSON object.
    pub metadata: Option<&'a str>,
    /// One of [`LANGUAGES`].
    pub language: Option<&'a str>,
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
        )?;
        text::one_of(
            "language",
            self.language,
            &LANGUAGES,
            "names no text search configuration",
            "Pass simple, english, german or another one that PostgreSQL brings.",
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
                metadata: Some("{}"),
                language: Some("simple"),
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
                language: Some("simple"),
            }
            .check()
            .unwrap_err();
            assert_eq!(refusal.message, message);
        }
    }
}

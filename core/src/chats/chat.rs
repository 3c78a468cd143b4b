//! The rules for the arguments of `create_chat`.

use crate::{Refusal, json, limits, text};

/// The text search configurations that every supported `PostgreSQL` has.
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

/// The arguments of `create_chat` that a rule applies to. JSON is passed as text.
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
    /// Checks the arguments in the order of the signature and returns the first refusal: 22004 if one is missing, else 22023.
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
    fn metadata_is_an_object_and_a_title_is_optional() {
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

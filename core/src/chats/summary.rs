//! Summaries of chats: the arguments of `summarise_chat`, and where a page of messages begins.

use crate::chats::message;
use crate::{Refusal, json, limits, text};

/// The arguments of `summarise_chat` that a rule applies to. JSON is passed as text.
#[derive(Clone, Copy, Debug)]
pub struct NewSummary<'a> {
    /// At most [`limits::CONTENT_BYTES`] bytes, not empty.
    pub content: Option<&'a str>,
    /// A JSON object.
    pub metadata: Option<&'a str>,
    /// At most [`limits::MODEL_CHARS`] characters.
    pub model: Option<&'a str>,
    /// Zero or more.
    pub token_count: Option<i32>,
}

impl NewSummary<'_> {
    /// Checks the arguments in the order of the signature and returns the first refusal: 22004 if one is missing, else 22023.
    pub fn check(&self) -> Result<(), Refusal> {
        let content = self.content.ok_or_else(|| Refusal::missing("content"))?;
        if content.is_empty() {
            return Err(Refusal::invalid(
                "content",
                "must not be empty",
                "Pass what a model is to read in place of the messages.",
            ));
        }
        message::content(content)?;
        json::object(
            "metadata",
            self.metadata.ok_or_else(|| Refusal::missing("metadata"))?,
        )?;
        if let Some(model) = self.model {
            text::at_most_chars("model", model, limits::MODEL_CHARS)?;
        }
        message::token_count(self.token_count)
    }
}

/// Checks `from_summary` of `list_messages`: present (22004), and not true for a page that goes back (22023).
pub fn from_summary(from_summary: Option<bool>, has_before: bool) -> Result<bool, Refusal> {
    match from_summary {
        None => Err(Refusal::missing("from_summary")),
        Some(true) if has_before => Err(Refusal::invalid(
            "from_summary",
            "cannot be true with before",
            "The page begins at the newest summary and goes forward: page on with after.",
        )),
        Some(from_summary) => Ok(from_summary),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: NewSummary<'_> = NewSummary {
        content: Some("x"),
        metadata: Some("{}"),
        model: None,
        token_count: None,
    };

    #[test]
    fn each_bad_argument_is_named() {
        let long = "x".repeat(limits::CONTENT_BYTES + 1);
        let changed = |change: fn(&mut NewSummary)| {
            let mut summary = GOOD;
            change(&mut summary);
            summary.check().map_err(|refusal| refusal.message)
        };
        let refused = |message: &str| Err(message.to_owned());
        assert_eq!(changed(|_| ()), Ok(()));
        for (change, message) in [
            (
                (|summary| summary.content = None) as fn(&mut NewSummary),
                "content is missing",
            ),
            (
                |summary| summary.content = Some(""),
                "content must not be empty",
            ),
            (
                |summary| summary.content = Some("\0"),
                "content contains a NUL character",
            ),
            (|summary| summary.metadata = None, "metadata is missing"),
            (
                |summary| summary.metadata = Some("[]"),
                "metadata must be a JSON object",
            ),
            (
                |summary| summary.token_count = Some(-1),
                "token_count must not be negative",
            ),
        ] {
            assert_eq!(changed(change), refused(message));
        }
        let content = Some(long.as_str());
        let message = NewSummary { content, ..GOOD }.check().unwrap_err().message;
        assert_eq!(message, "content is longer than 1048576 bytes");
    }

    #[test]
    fn a_page_from_a_summary_goes_forward() {
        let message = |of: Result<bool, Refusal>| of.map_err(|refusal| refusal.message);
        assert_eq!(message(from_summary(Some(true), false)), Ok(true));
        assert_eq!(message(from_summary(Some(false), true)), Ok(false));
        assert_eq!(
            message(from_summary(Some(true), true)),
            Err("from_summary cannot be true with before".to_owned())
        );
        assert_eq!(
            message(from_summary(None, true)),
            Err("from_summary is missing".to_owned())
        );
    }
}

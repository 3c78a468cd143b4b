//! The rules for messages: the arguments of `append_message` and `finish_message`, of a search and of a page.

use serde::Deserialize;

use crate::chats::usage::usage;
use crate::{Refusal, batch, json, limits, text};

/// The roles of a message. The APIs of language models share this set.
pub const ROLES: [&str; 5] = ["system", "developer", "user", "assistant", "tool"];

/// The role of a result of a tool.
pub const RESULT: &str = "tool";

/// The states of a message: whole, still being streamed, given up, or ended early by the user.
pub const STATUSES: [&str; 4] = ["complete", "streaming", "failed", "stopped"];

const STATUS_RULE: &str = "must be complete, streaming, failed or stopped";

/// The arguments of `append_message` without the chat, which are the keys of an item of `append_messages`. JSON is passed as text.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct NewMessage<'a> {
    /// One of [`ROLES`].
    pub role: Option<&'a str>,
    /// At most [`limits::CONTENT_BYTES`] bytes; may be empty.
    pub content: Option<&'a str>,
    /// The client's id for the message.
    #[serde(default, deserialize_with = "batch::uuid")]
    pub message_id: Option<[u8; 16]>,
    /// A JSON array.
    #[serde(default, deserialize_with = "batch::json")]
    pub parts: Option<&'a str>,
    /// A JSON object.
    #[serde(default, deserialize_with = "batch::json")]
    pub metadata: Option<&'a str>,
    /// The message that it follows: the last one, if nothing is given.
    #[serde(default, deserialize_with = "batch::uuid")]
    pub parent_id: Option<[u8; 16]>,
    /// One of [`STATUSES`].
    pub status: Option<&'a str>,
    /// At most [`limits::MODEL_CHARS`] characters.
    pub model: Option<&'a str>,
    /// Zero or more.
    pub token_count: Option<i32>,
    /// The message that it answers, where that is another than the one before it.
    #[serde(default, deserialize_with = "batch::uuid")]
    pub reply_to: Option<[u8; 16]>,
    /// A JSON object of what it took.
    #[serde(default, deserialize_with = "batch::json")]
    pub usage: Option<&'a str>,
}

impl NewMessage<'_> {
    /// An item of a batch with the defaults of what it leaves out.
    #[must_use]
    pub fn or_defaults(self) -> Self {
        Self {
            metadata: self.metadata.or(Some("{}")),
            status: self.status.or(Some("complete")),
            ..self
        }
    }

    /// Checks the arguments in the order of the signature and returns the first refusal: 22004 if one is missing, else 22023.
    pub fn check(&self) -> Result<(), Refusal> {
        role(self.role)?;
        content(self.content.ok_or_else(|| Refusal::missing("content"))?)?;
        if let Some(parts) = self.parts {
            json::array("parts", parts)?;
        }
        json::object(
            "metadata",
            self.metadata.ok_or_else(|| Refusal::missing("metadata"))?,
        )?;
        status(self.status)?;
        if let Some(model) = self.model {
            text::at_most_chars("model", model, limits::MODEL_CHARS)?;
        }
        token_count(self.token_count)?;
        self.usage.map_or(Ok(()), usage)
    }
}

fn role(role: Option<&str>) -> Result<(), Refusal> {
    text::one_of(
        "role",
        role,
        &ROLES,
        "must be system, developer, user, assistant or tool",
        "Pass one of the five, in lower case.",
    )
}

pub(super) fn content(content: &str) -> Result<(), Refusal> {
    if content.len() > limits::CONTENT_BYTES {
        return Err(Refusal::invalid(
            "content",
            "is longer than 1048576 bytes",
            "Split it, or store it as a document and attach that.",
        ));
    }
    text::no_nul("content", content)
}

fn status(status: Option<&str>) -> Result<(), Refusal> {
    text::one_of(
        "status",
        status,
        &STATUSES,
        STATUS_RULE,
        "Pass one of the four, or leave it out for complete.",
    )
}

/// The hint for an item with a key that is no field of [`NewMessage`].
pub const ITEM_KEYS_HINT: &str = "The keys are role, content, message_id, parts, metadata, parent_id, status, model, token_count, reply_to and usage.";

/// The arguments of `finish_message` that a rule applies to, with the limits of [`NewMessage`]. JSON is passed as text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Finish<'a> {
    /// `None` keeps the stored content.
    pub content: Option<&'a str>,
    /// `None` keeps the stored parts.
    pub parts: Option<&'a str>,
    /// One of [`STATUSES`].
    pub status: Option<&'a str>,
    /// `None` keeps the stored metadata.
    pub metadata: Option<&'a str>,
    /// `None` keeps the stored count.
    pub token_count: Option<i32>,
    /// `None` keeps the stored usage.
    pub usage: Option<&'a str>,
}

impl Finish<'_> {
    /// Checks the arguments in the order of the signature and returns the first refusal: 22004 if one is missing, else 22023.
    pub fn check(&self) -> Result<(), Refusal> {
        if let Some(text) = self.content {
            content(text)?;
        }
        if let Some(parts) = self.parts {
            json::array("parts", parts)?;
        }
        text::one_of(
            "status",
            self.status,
            &STATUSES,
            STATUS_RULE,
            "Pass one of the four. streaming keeps what there is so far.",
        )?;
        if let Some(metadata) = self.metadata {
            json::object("metadata", metadata)?;
        }
        token_count(self.token_count)?;
        self.usage.map_or(Ok(()), usage)
    }
}

pub(super) fn token_count(count: Option<i32>) -> Result<(), Refusal> {
    match count {
        Some(count) if count < 0 => Err(Refusal::invalid(
            "token_count",
            "must not be negative",
            "Pass the number of tokens, or leave it out.",
        )),
        _ => Ok(()),
    }
}

/// Checks the query of a search: present (22004) and at most [`limits::QUERY_CHARS`] characters (22023).
pub fn query(query: Option<&str>) -> Result<(), Refusal> {
    let query = query.ok_or_else(|| Refusal::missing("query"))?;
    text::at_most_chars("query", query, limits::QUERY_CHARS)
}

/// Checks the reason of a redaction: at most [`limits::REASON_CHARS`] characters (22023).
pub fn reason(reason: Option<&str>) -> Result<(), Refusal> {
    reason.map_or(Ok(()), |reason| {
        text::at_most_chars("reason", reason, limits::REASON_CHARS)
    })
}

/// Checks the size of a page: present (22004) and 1 to [`limits::PAGE_ROWS`] rows (22023).
pub fn page_size(rows: Option<i32>) -> Result<i32, Refusal> {
    match rows {
        None => Err(Refusal::missing("page_size")),
        Some(rows) if (1..=limits::PAGE_ROWS).contains(&rows) => Ok(rows),
        Some(_) => Err(Refusal::invalid(
            "page_size",
            "must be between 1 and 200",
            "Ask for fewer rows and page on with before or after.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: NewMessage<'_> = NewMessage {
        role: Some("user"),
        content: Some(""),
        message_id: None,
        parts: None,
        metadata: Some("{}"),
        parent_id: None,
        status: Some("complete"),
        model: None,
        token_count: None,
        reply_to: None,
        usage: None,
    };

    #[test]
    fn empty_content_is_a_message() {
        assert_eq!(GOOD.check(), Ok(()));
    }

    #[test]
    fn each_bad_argument_is_named() {
        let long = "x".repeat(limits::CONTENT_BYTES + 1);
        let cases = [
            (NewMessage { role: None, ..GOOD }, "role is missing"),
            (
                NewMessage {
                    role: Some("User"),
                    ..GOOD
                },
                "role must be system, developer, user, assistant or tool",
            ),
            (
                NewMessage {
                    content: None,
                    ..GOOD
                },
                "content is missing",
            ),
            (
                NewMessage {
                    content: Some(&long),
                    ..GOOD
                },
                "content is longer than 1048576 bytes",
            ),
            (
                NewMessage {
                    content: Some("\0"),
                    ..GOOD
                },
                "content contains a NUL character",
            ),
            (
                NewMessage {
                    parts: Some("{}"),
                    ..GOOD
                },
                "parts must be a JSON array",
            ),
            (
                NewMessage {
                    metadata: Some("1"),
                    ..GOOD
                },
                "metadata must be a JSON object",
            ),
            (
                NewMessage {
                    metadata: None,
                    ..GOOD
                },
                "metadata is missing",
            ),
            (
                NewMessage {
                    status: Some("done"),
                    ..GOOD
                },
                "status must be complete, streaming, failed or stopped",
            ),
            (
                NewMessage {
                    token_count: Some(-1),
                    ..GOOD
                },
                "token_count must not be negative",
            ),
        ];
        for (message, expected) in cases {
            assert_eq!(message.check().unwrap_err().message, expected);
        }
    }

    #[test]
    fn content_of_exactly_the_limit_is_accepted() {
        let content = "x".repeat(limits::CONTENT_BYTES);
        assert!(
            NewMessage {
                content: Some(&content),
                ..GOOD
            }
            .check()
            .is_ok()
        );
    }

    #[test]
    fn a_page_holds_1_to_200_rows() {
        for (rows, good) in [
            (0, false),
            (1, true),
            (200, true),
            (201, false),
            (-5, false),
        ] {
            assert_eq!(page_size(Some(rows)).is_ok(), good, "{rows}");
        }
        assert_eq!(page_size(None).unwrap_err().message, "page_size is missing");
    }
}

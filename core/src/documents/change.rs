//! The rules for changes of a document: `set_document_status` and `tag_document`.

use crate::{Refusal, json, limits, text};

/// The states of a document's ingest.
pub const STATUSES: [&str; 5] = ["pending", "processing", "ready", "failed", "archived"];

/// The arguments of `set_document_status` that a rule applies to. The trigger `guard_document` checks which status may
/// follow the stored one.
#[derive(Clone, Copy, Debug, Default)]
pub struct StatusChange<'a> {
    /// One of [`STATUSES`].
    pub status: Option<&'a str>,
    /// The reason of a failure: at most [`limits::ERROR_CHARS`] characters, and only with `failed`. Empty text counts as
    /// no reason.
    pub error: Option<&'a str>,
}

impl StatusChange<'_> {
    /// Checks the arguments in the order of the signature and returns the first refusal: 22004 if one is missing, else 22023.
    pub fn check(&self) -> Result<(), Refusal> {
        text::one_of(
            "status",
            self.status,
            &STATUSES,
            "must be pending, processing, ready, failed or archived",
            "Pass one of the five, in lower case.",
        )?;
        let Some(error) = self.error.filter(|error| !error.is_empty()) else {
            return Ok(());
        };
        text::at_most_chars("error", error, limits::ERROR_CHARS)?;
        if self.status == Some("failed") {
            return Ok(());
        }
        Err(Refusal::invalid(
            "error",
            "can be given with failed only",
            "Leave it out, or pass failed.",
        ))
    }
}

/// The arguments of `tag_document` that a rule applies to. JSON is passed as text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tagging<'a> {
    /// A flat JSON object: see [`json::tags`].
    pub tags: Option<&'a str>,
    /// 1 to [`limits::NAMESPACE_CHARS`] characters.
    pub namespace: Option<&'a str>,
}

impl Tagging<'_> {
    /// Checks the arguments in the order of the signature and returns the first refusal: 22004 if one is missing, else 22023.
    pub fn check(&self) -> Result<(), Refusal> {
        json::tags("tags", self.tags.ok_or_else(|| Refusal::missing("tags"))?)?;
        match self.namespace {
            None => Err(Refusal::missing("namespace")),
            Some("") => Err(Refusal::invalid(
                "namespace",
                "must not be empty",
                "Pass a name, or leave it out for default.",
            )),
            Some(namespace) => text::at_most_chars("namespace", namespace, limits::NAMESPACE_CHARS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_one_of_five_and_only_a_failure_has_a_reason() {
        for (status, error, message) in [
            (Some("ready"), None, ""),
            (Some("failed"), Some("no text layer"), ""),
            (Some("ready"), Some(""), ""),
            (None, None, "status is missing"),
            (
                Some("done"),
                None,
                "status must be pending, processing, ready, failed or archived",
            ),
            (
                Some("ready"),
                Some("x"),
                "error can be given with failed only",
            ),
        ] {
            let refusal = StatusChange { status, error }.check().err();
            assert_eq!(
                refusal.map_or(String::new(), |refusal| refusal.message),
                message
            );
        }
        let long = "x".repeat(2_001);
        let refusal = StatusChange {
            status: Some("failed"),
            error: Some(&long),
        };
        assert_eq!(
            refusal.check().unwrap_err().message,
            "error is longer than 2000 characters"
        );
    }

    #[test]
    fn tags_need_a_namespace() {
        for (tags, namespace, message) in [
            (Some("{}"), Some("default"), ""),
            (None, Some("a"), "tags is missing"),
            (
                Some(r#"{"a":{}}"#),
                Some("a"),
                "tags must be flat: scalars, or arrays of scalars",
            ),
            (Some("{}"), None, "namespace is missing"),
            (Some("{}"), Some(""), "namespace must not be empty"),
            (
                Some("{}"),
                Some(&*"n".repeat(65)),
                "namespace is longer than 64 characters",
            ),
        ] {
            let refusal = Tagging { tags, namespace }.check().err();
            assert_eq!(
                refusal.map_or(String::new(), |refusal| refusal.message),
                message
            );
        }
    }
}

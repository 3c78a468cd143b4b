//! The rules for the arguments of `update_chat`.

use crate::{Refusal, json, limits, text};

/// The arguments of `update_chat` that a rule applies to. `None` changes nothing. JSON is passed as text.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChatUpdate<'a> {
    /// At most [`limits::TITLE_CHARS`] characters. Empty text removes the title.
    pub title: Option<&'a str>,
    /// `model`, if a model wrote the title.
    pub if_title_source: Option<&'a str>,
    /// A JSON object.
    pub metadata_merge: Option<&'a str>,
    /// At most [`limits::FOLDER_CHARS`] characters. Empty text takes the chat out of its folder.
    pub folder: Option<&'a str>,
    /// At most [`limits::CHAT_TAGS`] names of 1 to [`limits::CHAT_TAG_CHARS`] characters.
    pub tags: Option<&'a [String]>,
    /// The seq of a message, or zero.
    pub read_up_to_seq: Option<i32>,
}

impl ChatUpdate<'_> {
    /// Checks the arguments in the order of the signature and returns the first refusal (22023).
    pub fn check(&self) -> Result<(), Refusal> {
        if let Some(title) = self.title {
            text::at_most_chars("title", title, limits::TITLE_CHARS)?;
        }
        if let Some(source) = self.if_title_source
            && source != "model"
        {
            return Err(Refusal::invalid(
                "if_title_source",
                "must be model",
                "Leave it out for a title that a person wrote.",
            ));
        }
        if let Some(patch) = self.metadata_merge {
            json::object("metadata_merge", patch)?;
        }
        folder(self.folder)?;
        names("tags", self.tags.unwrap_or_default())?;
        if self.read_up_to_seq.is_some_and(i32::is_negative) {
            return Err(Refusal::invalid(
                "read_up_to_seq",
                "must not be negative",
                "Pass the seq of a message, or 0 for an unread chat.",
            ));
        }
        Ok(())
    }
}

/// Refuses a folder whose name is too long.
fn folder(folder: Option<&str>) -> Result<(), Refusal> {
    folder.map_or(Ok(()), |folder| {
        text::at_most_chars("folder", folder, limits::FOLDER_CHARS)
    })
}

/// The filters of `list_chats`: refuses a folder and a tag that no chat can have.
pub fn filter(folder_name: Option<&str>, tag: Option<&str>) -> Result<(), Refusal> {
    folder(folder_name)?;
    tag.map_or(Ok(()), |tag| {
        text::at_most_chars("tag", tag, limits::CHAT_TAG_CHARS)
    })
}

/// Refuses names that are too many, too long or empty: the tags of a chat, or the labels of a rating.
pub(crate) fn names(argument: &'static str, names: &[String]) -> Result<(), Refusal> {
    if names.len() > limits::CHAT_TAGS {
        return Err(Refusal::invalid(
            argument,
            "has more than 50 items",
            "Use fewer of them.",
        ));
    }
    for name in names {
        text::no_nul(argument, name)?;
        if name.is_empty() || name.chars().count() > limits::CHAT_TAG_CHARS {
            return Err(Refusal::invalid(
                argument,
                "must be names of 1 to 100 characters",
                "Leave out null and empty ones, and shorten long ones.",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(update: ChatUpdate) -> Option<String> {
        update.check().err().map(|refusal| refusal.message)
    }

    #[test]
    fn nothing_and_the_longest_values_are_accepted() {
        let (title, folder) = ("ä".repeat(500), "ä".repeat(200));
        let tags = vec!["ä".repeat(100); 50];
        assert_eq!(refused(ChatUpdate::default()), None);
        let longest = ChatUpdate {
            title: Some(&title),
            if_title_source: Some("model"),
            metadata_merge: Some(r#"{"a":null}"#),
            folder: Some(&folder),
            tags: Some(&tags),
            read_up_to_seq: Some(i32::MAX),
        };
        assert_eq!(refused(longest), None);
        let empty = ChatUpdate {
            title: Some(""),
            folder: Some(""),
            tags: Some(&[]),
            read_up_to_seq: Some(0),
            ..ChatUpdate::default()
        };
        assert_eq!(refused(empty), None);
    }

    #[test]
    fn filters_are_as_long_as_names() {
        let [folder, tag] = [200, 100].map(|limit| "ä".repeat(limit));
        assert_eq!(filter(None, None), Ok(()));
        assert_eq!(filter(Some(&folder), Some(&tag)), Ok(()));
        let message = |folder, tag| filter(folder, tag).map_err(|refusal| refusal.message);
        let [longer, nul] = [format!("{folder}x"), "a\0".to_owned()];
        assert_eq!(
            message(Some(&longer), None),
            Err("folder is longer than 200 characters".to_owned())
        );
        assert_eq!(
            message(None, Some(&folder)),
            Err("tag is longer than 100 characters".to_owned())
        );
        assert_eq!(
            message(None, Some(&nul)),
            Err("tag contains a NUL character".to_owned())
        );
    }

    #[test]
    fn the_first_fault_is_named() {
        let title = "x".repeat(501);
        let folder = "x".repeat(201);
        let many = vec!["a".to_owned(); 51];
        let [nul, long, none] = ["a\0".to_owned(), "x".repeat(101), String::new()];
        let of_tags = |tags| ChatUpdate {
            tags: Some(tags),
            ..ChatUpdate::default()
        };
        let is_name = "tags must be names of 1 to 100 characters";
        for (update, message) in [
            (
                ChatUpdate {
                    title: Some(&title),
                    if_title_source: Some("x"),
                    ..ChatUpdate::default()
                },
                "title is longer than 500 characters",
            ),
            (
                ChatUpdate {
                    if_title_source: Some("user"),
                    ..ChatUpdate::default()
                },
                "if_title_source must be model",
            ),
            (
                ChatUpdate {
                    metadata_merge: Some("[]"),
                    ..ChatUpdate::default()
                },
                "metadata_merge must be a JSON object",
            ),
            (
                ChatUpdate {
                    folder: Some(&folder),
                    ..ChatUpdate::default()
                },
                "folder is longer than 200 characters",
            ),
            (of_tags(&many), "tags has more than 50 items"),
            (of_tags(&[nul]), "tags contains a NUL character"),
            (of_tags(&[long]), is_name),
            (of_tags(&[none]), is_name),
            (
                ChatUpdate {
                    read_up_to_seq: Some(-1),
                    ..ChatUpdate::default()
                },
                "read_up_to_seq must not be negative",
            ),
        ] {
            assert_eq!(refused(update).as_deref(), Some(message));
        }
    }
}

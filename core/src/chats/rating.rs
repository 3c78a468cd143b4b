//! The rules for the arguments of `rate_message`.

use super::chat_update::names;
use crate::{Refusal, limits, text};

/// The arguments of `rate_message` that a rule applies to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rating<'a> {
    /// 1 or -1. `None` takes the rating back.
    pub rating: Option<i32>,
    /// At most [`limits::COMMENT_CHARS`] characters.
    pub comment: Option<&'a str>,
    /// At most [`limits::CHAT_TAGS`] names of 1 to [`limits::CHAT_TAG_CHARS`] characters.
    pub labels: Option<&'a [String]>,
}

impl Rating<'_> {
    /// Checks the arguments in the order of the signature and returns the first refusal (22023).
    pub fn check(&self) -> Result<(), Refusal> {
        if self.rating.is_some_and(|rating| !matches!(rating, -1 | 1)) {
            return Err(Refusal::invalid(
                "rating",
                "must be 1 or -1",
                "Pass null to take the rating back.",
            ));
        }
        if let Some(comment) = self.comment {
            text::at_most_chars("comment", comment, limits::COMMENT_CHARS)?;
        }
        let labels = self.labels.unwrap_or_default();
        names("labels", labels)?;
        if self.rating.is_none() && (self.comment.is_some() || !labels.is_empty()) {
            return Err(Refusal::invalid(
                "rating",
                "is missing beside a comment or labels",
                "Pass 1 or -1 with them, or leave them out to take the rating back.",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(rating: Option<i32>, comment: &str, labels: &[String]) -> Option<String> {
        let (comment, labels) = (Some(comment).filter(|text| !text.is_empty()), Some(labels));
        let rating = Rating {
            rating,
            comment,
            labels,
        };
        rating.check().err().map(|refusal| refusal.message)
    }

    #[test]
    fn a_thumb_with_the_longest_values_and_nothing_at_all_are_accepted() {
        let (comment, labels) = ("ä".repeat(2_000), vec!["ä".repeat(100); 50]);
        for rating in [-1, 1] {
            assert_eq!(refused(Some(rating), &comment, &labels), None);
        }
        assert_eq!(refused(None, "", &[]), None);
    }

    #[test]
    fn a_rating_that_is_wrong_is_refused_with_its_argument() {
        let (label, many) = ("a".to_owned(), vec!["a".to_owned(); 51]);
        let alone = "rating is missing beside a comment or labels";
        for (rating, comment, labels, message) in [
            (Some(0), "", &[][..], "rating must be 1 or -1"),
            (Some(i32::MIN), "", &[], "rating must be 1 or -1"),
            (
                Some(1),
                &*"x".repeat(2_001),
                &[],
                "comment is longer than 2000 characters",
            ),
            (Some(1), "\0", &[], "comment contains a NUL character"),
            (Some(1), "", &many, "labels has more than 50 items"),
            (
                Some(1),
                "",
                &[String::new()],
                "labels must be names of 1 to 100 characters",
            ),
            (None, "why", &[], alone),
            (None, "", std::slice::from_ref(&label), alone),
        ] {
            assert_eq!(refused(rating, comment, labels).as_deref(), Some(message));
        }
    }
}

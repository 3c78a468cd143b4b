//! Rules for plain text.

use crate::Refusal;

/// Refuses U+0000, which Postgres cannot store and which must never be dropped silently.
/// Inside the database no text can hold one; a client can.
pub fn no_nul(argument: &'static str, value: &str) -> Result<(), Refusal> {
    if value.as_bytes().contains(&0) {
        return Err(Refusal::invalid(
            argument,
            "contains a NUL character",
            "Remove U+0000; Postgres text cannot hold it.",
        ));
    }
    Ok(())
}

/// Refuses text that is none of the words an argument knows; `rule` names them, `hint` helps.
pub fn one_of(
    argument: &'static str,
    value: Option<&str>,
    known: &[&str],
    rule: &str,
    hint: &'static str,
) -> Result<(), Refusal> {
    match value {
        None => Err(Refusal::missing(argument)),
        Some(value) if known.contains(&value) => Ok(()),
        Some(_) => Err(Refusal::invalid(argument, rule, hint)),
    }
}

/// Refuses text of more than `limit` characters (Unicode scalar values, as SQL's `char_length`).
pub fn at_most_chars(argument: &'static str, value: &str, limit: usize) -> Result<(), Refusal> {
    // A character takes one byte at least, so most values need no counting.
    if value.len() > limit && value.chars().count() > limit {
        return Err(Refusal::invalid(
            argument,
            &format!("is longer than {limit} characters"),
            "Shorten it.",
        ));
    }
    no_nul(argument, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_characters_not_bytes() {
        assert!(at_most_chars("title", "é".repeat(500).as_str(), 500).is_ok());
        let refusal = at_most_chars("title", "é".repeat(501).as_str(), 500).unwrap_err();
        assert_eq!(refusal.message, "title is longer than 500 characters");
    }

    #[test]
    fn a_word_is_one_of_those_that_are_known() {
        let check = |value| one_of("role", value, &["a", "b"], "must be a or b", "Pass one.");
        assert_eq!(check(Some("b")), Ok(()));
        assert_eq!(check(Some("B")).unwrap_err().message, "role must be a or b");
        assert_eq!(check(None), Err(Refusal::missing("role")));
    }

    #[test]
    fn a_nul_is_refused_by_name() {
        assert_eq!(
            no_nul("content", "a\0b").unwrap_err().message,
            "content contains a NUL character"
        );
    }
}

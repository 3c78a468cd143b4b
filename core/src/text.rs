//! Rules for plain text.

use crate::Refusal;

/// Refuses U+0000 (22023), which Postgres cannot store and which must never be dropped silently. Text in the database
/// cannot hold it; text of a client can.
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

/// Refuses text that is missing (22004) or not one of `known` (22023). `rule` completes the sentence of the refusal.
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

/// Refuses text of more than `limit` characters (22023), and U+0000. Characters are Unicode scalar values, as in SQL's
/// `char_length`.
pub fn at_most_chars(argument: &'static str, value: &str, limit: usize) -> Result<(), Refusal> {
    // A character has at least one byte, so characters are counted only in long values.
    if value.len() > limit && value.chars().count() > limit {
        return Err(Refusal::invalid(
            argument,
            &format!("is longer than {limit} characters"),
            "Shorten it.",
        ));
    }
    no_nul(argument, value)
}

/// The first characters of a text, at most `limit`: SQL's `left`.
pub fn first_chars(value: &str, limit: usize) -> &str {
    value
        .char_indices()
        .nth(limit)
        .and_then(|(end, _)| value.get(..end))
        .unwrap_or(value)
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
    fn a_text_is_cut_between_characters() {
        for (text, expected) in [
            ("", ""),
            ("é", "é"),
            ("éa", "éa"),
            ("éab", "éa"),
            ("a😀b", "a😀"),
        ] {
            assert_eq!(first_chars(text, 2), expected, "{text}");
        }
    }

    #[test]
    fn a_word_is_one_of_the_known_ones() {
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

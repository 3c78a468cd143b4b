//! Rules for JSON arguments, read from their text.
//!
//! The text is valid JSON: jsonb printed it in the database, `JSON.stringify` in a client. So this module does not parse.
//! It scans for size, depth and characters that Postgres cannot store.

use crate::{Refusal, limits};

/// The result of a scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Shape {
    /// Levels of objects and arrays.
    depth: usize,
    /// Whether it has U+0000, usually as an escape.
    nul: bool,
    /// Whether it has half of a surrogate pair.
    lone_surrogate: bool,
}

/// The only arrays are the parts of messages. Most of what makes them large are files, as data URLs.
const ARRAY_TOO_LARGE: &str = "Move files (data URLs) to Storage and attach them by storage_path; store other large values as a document and attach that.";

/// Checks any JSON value: at most [`limits::JSON_BYTES`] bytes and [`limits::JSON_DEPTH`] levels, no U+0000 and no half of a
/// surrogate pair. Otherwise it is refused (22023).
pub fn check(argument: &'static str, text: &str) -> Result<(), Refusal> {
    if text.len() > limits::JSON_BYTES {
        return Err(Refusal::invalid(
            argument,
            "is larger than 262144 bytes",
            if first(text) == Some(b'[') {
                ARRAY_TOO_LARGE
            } else {
                "Store large values as a document and attach that."
            },
        ));
    }
    let shape = scan(text.as_bytes());
    if shape.depth > limits::JSON_DEPTH {
        return Err(Refusal::invalid(
            argument,
            "is nested deeper than 64 levels",
            "Flatten it, or store it as text.",
        ));
    }
    if shape.nul {
        return Err(Refusal::invalid(
            argument,
            "contains a NUL character",
            "Remove U+0000; Postgres text cannot hold it.",
        ));
    }
    if shape.lone_surrogate {
        return Err(Refusal::invalid(
            argument,
            "contains half of a surrogate pair",
            "Cut text between characters, not inside one.",
        ));
    }
    Ok(())
}

/// Checks that the value is a JSON object, then the rules of [`check`].
pub fn object(argument: &'static str, text: &str) -> Result<(), Refusal> {
    opens_with(argument, text, b'{', "must be a JSON object")
}

/// Checks that the value is a JSON array, then the rules of [`check`].
pub fn array(argument: &'static str, text: &str) -> Result<(), Refusal> {
    opens_with(argument, text, b'[', "must be a JSON array")
}

fn opens_with(argument: &'static str, text: &str, bracket: u8, rule: &str) -> Result<(), Refusal> {
    if first(text) != Some(bracket) {
        return Err(Refusal::invalid(argument, rule, "Wrap the value in one."));
    }
    check(argument, text)
}

fn first(text: &str) -> Option<u8> {
    text.bytes().find(|byte| !byte.is_ascii_whitespace())
}

/// Checks tags: a flat object of scalars and arrays of scalars, with at most [`limits::TAGS`] keys of at most
/// [`limits::TAG_KEY_CHARS`] characters. The rules of [`object`] apply too.
pub fn tags(argument: &'static str, text: &str) -> Result<(), Refusal> {
    object(argument, text)?;
    let mut tags = 0;
    let mut long_key = false;
    let mut depth = 0;
    // The length of the last string. At depth 1, a string before a colon is a key.
    let mut string_chars = 0;
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'"' => (string_chars, rest) = skip_string(tail),
            b':' if depth == 1 => {
                tags += 1;
                long_key |= string_chars > limits::TAG_KEY_CHARS;
            }
            b'{' | b'[' => {
                depth += 1;
                if depth > 2 || (depth == 2 && byte == b'{') {
                    return Err(Refusal::invalid(
                        argument,
                        "must be flat: scalars, or arrays of scalars",
                        "Put nested values into properties.",
                    ));
                }
            }
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    if long_key {
        return Err(Refusal::invalid(
            argument,
            "has a key longer than 64 characters",
            "Shorten the key.",
        ));
    }
    if tags > limits::TAGS {
        return Err(Refusal::invalid(
            argument,
            "has more than 100 keys",
            "Use fewer tags, or another namespace.",
        ));
    }
    Ok(())
}

/// Skips a string after its opening quote. Returns its number of characters and the bytes after its closing quote.
fn skip_string(bytes: &[u8]) -> (usize, &[u8]) {
    let mut chars = 0;
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'"' => break,
            b'\\' => match escape(tail) {
                // The second half of a pair belongs to the character of the first.
                (Some(0xDC00..=0xDFFF), after) => rest = after,
                (_, after) => {
                    rest = after;
                    chars += 1;
                }
            },
            // UTF-8 continuation bytes belong to the character before.
            0x80..=0xBF => {}
            _ => chars += 1,
        }
    }
    (chars, rest)
}

/// Reads an escape after its backslash. Returns the UTF-16 unit of a `\u` escape (`None` for a short escape) and the bytes
/// after the escape.
fn escape(bytes: &[u8]) -> (Option<u16>, &[u8]) {
    match bytes.split_first() {
        Some((b'u', tail)) => match tail.split_at_checked(4) {
            Some((digits, after)) => {
                let unit = std::str::from_utf8(digits)
                    .ok()
                    .and_then(|digits| u16::from_str_radix(digits, 16).ok());
                (unit, after)
            }
            None => (None, &[]),
        },
        Some((_, tail)) => (None, tail),
        None => (None, &[]),
    }
}

fn scan(bytes: &[u8]) -> Shape {
    let mut shape = Shape::default();
    let mut depth = 0_usize;
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'{' | b'[' => {
                depth += 1;
                shape.depth = shape.depth.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => rest = scan_string(tail, &mut shape),
            _ => {}
        }
    }
    shape
}

fn scan_string<'a>(bytes: &'a [u8], shape: &mut Shape) -> &'a [u8] {
    let mut high = false;
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let unit = if byte == b'\\' {
            let (unit, after) = escape(tail);
            rest = after;
            unit
        } else {
            shape.nul |= byte == 0;
            None
        };
        let low = matches!(unit, Some(0xDC00..=0xDFFF));
        // A low half must follow each high half, and may follow nothing else.
        shape.lone_surrogate |= high != low;
        high = matches!(unit, Some(0xD800..=0xDBFF));
        shape.nul |= unit == Some(0);
        if byte == b'"' {
            break;
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(result: Result<(), Refusal>) -> String {
        result.map_or_else(|refusal| refusal.message, |()| String::new())
    }

    #[test]
    fn text_that_postgres_cannot_store_is_refused() {
        for (text, expected) in [
            (r#"{"a":"\u0000"}"#, "metadata contains a NUL character"),
            (
                r#"{"a":"\ud83d"}"#,
                "metadata contains half of a surrogate pair",
            ),
            (
                r#"{"a":"\ude00"}"#,
                "metadata contains half of a surrogate pair",
            ),
            (
                r#"{"a":"\ude00\ud83d"}"#,
                "metadata contains half of a surrogate pair",
            ),
            (
                r#"{"a":"\ud83dx"}"#,
                "metadata contains half of a surrogate pair",
            ),
            (r#"{"a":"\ud83d\ude00"}"#, ""),
            // An escaped backslash before u0000: the string holds the six characters \u0000, not a NUL.
            (r#"{"a":"\\u0000"}"#, ""),
            (r#"{"a":"[[[[\"{{{{"}"#, ""),
            ("[]", "metadata must be a JSON object"),
            ("", "metadata must be a JSON object"),
            ("null", "metadata must be a JSON object"),
        ] {
            assert_eq!(message(object("metadata", text)), expected, "{text}");
        }
    }

    #[test]
    fn depth_counts_from_the_outermost_value() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert_eq!(message(array("parts", &nested(64))), "");
        assert_eq!(
            message(array("parts", &nested(65))),
            "parts is nested deeper than 64 levels"
        );
        assert_eq!(
            message(array("parts", &nested(100_000))),
            "parts is nested deeper than 64 levels"
        );
    }

    #[test]
    fn size_is_bounded() {
        let text = format!("{{\"a\":\"{}\"}}", "x".repeat(limits::JSON_BYTES));
        assert_eq!(
            message(object("metadata", &text)),
            "metadata is larger than 262144 bytes"
        );
    }

    #[test]
    fn tags_are_flat() {
        let long = format!("{{\"{}\":1}}", "k".repeat(65));
        let long_and_deep = long.replace('1', "[[1]]");
        let many = format!(
            "{{{}}}",
            (0..101)
                .map(|n| format!("\"k{n}\":1"))
                .collect::<Vec<_>>()
                .join(",")
        );
        for (text, expected) in [
            (r#"{"a":1,"b":["x",2,null],"c":"d:e"}"#, ""),
            (
                r#"{"a":{"b":1}}"#,
                "tags must be flat: scalars, or arrays of scalars",
            ),
            (
                r#"{"a":[[1]]}"#,
                "tags must be flat: scalars, or arrays of scalars",
            ),
            (
                r#"{"a":[{"b":1}]}"#,
                "tags must be flat: scalars, or arrays of scalars",
            ),
            (long.as_str(), "tags has a key longer than 64 characters"),
            // Two faults: the refusal names the same one in any order of keys.
            (
                long_and_deep.as_str(),
                "tags must be flat: scalars, or arrays of scalars",
            ),
            (many.as_str(), "tags has more than 100 keys"),
        ] {
            assert_eq!(message(tags("tags", text)), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_scanned_without_panic(text: String) {
            let _ = check("metadata", &text);
            let _ = tags("tags", &format!("{{{text}"));
        }

        #[test]
        fn any_string_that_json_can_carry_passes(text in "[^\u{0}]{0,200}") {
            let json = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
            prop_assert!(check("metadata", &json).is_ok());
        }
    }
}

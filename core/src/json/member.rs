//! Reads one member of a JSON text that a client wrote, such as the claims of a request. Postgres has parsed arguments
//! before they are scanned, but not this text. So this module checks all of it by the grammar.

use crate::limits;

/// The string value of `key` in a JSON object, if the text is plain. For any other text it returns `None`, and the caller
/// passes the text to jsonb, which reads or refuses it.
///
/// A text is plain if all of this is true:
/// - jsonb accepts it;
/// - no key of the outermost object has an escape, and `key` occurs there once;
/// - the value of `key` is a string without an escape;
/// - it has nothing that the grammar allows and jsonb may refuse: U+0000, half of a surrogate pair, a number with an
///   exponent or of more than 40 characters, more than 64 levels, more than 262144 bytes.
pub fn plain_member<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    if text.len() > limits::JSON_BYTES {
        return None;
    }
    let mut reader = Reader { text, position: 0 };
    let mut levels = Levels::default();
    let mut found = None;
    // Whether the next value belongs to the key.
    let mut wanted = false;
    loop {
        let is_opened = match reader.next_token()? {
            b'"' => {
                let string = reader.string()?;
                if wanted {
                    found = Some(string.plain()?);
                }
                false
            }
            _ if wanted => return None,
            bracket @ (b'{' | b'[') => {
                levels.open(bracket)?;
                true
            }
            b't' => reader.word(b"rue")?,
            b'f' => reader.word(b"alse")?,
            b'n' => reader.word(b"ull")?,
            first => reader.number(first)?,
        };
        wanted = false;
        if !reader.goes_on(&mut levels, is_opened)? {
            return found;
        }
        if levels.innermost() == b'{' {
            let name = reader.key()?;
            if levels.depth == 1 && name.plain()? == key {
                if found.is_some() {
                    return None;
                }
                wanted = true;
            }
        }
    }
}

/// The open objects and arrays. `objects` has one bit for each, which is 1 for an object; the lowest bit is the innermost.
#[derive(Default)]
struct Levels {
    depth: usize,
    objects: u64,
}

impl Levels {
    fn open(&mut self, bracket: u8) -> Option<()> {
        if self.depth == limits::JSON_DEPTH {
            return None;
        }
        self.depth += 1;
        self.objects = self.objects << 1 | u64::from(bracket == b'{');
        Some(())
    }

    fn close(&mut self) {
        self.depth -= 1;
        self.objects >>= 1;
    }

    /// The opening bracket of the innermost level; that of an array if no level is open.
    fn innermost(&self) -> u8 {
        if self.objects & 1 == 1 { b'{' } else { b'[' }
    }

    /// Whether a bracket closes the innermost level.
    fn are_closed_by(&self, bracket: u8) -> bool {
        let closing = if self.innermost() == b'{' { b'}' } else { b']' };
        self.depth > 0 && bracket == closing
    }
}

/// A string between its quotes, and whether it has an escape.
struct Text<'a> {
    text: &'a str,
    is_escaped: bool,
}

impl<'a> Text<'a> {
    fn plain(&self) -> Option<&'a str> {
        (!self.is_escaped).then_some(self.text)
    }
}

struct Reader<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.position += 1;
        Some(byte)
    }

    /// The next byte that is no white space.
    fn next_token(&mut self) -> Option<u8> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
        self.next()
    }

    /// Call it after a value, or after a bracket that opened a level: it moves to the beginning of the next value or key.
    /// Returns false at the end of the text.
    fn goes_on(&mut self, levels: &mut Levels, is_opened: bool) -> Option<bool> {
        let mut may_begin = is_opened;
        loop {
            let before = self.position;
            match self.next_token() {
                None if levels.depth == 0 => return Some(false),
                Some(bracket) if levels.are_closed_by(bracket) => levels.close(),
                Some(b',') if !may_begin && levels.depth > 0 => return Some(true),
                Some(_) if may_begin => {
                    self.position = before;
                    return Some(true);
                }
                _ => return None,
            }
            may_begin = false;
        }
    }

    /// Reads a key and its colon.
    fn key(&mut self) -> Option<Text<'a>> {
        if self.next_token()? != b'"' {
            return None;
        }
        let key = self.string()?;
        (self.next_token()? == b':').then_some(key)
    }

    /// Reads the rest of a string, after its opening quote.
    fn string(&mut self) -> Option<Text<'a>> {
        let start = self.position;
        let mut is_escaped = false;
        loop {
            let rest = self.text.as_bytes().get(self.position..)?;
            let is_special = |byte: &u8| matches!(byte, 0..=0x1F | b'"' | b'\\');
            self.position += rest.iter().position(is_special)?;
            match self.next()? {
                b'"' => break,
                b'\\' => {
                    is_escaped = true;
                    self.escape()?;
                }
                _ => return None,
            }
        }
        let text = self.text.get(start..self.position - 1)?;
        Some(Text { text, is_escaped })
    }

    /// Reads an escape after its backslash, or both escapes of a surrogate pair.
    fn escape(&mut self) -> Option<()> {
        match self.next()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => match self.unit()? {
                0 | 0xDC00..=0xDFFF => None,
                0xD800..=0xDBFF => {
                    let is_escape = self.next()? == b'\\' && self.next()? == b'u';
                    (is_escape && matches!(self.unit()?, 0xDC00..=0xDFFF)).then_some(())
                }
                _ => Some(()),
            },
            _ => None,
        }
    }

    /// Reads the four hexadecimal digits of an escape.
    fn unit(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | char::from(self.next()?).to_digit(16)?;
        }
        Some(unit)
    }

    /// Reads the rest of a literal. Returns false, because a literal opens no level.
    fn word(&mut self, rest: &[u8]) -> Option<bool> {
        let end = self.position + rest.len();
        let is_there = self.text.as_bytes().get(self.position..end)? == rest;
        self.position = end;
        is_there.then_some(false)
    }

    /// Reads the rest of a number, after its first byte. Returns false, because a number opens no level.
    fn number(&mut self, first: u8) -> Option<bool> {
        const MOST: usize = 40;
        let start = self.position - 1;
        let first = if first == b'-' { self.next()? } else { first };
        match first {
            // No digit may follow a leading zero.
            b'0' => {}
            b'1'..=b'9' => self.digits(),
            _ => return None,
        }
        if self.peek() == Some(b'.') {
            self.position += 1;
            self.next()?.is_ascii_digit().then_some(())?;
            self.digits();
        }
        // `goes_on` refuses an exponent, because it is neither a comma nor a bracket.
        (self.position - start <= MOST).then_some(false)
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.position += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn sub(text: &str) -> Option<&str> {
        plain_member(text, "sub")
    }

    #[test]
    fn only_a_plain_member_is_found() {
        for (text, expected) in [
            (r#"{"sub":"a","role":"b"}"#, Some("a")),
            (r#" { "role" : "sub" , "sub" : "a" } "#, Some("a")),
            (r#"{"x":{"sub":"b"},"sub":"a","y":["sub","c"]}"#, Some("a")),
            (r#"{"":1,"sub":"a","x":{"":{}},"y":[]}"#, Some("a")),
            (r#"{"x":{"sub":1,"sub":2},"sub":"a"}"#, Some("a")),
            (r#"{"x":"sub","role":"b"}"#, None),
            (r#"{"sub":1}"#, None),
            (r#"{"sub":null,"a":"b"}"#, None),
            (r#"{"sub":{"sub":"a"}}"#, None),
            (r#"{"sub":["a"]}"#, None),
            (r#"{"x":{"sub":"a"}}"#, None),
            (r#"{"sub":"a","sub":"b"}"#, None),
            (r#"{"sub":"a","sub":1}"#, None),
            (r#"{"\u0073ub":"a"}"#, None),
            (r#"{"sub":"a","\u0073ub":"b"}"#, None),
            (r#"{"sub":"a\u0062"}"#, None),
            (r#"["sub","a"]"#, None),
            (r#"[{"sub":"a"}]"#, None),
            (r#""sub""#, None),
            ("", None),
            (" ", None),
        ] {
            assert_eq!(sub(text), expected, "{text}");
        }
    }

    #[test]
    fn invalid_json_has_no_member() {
        for text in [
            r#"{"sub":"a""#,
            r#"{"sub":"a"} x"#,
            r#"{"sub":"a"}}"#,
            r#"{"sub":"a"},"#,
            r#"{"sub":"a"}{}"#,
            r#"{"sub":"a",}"#,
            r#"{,"sub":"a"}"#,
            r#"{"sub":"a",,"x":1}"#,
            r#"{"sub":"a" "x":1}"#,
            r#"{"sub" "a"}"#,
            r#"{"sub"::"a"}"#,
            r#"{"sub":"a","x"}"#,
            r#"{"sub":"a","x":}"#,
            r#"{"sub":"a",x:1}"#,
            r#"{"sub":"a",1:1}"#,
            r#"{"sub":"a","x":[1 2]}"#,
            r#"{"sub":"a","x":[1,]}"#,
            r#"{"sub":"a","x":[,1]}"#,
            r#"{"sub":"a","x":["y":1]}"#,
            r#"{"sub":"a","x":[}]"#,
            r#"{"sub":"a","x":{]}"#,
            r#"{"sub":"a","x":'y'}"#,
            "{\"sub\":\"a\",\"x\":\"\n\"}",
            "{\"sub\":\"a\",\"x\":\"\u{1f}\"}",
            "{\"sub\":\"a\",\"x\n\":1}",
            "\u{feff}{\"sub\":\"a\"}",
            "{\"sub\":\"a\"}\u{b}",
            "{\u{a0}\"sub\":\"a\"}",
        ] {
            assert_eq!(sub(text), None, "{text}");
        }
    }

    #[test]
    fn literals_and_numbers_are_those_of_json_and_short() {
        let with = |value: &str| format!("{{\"sub\":\"a\",\"x\":{value},\"y\":[{value}]}}");
        let most = "1".repeat(40);
        for value in [
            "true",
            "false",
            "null",
            "0",
            "-0",
            "0.0",
            "-1.50",
            "1764312918",
            &most,
        ] {
            assert_eq!(sub(&with(value)), Some("a"), "{value}");
        }
        let more = "1".repeat(41);
        let deep = format!("0.{}", "0".repeat(140_000));
        for value in [
            "tru", "truee", "True", "nul", "NULL", "NaN", "Infinity", "00", "01", "-", "+1", ".5",
            "1.", "1.e1", "1e1", "1E1", "1e-16384", "1e999999", "0x1", "1a", "1_0", "--1", &more,
            &deep,
        ] {
            assert_eq!(sub(&with(value)), None, "{value}");
        }
    }

    #[test]
    fn strings_hold_only_text_that_jsonb_can_store() {
        for string in [
            r#"\"\\\/\b\f\n\r\t"#,
            r"\u0001\u00e9\uFFFF",
            r"\ud83d\ude00",
            r"\\u0000",
            "\u{7f}é😀",
        ] {
            for text in [
                format!("{{\"sub\":\"a\",\"x\":\"{string}\"}}"),
                format!("{{\"sub\":\"a\",\"x\":{{\"{string}\":[\"{string}\"]}}}}"),
            ] {
                assert_eq!(sub(&text), Some("a"), "{text}");
            }
        }
        for string in [
            r"\u0000",
            r"\ud83d",
            r"\ude00",
            r"\ud83dx",
            r"\ud83d\n",
            r"\ud83d\u0041",
            r"\ud83d\ud83d\ude00",
            r"\ude00\ud83d",
            r"\a",
            r"\x41",
            r"\u12",
            r"\u12G4",
            r"\u+123",
            r"\U0041",
        ] {
            for text in [
                format!("{{\"sub\":\"a\",\"x\":\"{string}\"}}"),
                format!("{{\"sub\":\"a\",\"x\":{{\"{string}\":[]}}}}"),
            ] {
                assert_eq!(sub(&text), None, "{text}");
            }
        }
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let nested = |levels: usize| {
            let (open, close) = ("[".repeat(levels), "]".repeat(levels));
            format!("{{\"x\":{open}{close},\"sub\":\"a\"}}")
        };
        assert_eq!(sub(&nested(63)), Some("a"));
        for levels in [64, 65, 100_000] {
            assert_eq!(sub(&nested(levels)), None);
        }
        let long = format!("{{\"sub\":\"a\",\"x\":\"{}\"}}", "x".repeat(262_144));
        assert_eq!(sub(&long), None);
    }

    /// Pieces of JSON, whole and broken.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            6 => "[{}\\[\\]:,\"]",
            3 => prop_oneof![Just("\"sub\":"), Just("\"sub\":\"a\""), Just("\"\\u0073ub\":"), Just("\"x\":")].prop_map(str::to_owned),
            2 => "[ \t\n\u{b}\u{0}-\u{1f}]",
            2 => "-?[0-9]{0,3}(\\.[0-9]{0,2})?([eE][-+]?[0-9]{0,2})?",
            2 => "(true|false|null|[a-z])",
            2 => "\"[a-c\\\\u0d8é]{0,6}\"",
        ];
        proptest::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
    }

    /// Whether a value holds nothing that jsonb refuses.
    fn is_storable(value: &Value, levels: usize) -> bool {
        let storable = |text: &str| !text.contains('\0');
        match value {
            Value::String(text) => storable(text),
            Value::Array(items) => {
                levels > 0 && items.iter().all(|item| is_storable(item, levels - 1))
            }
            Value::Object(members) => {
                levels > 0
                    && members
                        .iter()
                        .all(|(key, item)| storable(key) && is_storable(item, levels - 1))
            }
            _ => true,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        /// If a member is found, a parser finds the same one, and jsonb accepts the text.
        #[test]
        fn a_plain_member_is_what_a_parser_reads(
            inside in pieces(), at in 0_usize..40, broken in pieces(), breaks: bool,
        ) {
            let mut text = format!("{{\"x\":[{{}}],\"sub\":\"a\",{inside}}}");
            if breaks {
                let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
                text.insert_str(at, &broken);
            }
            if let Some(found) = sub(&text) {
                let parsed: Value = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(parsed.get("sub").and_then(Value::as_str), Some(found));
                prop_assert!(is_storable(&parsed, limits::JSON_DEPTH));
            }
        }

        /// The member is found in any object as gateways write it: with any other keys and values, without exponents.
        #[test]
        fn the_member_of_a_serialized_object_is_found(
            keys in proptest::collection::btree_set("[a-z\u{e9}_ ]{0,6}", 0..5), text in "[^\u{0}]{0,20}", number: i64, flag: bool, blank in " {0,2}",
        ) {
            let value = serde_json::json!({"text": &text, &text: [number, flag, null, {"sub": &text}]});
            let mut members: Vec<String> = keys.iter().filter(|key| *key != "sub").map(|key| format!("\"{key}\":{blank}{value}")).collect();
            members.insert(members.len() / 2, format!("\"sub\":{blank}\"a\""));
            let text = format!("{{{}}}", members.join(&format!(",{blank}")));
            prop_assert_eq!(sub(&text), Some("a"));
        }

        #[test]
        fn any_text_is_read_without_panic(text: String) {
            let _ = sub(&text);
        }
    }
}

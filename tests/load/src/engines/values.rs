//! Odd values: text of all kinds, and numbers, times, intervals and JSON at their limits.

use crate::dice::Dice;

pub fn text(dice: &mut Dice) -> String {
    let short = [
        "",
        " ",
        "plain words",
        "it's \"quoted\" \\ and \\u0041",
        "\t\n\r\u{1f}",
        "\u{7f}\u{80}\u{9f}",
        "e\u{301}\u{327} ﬁ Ǆ ẞ İ ı",
        "👩‍👩‍👧 🇩🇪 𝒳",
        "\u{202e}abc\u{200f} שלום",
        "\u{feff}\u{fffd}\u{ffff}\u{10ffff}",
        "\u{e000}mark\u{e001}\u{e002}b\u{e003}",
        "<mark>&amp;</mark><script>",
        "\"a b\" -c or d",
        "!& | ( :* <-> '",
        "null",
        "{}",
        "-1",
        "' || 'x",
        "$$; select 1; --",
        "x' y",
    ];
    match dice.below(30) {
        0 => "x".repeat(500),
        1 => "x".repeat(501),
        2 => "ä".repeat(500),
        3 => "words ".repeat(400),
        4 => "y".repeat(1_048_576),
        5 => "y".repeat(1_048_577),
        _ => dice.of(short).to_owned(),
    }
}

pub fn number(dice: &mut Dice) -> String {
    let numbers = [
        "0",
        "-1",
        "1001",
        "10001",
        "201",
        "2147483647",
        "-2147483648",
        "2147483648",
        "9223372036854775807",
        "null",
        "'x'",
        "'1.5'",
    ];
    dice.of(numbers).to_owned()
}

pub fn time(dice: &mut Dice) -> String {
    let times = [
        "'infinity'",
        "'-infinity'",
        "'2001-02-03 04:05:06.789012+00'",
        "'2101-01-01 00:00:00+00'",
        "'294276-12-31 23:59:59.999999+00'",
        "'4713-01-01 00:00:00+00 BC'",
        "'epoch'",
        "'2001-02-30'",
        "''",
        "null",
    ];
    dice.of(times).to_owned()
}

pub fn interval(dice: &mut Dice) -> String {
    let intervals = [
        "'1 microsecond'",
        "'0 s'",
        "'-1 s'",
        "'400 days'",
        "'401 days'",
        "'12 mons 40 days'",
        "'13 mons'",
        "'9600 hours'",
        "'10000 years'",
        "'178000000 years'",
        "'1 mon -30 days'",
        "'infinity'",
        "'x'",
        "null",
    ];
    dice.of(intervals).to_owned()
}

/// A JSON object.
pub fn object(dice: &mut Dice) -> String {
    let objects = [
        "{}",
        r#"{"a": 1}"#,
        r#"{"a": 1, "a": 2, "A": null}"#,
        r#"{"": "", "ä": "\u00e4", "e": 1.50e3}"#,
        r#"{"deep": {"er": [{"est": [true, false, null]}]}}"#,
    ];
    dice.of(objects).to_owned()
}

pub fn bad_json(dice: &mut Dice) -> String {
    let short = [
        "null",
        "[]",
        "1",
        "\"x\"",
        "",
        "{",
        "{\"a\": 01}",
        "{\"a\": 1e400}",
        "{\"a\": 1e200000}",
        "{\"a\": \"\\u0000\"}",
        "{\"a\": \"\\ud800\"}",
        "{\"a\": \"\\udc00\\ud800\"}",
        "{\"a\": \"\\ud83d\\ude00\"}",
        "{\"a\": NaN}",
        "[1, 2",
        "[{}]",
    ];
    match dice.below(24) {
        0 => nested(64),
        1 => nested(65),
        2 => nested(3000),
        3 => format!("{{\"a\": \"{}\"}}", "x".repeat(262_133)),
        4 => format!("{{\"a\": \"{}\"}}", "x".repeat(262_140)),
        5 => format!("[\"{}\"]", "ä".repeat(131_070)),
        _ => dice.of(short).to_owned(),
    }
}

/// Objects nested this many levels deep.
fn nested(levels: usize) -> String {
    let (open, close) = ("{\"a\":".repeat(levels - 1), "}".repeat(levels - 1));
    format!("{open}{{}}{close}")
}

pub fn bad_uuid(dice: &mut Dice) -> String {
    let ids = [
        "null",
        "'00000000-0000-0000-0000-000000000000'",
        "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
        "''",
        "'x'",
        "'c11e0000-0000-4000-8000-00000000000g'",
    ];
    dice.of(ids).to_owned()
}

pub fn bad_token(dice: &mut Dice) -> String {
    match dice.below(6) {
        0 => "null".to_owned(),
        1 => "''".to_owned(),
        2 => "'cks_'".to_owned(),
        // None of these has a valid check sum, so no answer contains it.
        3 => format!("'cks_{}'", "A".repeat(69)),
        4 => format!("'CKS_{}'", "A".repeat(70)),
        _ => format!("'cks_{}!'", "A".repeat(69)),
    }
}

/// A source of a document: one of a few, so that registrations meet, or an odd one.
pub fn source(dice: &mut Dice) -> String {
    let odd = [
        "",
        " ",
        "relative/path",
        "/absolute/./path/../x",
        "HTTPS://Files.Test:443/a/../0",
        "https://user:secret@files.test/0",
        "https://files.test/0?token=abc",
        "https://files.test/0?X-Amz-Signature=ab",
        "https://files.test/%7e/%2F#part",
        "https://ä.test/ü",
        "javascript:alert(1)",
        "file:///c:/x",
        "s3://bucket/key with space",
        "http://[::1]/x",
        "https://files.test/\u{7f}",
        "mailto:x@y.test",
    ];
    match dice.below(40) {
        0 => format!("https://files.test/{}", "x".repeat(2029)),
        1 => format!("https://files.test/{}", "x".repeat(2030)),
        2..8 => dice.of(odd).to_owned(),
        _ => format!("https://files.test/{}", dice.below(12)),
    }
}

pub fn bad_checksum(dice: &mut Dice) -> String {
    let checksums = ["", "x", "ab", " "];
    match dice.below(8) {
        0 => "A".repeat(64),
        1 => "g".repeat(64),
        2 => "a".repeat(63),
        3 => "a".repeat(65),
        _ => dice.of(checksums).to_owned(),
    }
}

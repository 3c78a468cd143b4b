//! Values as SQL literals.

use std::fmt::Write;

/// Any text.
pub fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// A text in JSON.
pub fn json(value: &str) -> String {
    let mut literal = String::from("\"");
    for character in value.chars() {
        match character {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            control if u32::from(control) < 32 => {
                // Writing to a string cannot fail.
                let _ = write!(literal, "\\u{:04x}", u32::from(control));
            }
            plain => literal.push(plain),
        }
    }
    literal.push('"');
    literal
}

/// The checksum of the document with this number.
pub fn checksum(number: usize) -> String {
    format!("{number:064x}")
}

//! The reader of claims finds a member exactly if a parser finds it, it is written plainly, and jsonb accepts the text.

#![no_main]

use std::fmt;

use chatkeep_core::claims;
use libfuzzer_sys::fuzz_target;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

fuzz_target!(|text: &str| {
    let whole = serde_json::from_str::<&RawValue>(text).ok();
    let expected = whole.filter(|_| text.len() <= 16_000).and_then(subject);
    assert_eq!(claims::subject(text), expected);
});

/// The rule, written with a parser.
fn subject(whole: &RawValue) -> Option<&str> {
    if !whole.get().starts_with('{') || !is_storable(whole, 127) {
        return None;
    }
    let members = members(whole);
    let keys: Option<Vec<&str>> = members.iter().map(|(key, _)| plain(key)).collect();
    let named = keys?.into_iter().zip(&members);
    let mut subjects = named.filter(|(key, _)| *key == "sub");
    let (_, (_, value)) = subjects.next()?;
    plain(value).filter(|_| subjects.next().is_none())
}

/// The text between the quotes of a string without an escape.
fn plain(value: &RawValue) -> Option<&str> {
    let text = value.get().strip_prefix('"')?.strip_suffix('"')?;
    (!text.contains('\\')).then_some(text)
}

/// Whether jsonb certainly accepts a value, which may have this number of levels.
fn is_storable(value: &RawValue, levels: usize) -> bool {
    let text = value.get();
    match text.as_bytes().first() {
        // For the parser, half of a surrogate pair is not text.
        Some(b'"') => {
            serde_json::from_str::<String>(text).is_ok_and(|string| !string.contains('\0'))
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).expect("an array of JSON");
            levels > 0 && items.into_iter().all(|item| is_storable(item, levels - 1))
        }
        Some(b'{') => {
            let is_fine = |part| is_storable(part, levels - 1);
            levels > 0
                && members(value)
                    .into_iter()
                    .all(|(key, item)| is_fine(key) && is_fine(item))
        }
        Some(b'-' | b'0'..=b'9') => is_small(text),
        _ => true,
    }
}

/// Whether a number is an integer of 64 bits, or neither zero nor beyond a double.
fn is_small(text: &str) -> bool {
    let is_integer = text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok();
    let is_double = text
        .parse::<f64>()
        .is_ok_and(|number| number != 0.0 && number.is_finite());
    (is_integer && text != "-0") || is_double
}

fn members(value: &RawValue) -> Vec<(&RawValue, &RawValue)> {
    let mut reader = serde_json::Deserializer::from_str(value.get());
    reader.deserialize_map(Members).expect("an object of JSON")
}

/// The members of an object in their order, with all members of a repeated key.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(&'de RawValue, &'de RawValue)>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

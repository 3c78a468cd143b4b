//! For every JSON text, the scan of tags has the same result as the rule written with a parser.

#![no_main]

use std::collections::HashSet;
use std::fmt;

use chatkeep_core::json;
use libfuzzer_sys::fuzz_target;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

fuzz_target!(|text: &str| {
    let judged = json::tags("tags", text);
    if let Ok(whole) = serde_json::from_str::<&RawValue>(text)
        && let Some(expected) = expected(text, whole)
    {
        assert_eq!(judged.map_err(|refusal| refusal.message), expected);
    }
});

/// The rule, written with a parser; `None` for a text with a repeated key, which jsonb never prints.
fn expected(text: &str, whole: &RawValue) -> Option<Result<(), String>> {
    let refused = |rule: &str| Some(Err(format!("tags {rule}")));
    if !whole.get().starts_with('{') {
        return refused("must be a JSON object");
    }
    if text.len() > 262_144 {
        return refused("is larger than 262144 bytes");
    }
    let mut found = Found::default();
    let levels = found.look_at(whole)?;
    if levels > 64 {
        return refused("is nested deeper than 64 levels");
    }
    if found.nul {
        return refused("contains a NUL character");
    }
    if found.lone_surrogate {
        return refused("contains half of a surrogate pair");
    }
    let tags = members(whole);
    if tags.iter().any(|(_, value)| !is_flat(value)) {
        return refused("must be flat: scalars, or arrays of scalars");
    }
    let chars = |key: &[u8]| String::from_utf8_lossy(key).chars().count();
    if tags.iter().any(|(key, _)| chars(key) > 64) {
        return refused("has a key longer than 64 characters");
    }
    if tags.len() > 100 {
        return refused("has more than 100 keys");
    }
    Some(Ok(()))
}

fn is_flat(value: &RawValue) -> bool {
    match value.get().as_bytes().first() {
        Some(b'{') => false,
        Some(b'[') => items(value)
            .iter()
            .all(|item| !item.get().starts_with(['{', '['])),
        _ => true,
    }
}

#[derive(Default)]
struct Found {
    nul: bool,
    lone_surrogate: bool,
}

impl Found {
    /// The levels of a value; `None` if an object has a repeated key.
    fn look_at(&mut self, value: &RawValue) -> Option<usize> {
        match value.get().as_bytes().first() {
            Some(b'"') => {
                self.note(&string(value));
                Some(0)
            }
            Some(b'[') => {
                let mut inner = 0;
                for item in items(value) {
                    inner = inner.max(self.look_at(item)?);
                }
                Some(inner + 1)
            }
            Some(b'{') => {
                let members = members(value);
                let keys: HashSet<&[u8]> = members.iter().map(|(key, _)| key.as_slice()).collect();
                if keys.len() < members.len() {
                    return None;
                }
                let mut inner = 0;
                for (key, value) in &members {
                    self.note(key);
                    inner = inner.max(self.look_at(value)?);
                }
                Some(inner + 1)
            }
            _ => Some(0),
        }
    }

    fn note(&mut self, string: &[u8]) {
        self.nul |= string.contains(&0);
        // Half of a surrogate pair is the only reason why a string of the parser is not UTF-8.
        self.lone_surrogate |= std::str::from_utf8(string).is_err();
    }
}

fn string(value: &RawValue) -> Vec<u8> {
    let mut reader = serde_json::Deserializer::from_str(value.get());
    Bytes.deserialize(&mut reader).expect("a string of JSON")
}

fn items(value: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(value.get()).expect("an array of JSON")
}

fn members(value: &RawValue) -> Vec<(Vec<u8>, &RawValue)> {
    let mut reader = serde_json::Deserializer::from_str(value.get());
    reader.deserialize_map(Members).expect("an object of JSON")
}

/// A string as bytes: UTF-8, but half of a surrogate pair as three bytes that are not UTF-8.
struct Bytes;

impl<'de> DeserializeSeed<'de> for Bytes {
    type Value = Vec<u8>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Vec<u8>, D::Error> {
        reader.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_str<E>(self, text: &str) -> Result<Vec<u8>, E> {
        Ok(text.as_bytes().to_vec())
    }
}

/// The members of an object in their order, with all members of a repeated key.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(Vec<u8>, &'de RawValue)>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = map.next_key_seed(Bytes)? {
            members.push((key, map.next_value()?));
        }
        Ok(members)
    }
}

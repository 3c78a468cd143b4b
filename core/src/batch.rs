//! The rules for array arguments: how many items, and of which kinds.

use serde::{Deserialize, Deserializer};

use crate::{Refusal, uuid};

/// The kind of JSON value that a key of an item must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A JSON string.
    Text,
    /// A JSON string with a UUID in its usual form.
    Uuid,
    /// A JSON number without a fraction, of 32 bits.
    Integer,
    /// A JSON number without a fraction, of 64 bits.
    BigInteger,
}

/// The refusal (22023) of a value of the wrong kind in an item. [`Refusal::in_item`] adds its place.
pub fn wrong_kind(argument: &'static str, kind: Kind) -> Refusal {
    match kind {
        Kind::Text => Refusal::invalid(argument, "must be a string", "Put it in quotes."),
        Kind::Uuid => Refusal::invalid(
            argument,
            "must be a UUID",
            "Write it as 8-4-4-4-12 hexadecimal digits.",
        ),
        Kind::Integer => Refusal::invalid(
            argument,
            "must be an integer",
            "Pass a whole number of at most 2147483647.",
        ),
        Kind::BigInteger => Refusal::invalid(
            argument,
            "must be an integer",
            "Pass a whole number of at most 9223372036854775807.",
        ),
    }
}

/// The refusal (22023) of an item that is not an object.
pub fn item_not_object(array: &str, position: usize) -> Refusal {
    Refusal::invalid_item(
        array,
        position,
        "must be a JSON object",
        "Wrap the value in one.",
    )
}

/// The refusal (22023) of an item with an unknown key; `hint` lists the known ones. The refusal does not repeat the key,
/// which may be any text.
pub fn item_unknown_key(array: &str, position: usize, hint: &'static str) -> Refusal {
    Refusal::invalid_item(array, position, "has an unknown key", hint)
}

/// Refuses (22023) a batch of more than `most` items.
pub fn size(argument: &'static str, items: usize, most: usize) -> Result<(), Refusal> {
    if items > most {
        return Err(Refusal::invalid(
            argument,
            &format!("has more than {most} items"),
            "Send it in several calls.",
        ));
    }
    Ok(())
}

/// The name by which a host's deserializer recognizes a field that takes a UUID.
pub const UUID: &str = "Uuid";

/// A field that takes a UUID. The host's deserializer refuses any other text.
pub fn uuid<'de, D: Deserializer<'de>>(given: D) -> Result<Option<[u8; 16]>, D::Error> {
    #[derive(Deserialize)]
    struct Uuid<'a>(&'a str);
    Ok(Option::<Uuid>::deserialize(given)?.and_then(|text| uuid::parse(text.0)))
}

/// A field that takes any JSON value. The host's deserializer returns it as text.
pub fn json<'de, D: Deserializer<'de>>(given: D) -> Result<Option<&'de str>, D::Error> {
    #[derive(Deserialize)]
    struct Json<'a>(&'a str);
    Ok(Option::<Json>::deserialize(given)?.map(|json| json.0))
}

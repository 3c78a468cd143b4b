//! What the items of an array argument may be.

use crate::Refusal;

/// What a JSON value was expected to be, in the sentence that refuses it.
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

/// A value of an item that is of the wrong kind.
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

/// An item that is no object.
pub fn item_not_object(array: &str, position: usize) -> Refusal {
    Refusal::invalid_item(
        array,
        position,
        "must be a JSON object",
        "Wrap the value in one.",
    )
}

/// An item with a key that nobody knows; `hint` names those that are known. The key is not repeated: it may be anything.
pub fn item_unknown_key(array: &str, position: usize, hint: &'static str) -> Refusal {
    Refusal::invalid_item(array, position, "has an unknown key", hint)
}

/// The size of a batch: at most `most` items.
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

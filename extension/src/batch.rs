//! Arguments that are arrays of objects: the items of a batch, each read by its keys.

use chatkeep_core::batch::{self, Kind};
use chatkeep_core::{Refusal, uuid};

use crate::postgres::connection::Connection;
use crate::postgres::datum::{Datum, Uuid};
use crate::postgres::jsonb::{Array, Json};

/// An array argument whose items are objects.
pub struct Batch<const KEYS: usize> {
    /// Its name.
    pub argument: &'static str,
    /// The most items it may have.
    pub most: usize,
    /// The keys an item may have.
    pub keys: [&'static str; KEYS],
    /// The sentence that lists them.
    pub keys_hint: &'static str,
}

/// A key that items may have.
#[derive(Clone, Copy)]
pub struct Key {
    position: usize,
}

impl<const KEYS: usize> Batch<KEYS> {
    /// Finds a key by its name. In a constant, a name that is none of the keys does not compile.
    pub const fn key(&self, name: &str) -> Key {
        let mut position = 0;
        while position < KEYS && !is_same(self.keys[position], name) {
            position += 1;
        }
        assert!(position < KEYS, "no item has a key of this name");
        Key { position }
    }

    /// Reads each item by `read`. A refusal names the item.
    pub fn read<'c, T>(
        &self,
        connection: Connection<'c>,
        array: Option<Datum<'c>>,
        read: impl Fn(&Item<'c, KEYS>) -> Result<T, Refusal>,
    ) -> Result<Vec<T>, Refusal> {
        let array = array.ok_or_else(|| Refusal::missing(self.argument))?;
        let Some(array) = Array::of(connection, array) else {
            return Err(Refusal::invalid(
                self.argument,
                "must be a JSON array",
                "Wrap the value in one.",
            ));
        };
        batch::size(self.argument, array.len() as usize, self.most)?;
        (0..array.len())
            .map(|position| {
                let place = position as usize;
                let object = array
                    .object(position)
                    .ok_or_else(|| batch::item_not_object(self.argument, place))?;
                // Most items have few of the keys. Once all keys of an item are found, no other is looked for.
                let mut unknown = object.len();
                let values = self.keys.map(|key| {
                    let value = (unknown > 0).then(|| object.get(key)).flatten();
                    unknown -= u32::from(value.is_some());
                    value
                });
                if unknown > 0 {
                    return Err(batch::item_unknown_key(
                        self.argument,
                        place,
                        self.keys_hint,
                    ));
                }
                let item = Item {
                    keys: self.keys,
                    values,
                    connection,
                };
                read(&item).map_err(|refusal| refusal.in_item(self.argument, place))
            })
            .collect()
    }
}

const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut position = 0;
    while position < one.len() && position < other.len() && one[position] == other[position] {
        position += 1;
    }
    position == one.len() && position == other.len()
}

/// An item of a batch. A key whose value is null counts as absent.
pub struct Item<'c, const KEYS: usize> {
    keys: [&'static str; KEYS],
    values: [Option<Json<'c>>; KEYS],
    connection: Connection<'c>,
}

impl<'c, const KEYS: usize> Item<'c, KEYS> {
    /// A string, borrowed from the jsonb.
    pub fn text(&self, key: Key) -> Result<Option<&'c str>, Refusal> {
        self.read(key, Kind::Text, Json::text)
    }

    /// A string that is a UUID.
    pub fn uuid(&self, key: Key) -> Result<Option<Uuid>, Refusal> {
        self.read(key, Kind::Uuid, |value| value.text().and_then(uuid::parse))
    }

    /// A whole number of 32 bits.
    pub fn integer(&self, key: Key) -> Result<Option<i32>, Refusal> {
        self.read(key, Kind::Integer, Json::number)
    }

    /// A whole number of 64 bits.
    pub fn big_integer(&self, key: Key) -> Result<Option<i64>, Refusal> {
        self.read(key, Kind::BigInteger, Json::number)
    }

    /// Any value, as a jsonb of its own.
    pub fn jsonb(&self, key: Key) -> Option<Datum<'c>> {
        self.value(key).map(|value| value.jsonb(self.connection))
    }

    fn read<T>(
        &self,
        key: Key,
        kind: Kind,
        read: impl FnOnce(&Json<'c>) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        match read(value) {
            Some(value) => Ok(Some(value)),
            None => Err(batch::wrong_kind(self.keys[key.position], kind)),
        }
    }

    fn value(&self, key: Key) -> Option<&Json<'c>> {
        let value = self.values.get(key.position)?.as_ref()?;
        (!value.is_null()).then_some(value)
    }
}

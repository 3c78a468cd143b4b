//! Arguments that are arrays of objects. Each item is read into a struct of core, whose fields are the keys it may have.
//!
//! The keys are looked up in the order of the fields, so the first fault in that order is the one that is reported.

use std::fmt;

use chatkeep_core::batch::{self, Kind};
use chatkeep_core::{Refusal, uuid};
use serde::de::value::{BorrowedStrDeserializer, MapDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use crate::postgres::connection::Connection;
use crate::postgres::datum::Datum;
use crate::postgres::error;
use crate::postgres::jsonb::{Array, Json};

/// An array argument whose items are objects.
pub struct Batch {
    /// Its name.
    pub argument: &'static str,
    /// The most items it may have.
    pub most: usize,
    /// The sentence that lists the keys of an item.
    pub keys_hint: &'static str,
}

impl Batch {
    /// Reads each item as an `I`, and that by `read`. A refusal names the item.
    pub fn read<'c, I: Deserialize<'c>, T>(
        &self,
        connection: Connection<'c>,
        array: Option<Datum<'c>>,
        read: impl Fn(I, Given<'c>) -> Result<T, Refusal>,
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
                let item = Given {
                    key: "",
                    value: array.get(position).unwrap_or_else(|| {
                        error::internal("an array has fewer items than it says")
                    }),
                    connection,
                };
                let arguments = I::deserialize(item).map_err(|fault| match fault {
                    Fault::NotObject => batch::item_not_object(self.argument, place),
                    Fault::UnknownKey => {
                        batch::item_unknown_key(self.argument, place, self.keys_hint)
                    }
                    Fault::WrongKind(key, kind) => {
                        batch::wrong_kind(key, kind).in_item(self.argument, place)
                    }
                })?;
                read(arguments, item).map_err(|refusal| refusal.in_item(self.argument, place))
            })
            .collect()
    }
}

/// An item, or the value of one of its keys.
#[derive(Clone, Copy)]
pub struct Given<'c> {
    key: &'static str,
    value: Json<'c>,
    connection: Connection<'c>,
}

impl<'c> Given<'c> {
    /// The value of a key of the item, as a jsonb of its own. A key whose value is null counts as absent.
    pub fn jsonb(self, key: &str) -> Option<Datum<'c>> {
        let value = self.value.object()?.get(key)?;
        (!value.is_null()).then(|| value.jsonb(self.connection))
    }

    fn of_kind<T>(self, kind: Kind, value: Option<T>) -> Result<T, Fault> {
        value.ok_or(Fault::WrongKind(self.key, kind))
    }
}

/// The type of a field decides how its value is read.
impl<'de> Deserializer<'de> for Given<'de> {
    type Error = Fault;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        keys: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let object = self.value.object().ok_or(Fault::NotObject)?;
        // Most items have few of the keys. Once all keys of an item are found, no other is looked for.
        let mut unknown = object.len() as usize;
        let mut found = Vec::with_capacity(unknown.min(keys.len()));
        for key in keys {
            if unknown == 0 {
                break;
            }
            if let Some(value) = object.get(key) {
                unknown -= 1;
                found.push((*key, Self { key, value, ..self }));
            }
        }
        if unknown > 0 {
            return Err(Fault::UnknownKey);
        }
        visitor.visit_map(MapDeserializer::new(found.into_iter()))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.value.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_borrowed_str(self.of_kind(Kind::Text, self.value.text())?)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_i32(self.of_kind(Kind::Integer, self.value.number())?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_i64(self.of_kind(Kind::BigInteger, self.value.number())?)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let text = if name == batch::UUID {
            let text = self.value.text().filter(|text| uuid::parse(text).is_some());
            self.of_kind(Kind::Uuid, text)?
        } else {
            self.value.printed(self.connection)
        };
        visitor.visit_newtype_struct(BorrowedStrDeserializer::new(text))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Fault> {
        error::internal("an item has no field of this type")
    }

    forward_to_deserialize_any! {
        bool i8 i16 i128 u8 u16 u32 u64 u128 f32 f64 char string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Fault> for Given<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Why an item cannot be read.
#[derive(Debug)]
pub enum Fault {
    NotObject,
    UnknownKey,
    WrongKind(&'static str, Kind),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item cannot be read")
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    /// serde's own faults. A struct whose fields are optional has none.
    fn custom<T: fmt::Display>(message: T) -> Self {
        error::internal(&message.to_string())
    }
}

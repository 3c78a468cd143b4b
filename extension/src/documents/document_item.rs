//! A document to register.

use chatkeep_core::Refusal;
use chatkeep_core::document::{self, NewDocument};
use pgrx::{IntoDatum, pg_sys};
use std::borrow::Cow;

use crate::postgres::array;
use crate::postgres::datum::{text, uuid};
use crate::postgres::jsonb_text as json;

/// A document to register, checked. `None` is NULL.
pub struct Item {
    pub source_uri: String,
    pub checksum: String,
    pub title: Option<pg_sys::Datum>,
    pub mime_type: Option<pg_sys::Datum>,
    pub byte_size: Option<pg_sys::Datum>,
    pub visibility: &'static str,
    /// Tags and properties, unless both are empty.
    pub metadata: Option<(pg_sys::Datum, pg_sys::Datum)>,
}

impl Item {
    /// Whether the tenant may read it.
    pub fn is_shared(&self) -> bool {
        self.visibility == "tenant"
    }

    /// Whether it says more than where its bytes came from.
    pub fn is_described(&self) -> bool {
        let given = [self.title, self.mime_type, self.byte_size];
        self.metadata.is_some() || given.iter().any(Option::is_some)
    }
}

/// The arguments of `register_document`, as they come.
pub struct Given<'a> {
    pub source_uri: Option<&'a str>,
    pub checksum: Option<&'a str>,
    pub title: Option<&'a str>,
    pub mime_type: Option<&'a str>,
    pub byte_size: Option<i64>,
    pub tags: Option<pg_sys::Datum>,
    pub visibility: Option<&'a str>,
    pub properties: Option<pg_sys::Datum>,
}

impl Given<'_> {
    pub fn check(self) -> Result<Item, Refusal> {
        let (tags, properties) = (json::text(self.tags), json::text(self.properties));
        let stored = NewDocument {
            source_uri: self.source_uri,
            checksum: self.checksum,
            title: self.title,
            mime_type: self.mime_type,
            byte_size: self.byte_size,
            tags: tags.as_deref(),
            visibility: self.visibility,
            properties: properties.as_deref(),
        }
        .check()?;
        let is_empty = |text: &Option<Cow<str>>| text.as_deref() == Some("{}");
        let is_described = !is_empty(&tags) || !is_empty(&properties);
        Ok(Item {
            source_uri: stored.source_uri.into_owned(),
            checksum: stored.checksum,
            title: self.title.and_then(text),
            mime_type: self.mime_type.and_then(text),
            byte_size: self.byte_size.into_datum(),
            visibility: document::VISIBILITIES
                .into_iter()
                .find(|known| Some(*known) == self.visibility)
                .unwrap_or("private"),
            metadata: self.tags.zip(self.properties).filter(|_| is_described),
        })
    }
}

/// How a document came to be, and which it is.
pub type Done = (&'static str, [u8; 16]);

pub const CREATED: &str = "created";
pub const DUPLICATE: &str = "duplicate";

pub fn array(
    element: array::Element,
    items: &[&Item],
    value: impl Fn(&Item) -> Option<pg_sys::Datum>,
) -> pg_sys::Datum {
    array::of(element, items.iter().map(|item| value(item)))
}

pub fn texts(items: &[&Item], value: impl Fn(&Item) -> &str) -> pg_sys::Datum {
    array(array::TEXT, items, |item| text(value(item)))
}

pub fn uuids(ids: &[[u8; 16]]) -> pg_sys::Datum {
    array::of(array::UUID, ids.iter().map(|id| Some(uuid(id))))
}

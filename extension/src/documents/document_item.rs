//! A document to register, as an item of a batch or by arguments.

use chatkeep_core::documents::document::{self, NewDocument};
use chatkeep_core::{Refusal, limits};
use std::borrow::Cow;

use crate::batch::{self, Batch};
use crate::call::Call;
use crate::postgres::datum::Datum;
use crate::postgres::jsonb;

const DOCUMENTS: Batch<{ document::ITEM_KEYS.len() }> = Batch {
    argument: "documents",
    most: limits::BATCH_DOCUMENTS,
    keys: document::ITEM_KEYS,
    keys_hint: document::ITEM_KEYS_HINT,
};

/// The keys of an item.
mod key {
    use super::DOCUMENTS;
    use crate::batch::Key;

    pub const SOURCE_URI: Key = DOCUMENTS.key("source_uri");
    pub const CHECKSUM: Key = DOCUMENTS.key("checksum");
    pub const TITLE: Key = DOCUMENTS.key("title");
    pub const MIME_TYPE: Key = DOCUMENTS.key("mime_type");
    pub const BYTE_SIZE: Key = DOCUMENTS.key("byte_size");
    pub const TAGS: Key = DOCUMENTS.key("tags");
    pub const VISIBILITY: Key = DOCUMENTS.key("visibility");
    pub const PROPERTIES: Key = DOCUMENTS.key("properties");
}

/// A document to register, checked.
pub struct DocumentItem<'c> {
    pub source_uri: String,
    pub checksum: String,
    pub title: Option<Cow<'c, str>>,
    pub mime_type: Option<Cow<'c, str>>,
    pub byte_size: Option<i64>,
    pub visibility: &'static str,
    /// Tags and properties, unless both are empty.
    pub metadata: Option<(Datum<'c>, Datum<'c>)>,
}

impl<'c> DocumentItem<'c> {
    /// Whether the tenant may read it.
    pub fn is_shared(&self) -> bool {
        self.visibility == "tenant"
    }

    /// Whether it describes the document, beyond its source and its bytes.
    pub fn is_described(&self) -> bool {
        self.title.is_some()
            || self.mime_type.is_some()
            || self.byte_size.is_some()
            || self.metadata.is_some()
    }

    /// Its tags, if it has metadata.
    pub fn tags(&self) -> Option<Datum<'c>> {
        self.metadata.map(|(tags, _)| tags)
    }

    /// Its properties, if it has metadata.
    pub fn properties(&self) -> Option<Datum<'c>> {
        self.metadata.map(|(_, properties)| properties)
    }
}

/// The arguments of `register_document`, as they come.
pub struct DocumentArguments<'c> {
    pub source_uri: Option<Cow<'c, str>>,
    pub checksum: Option<Cow<'c, str>>,
    pub title: Option<Cow<'c, str>>,
    pub mime_type: Option<Cow<'c, str>>,
    pub byte_size: Option<i64>,
    pub tags: Option<Datum<'c>>,
    pub visibility: Option<Cow<'c, str>>,
    pub properties: Option<Datum<'c>>,
}

impl<'c> DocumentArguments<'c> {
    /// Reads an item of a batch. The first fault in the order of the keys is the one that is reported.
    fn of(item: &batch::Item<'c, { document::ITEM_KEYS.len() }>) -> Result<Self, Refusal> {
        let text = |key| Ok(item.text(key)?.map(Cow::Borrowed));
        let object = |key| Some(item.jsonb(key).unwrap_or_else(jsonb::empty_object));
        Ok(Self {
            source_uri: text(key::SOURCE_URI)?,
            checksum: text(key::CHECKSUM)?,
            title: text(key::TITLE)?,
            mime_type: text(key::MIME_TYPE)?,
            byte_size: item.big_integer(key::BYTE_SIZE)?,
            tags: object(key::TAGS),
            visibility: text(key::VISIBILITY)?.or(Some(Cow::Borrowed("private"))),
            properties: object(key::PROPERTIES),
        })
    }

    /// Checks the arguments.
    pub fn check(self) -> Result<DocumentItem<'c>, Refusal> {
        let (tags, properties) = (self.tags.map(jsonb::text), self.properties.map(jsonb::text));
        let stored = NewDocument {
            source_uri: self.source_uri.as_deref(),
            checksum: self.checksum.as_deref(),
            title: self.title.as_deref(),
            mime_type: self.mime_type.as_deref(),
            byte_size: self.byte_size,
            tags: tags.as_deref(),
            visibility: self.visibility.as_deref(),
            properties: properties.as_deref(),
        }
        .check()?;
        let is_empty = |text: &Option<Cow<str>>| text.as_deref() == Some("{}");
        let is_described = !is_empty(&tags) || !is_empty(&properties);
        let visibility = document::VISIBILITIES
            .into_iter()
            .find(|known| Some(*known) == self.visibility.as_deref())
            .unwrap_or("private");
        Ok(DocumentItem {
            source_uri: stored.source_uri.into_owned(),
            checksum: stored.checksum,
            title: self.title,
            mime_type: self.mime_type,
            byte_size: self.byte_size,
            visibility,
            metadata: self.tags.zip(self.properties).filter(|_| is_described),
        })
    }
}

/// Reads and checks all items of a batch before anything is written.
pub fn read_all<'c>(
    call: Call<'c>,
    documents: Option<Datum<'c>>,
) -> Result<Vec<DocumentItem<'c>>, Refusal> {
    DOCUMENTS.read(call.connection, documents, |item| {
        DocumentArguments::of(item)?.check()
    })
}

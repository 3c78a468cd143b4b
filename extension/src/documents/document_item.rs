//! A document to register, as an item of a batch or by arguments.

use chatkeep_core::documents::document::{self, NewDocument};
use chatkeep_core::{Refusal, limits};
use std::borrow::Cow;

use crate::batch::{Batch, Given};
use crate::call::Call;
use crate::postgres::datum::Datum;
use crate::postgres::jsonb;

const DOCUMENTS: Batch = Batch {
    argument: "documents",
    most: limits::BATCH_DOCUMENTS,
    keys_hint: document::ITEM_KEYS_HINT,
};

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
    /// Checks the arguments. `metadata` returns tags and properties, if one of them is not empty.
    fn of(
        given: &NewDocument,
        (title, mime_type): (Option<Cow<'c, str>>, Option<Cow<'c, str>>),
        metadata: impl FnOnce() -> Option<(Datum<'c>, Datum<'c>)>,
    ) -> Result<Self, Refusal> {
        let stored = given.check()?;
        let visibility = document::VISIBILITIES
            .into_iter()
            .find(|known| Some(*known) == given.visibility)
            .unwrap_or("private");
        let has_metadata = given.tags != Some("{}") || given.properties != Some("{}");
        Ok(Self {
            source_uri: stored.source_uri.into_owned(),
            checksum: stored.checksum,
            title,
            mime_type,
            byte_size: given.byte_size,
            visibility,
            metadata: has_metadata.then(metadata).flatten(),
        })
    }

    /// Checks an item of a batch.
    fn of_item(given: NewDocument<'c>, item: Given<'c>) -> Result<Self, Refusal> {
        let given = given.or_defaults();
        let described = (
            given.title.map(Cow::Borrowed),
            given.mime_type.map(Cow::Borrowed),
        );
        let object = |key| item.jsonb(key).unwrap_or_else(jsonb::empty_object);
        Self::of(&given, described, || {
            Some((object("tags"), object("properties")))
        })
    }

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
    /// Checks the arguments.
    pub fn check(self) -> Result<DocumentItem<'c>, Refusal> {
        let (tags, properties) = (self.tags.map(jsonb::text), self.properties.map(jsonb::text));
        let given = NewDocument {
            source_uri: self.source_uri.as_deref(),
            checksum: self.checksum.as_deref(),
            title: self.title.as_deref(),
            mime_type: self.mime_type.as_deref(),
            byte_size: self.byte_size,
            tags: tags.as_deref(),
            visibility: self.visibility.as_deref(),
            properties: properties.as_deref(),
        };
        let described = (self.title.clone(), self.mime_type.clone());
        DocumentItem::of(&given, described, || self.tags.zip(self.properties))
    }
}

/// Reads and checks all items of a batch before anything is written.
pub fn read_all<'c>(
    call: Call<'c>,
    documents: Option<Datum<'c>>,
) -> Result<Vec<DocumentItem<'c>>, Refusal> {
    DOCUMENTS.read(call.connection, documents, DocumentItem::of_item)
}

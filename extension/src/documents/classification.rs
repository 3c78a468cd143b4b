//! Classifies documents to register: what is stored of each, and what is to be done with it.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::documents::document_item::DocumentItem;
use crate::documents::registrar::{Registered, Registrar};
use crate::postgres::array;
use crate::postgres::datum::{Uuid, Value, values};
use crate::postgres::statement::{sql_file, statements};

statements! {
    // Both engines classify by the same function, where the classes are explained.
    CLASSIFY(UUIDOID, UUIDOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, BOOLARRAYOID) = c"
        select c.class, c.document_id, c.shared
        from chatkeep_private.classify_documents($1, $2, $3, $4, $5, $6) c";
    // Whether a private batch is new: no document of the owner has one of its sources, and the tenant shares none of
    // its bytes. Private bytes need no check, since the insert skips the ones that are stored.
    IS_NEW(UUIDOID, UUIDOID, TEXTARRAYOID, TEXTARRAYOID) = sql_file!("statements/is_new.sql");
}

/// What is to be done with an item.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Nothing.
    Duplicate,
    /// One more source of a known document, which no other document has.
    Alias,
    /// New bytes of a new source.
    New,
    /// A known document and source. The document has to change, and no other does.
    Again,
    /// Anything else.
    Other,
}

impl Class {
    fn of(name: Option<&str>) -> Self {
        match name {
            Some("duplicate") => Self::Duplicate,
            Some("alias") => Self::Alias,
            Some("new") => Self::New,
            Some("again") => Self::Again,
            _ => Self::Other,
        }
    }
}

/// What is stored of each item, and the class of the item.
pub struct Classification {
    pub classes: Vec<Class>,
    pub ids: Vec<Option<Uuid>>,
    /// Whether the tenant shares the document.
    shared: Vec<bool>,
}

impl Classification {
    /// Whether the rest of the work may change what the tenant shares. Colleagues write to a shared document under the
    /// tenant's lock, so its owner has to take that lock too. An item that takes a source from other documents may take
    /// it from a shared one.
    pub fn writes_shared(&self) -> bool {
        let found = self.classes.iter().zip(&self.shared);
        found.into_iter().any(|(class, is_shared)| {
            *class == Class::Other || (*class != Class::Duplicate && *is_shared)
        })
    }

    pub fn is_settled(&self) -> bool {
        self.classes.iter().all(|class| *class == Class::Duplicate)
    }

    /// The documents that are stored as they are; `None` for an item with work left to do.
    pub fn duplicates(&self) -> Vec<Option<Registered>> {
        let found = self.classes.iter().zip(&self.ids);
        found
            .map(|(class, id)| {
                id.filter(|_| *class == Class::Duplicate)
                    .map(Registered::duplicate)
            })
            .collect()
    }
}

impl Registrar<'_> {
    /// Classifies the items.
    pub fn classify(&self, items: &[&DocumentItem]) -> Classification {
        let is_described = |item: &DocumentItem| Value::Boolean(item.is_described());
        let arguments = values![
            self.tenant,
            self.owner,
            self.texts(items, |item| &item.source_uri),
            self.texts(items, |item| &item.checksum),
            self.texts(items, |item| item.visibility),
            self.array(array::BOOLEAN, items, is_described),
        ];
        let rows = CLASSIFY.execute(self.connection, &arguments);
        let class = |name: Option<Cow<str>>| Class::of(name.as_deref());
        Classification {
            classes: rows.column(1).map(class).collect(),
            ids: rows.column(2).collect(),
            shared: rows
                .column(3)
                .map(|is_shared| is_shared == Some(true))
                .collect(),
        }
    }

    /// Whether all items are new and private, and no two have the same bytes or the same source.
    pub fn is_new(&self, items: &[&DocumentItem]) -> bool {
        let differ = |value: for<'i> fn(&'i DocumentItem) -> &'i str| {
            let values: HashSet<&str> = items.iter().map(|item| value(item)).collect();
            values.len() == items.len()
        };
        // The owner may have shared bytes as a private document, and no index would stop the insert.
        let is_private = !items.iter().any(|item| item.is_shared());
        is_private && differ(|item| &item.source_uri) && differ(|item| &item.checksum) && {
            let arguments = values![
                self.tenant,
                self.owner,
                self.texts(items, |item| &item.source_uri),
                self.texts(items, |item| &item.checksum),
            ];
            IS_NEW.execute(self.connection, &arguments).get(1) == Some(true)
        }
    }
}

//! What is to be done with documents to register.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::documents::document_item::DocumentItem;
use crate::documents::registrar::{Registered, Registrar};
use crate::postgres::array;
use crate::postgres::datum::{Uuid, Value, values};
use crate::postgres::rows::Rows;
use crate::postgres::statement::{sql_file, statements};

statements! {
    // What to make of each item: `duplicate` where its document and this source of it are stored, `alias` where only the
    // source is new, `new` where neither bytes nor source are known, `again` where the document itself has to change, `other`
    // where more has to be done. A source is one private document's, but colleagues add theirs to what is shared, where the
    // owner may have them elsewhere.
    CLASSIFY(UUIDOID, UUIDOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, BOOLARRAYOID) = sql_file!("statements/classify.sql");
    // Whether nobody knows anything of a private batch: no source is held by a document of the owner, no bytes are shared in
    // the tenant. Private bytes are left to the insert, which passes over what is there.
    IS_NEW(UUIDOID, UUIDOID, TEXTARRAYOID, TEXTARRAYOID) = sql_file!("statements/is_new.sql");
}

/// The column of CLASSIFY that says who sees the document.
const VISIBILITY: i32 = 13;

/// What is to be done with an item.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Nothing.
    Duplicate,
    /// One more source of a known document, which no other document has.
    Alias,
    /// New bytes of a new source.
    New,
    /// A known document and source, which has to change itself and no other.
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

/// What was found of each item.
pub struct Classification<'c> {
    pub rows: Rows<'c>,
    pub classes: Vec<Class>,
    pub ids: Vec<Option<Uuid>>,
    /// Whether the tenant shares the document.
    shared: Vec<bool>,
}

impl Classification<'_> {
    /// Whether what is left to do may change what the tenant shares. Colleagues write to a shared document under the
    /// tenant's lock, so its owner does too; whoever takes a source from other documents may come to one.
    pub fn writes_shared(&self) -> bool {
        let found = self.classes.iter().zip(&self.shared);
        found.into_iter().any(|(class, is_shared)| {
            *class == Class::Other || (*class != Class::Duplicate && *is_shared)
        })
    }

    pub fn is_settled(&self) -> bool {
        self.classes.iter().all(|class| *class == Class::Duplicate)
    }

    /// What is stored as it is; `None` where something is left to do.
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

impl<'c> Registrar<'c> {
    /// What is stored of each item, and what is to be done with it.
    pub fn classify(&self, items: &[&DocumentItem]) -> Classification<'c> {
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
        let is_tenant = |visibility: Option<Cow<str>>| visibility.as_deref() == Some("tenant");
        Classification {
            rows,
            classes: rows.column(1).map(class).collect(),
            ids: rows.column(2).collect(),
            shared: rows.column(VISIBILITY).map(is_tenant).collect(),
        }
    }

    /// Whether nothing of these items is known, and each is about other bytes and another source.
    pub fn is_new(&self, items: &[&DocumentItem]) -> bool {
        let differ = |value: for<'i> fn(&'i DocumentItem) -> &'i str| {
            let values: HashSet<&str> = items.iter().map(|item| value(item)).collect();
            values.len() == items.len()
        };
        // Shared bytes may be what the owner has as a private document, which no index holds against the insert.
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

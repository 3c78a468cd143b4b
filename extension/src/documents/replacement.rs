//! Changes of documents that are stored.

use std::borrow::Cow;

use crate::documents::document_item::DocumentItem;
use crate::documents::registrar::Registrar;
use crate::postgres::datum::{Uuid, values};
use crate::postgres::statement::{sql_file, statements};

statements! {
    // Keeps a document as it is until other documents have given their source to it.
    HOLD(UUIDOID, UUIDOID) = sql_file!("statements/hold.sql");
    // A source leaves the document that is named by it: the next of its aliases takes its place, and without one it is
    // history. A colleague's source may be what the owner has elsewhere, and names nothing then.
    RELEASE_SOURCE(UUIDOID, UUIDOID, TEXTOID, UUIDOID) = sql_file!("statements/release_source.sql");
    RELEASE_ALIAS(UUIDOID, UUIDOID, TEXTOID, UUIDOID) = sql_file!("statements/release_alias.sql");
    // An ingest that failed, or was given up, begins anew, and one that has not begun takes what its owner says last. By one
    // update: a second one of a colleague's document would wait for that colleague's row, which a move may hold.
    RENEW(UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, INT8OID, TEXTARRAYOID, TEXTOID) = sql_file!("statements/renew.sql");
    LIVE(UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID) = sql_file!("statements/live_document.sql");
    DESCRIBE(UUIDOID, UUIDOID, UUIDOID, JSONBOID, JSONBOID) = sql_file!("statements/describe.sql");
}

impl Registrar<'_> {
    /// Locks a document; false where it is history by now.
    pub fn hold(&self, id: Uuid) -> bool {
        !HOLD
            .execute(self.connection, &values![self.tenant, id])
            .is_empty()
    }

    /// Takes the item's source from the documents that hold it, other than `except`, and returns the one it was of.
    pub fn release(&self, item: &DocumentItem, except: Option<Uuid>) -> Option<Uuid> {
        let source = item.source_uri.as_str();
        let arguments = values![self.tenant, self.owner, source, except];
        let own = RELEASE_SOURCE.execute(self.connection, &arguments).get(1);
        let shared = RELEASE_ALIAS.execute(self.connection, &arguments).get(1);
        own.or(shared)
    }

    /// Brings a stored document up to what the item says. False where it is history by now, or cannot be changed.
    pub fn renew(&self, item: &DocumentItem, companions: &[&DocumentItem], id: Uuid) -> bool {
        let sources = std::iter::once(item).chain(companions.iter().copied());
        let sources = sources.map(|item| item.source_uri.as_str());
        let renewed = values![
            self.tenant,
            id,
            self.owner,
            item.title.as_deref(),
            item.mime_type.as_deref(),
            item.byte_size,
            self.connection.texts(sources),
            item.visibility,
        ];
        RENEW.execute(self.connection, &renewed);
        let source = item.source_uri.as_str();
        let live = values![self.tenant, id, self.owner, source, item.visibility];
        let live = LIVE.execute(self.connection, &live);
        if let (Some(true), Some((tags, properties))) = (live.get(1), item.metadata) {
            let described = values![self.tenant, id, self.owner, tags, properties];
            DESCRIBE.execute(self.connection, &described);
            let access: Option<Cow<str>> = live.get(2);
            self.insert_metadata(&[(item, id)], access.as_deref());
        }
        !live.is_empty()
    }
}

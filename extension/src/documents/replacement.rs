//! Changes documents that are stored.

use std::borrow::Cow;

use crate::documents::document_item::DocumentItem;
use crate::documents::registrar::Registrar;
use crate::postgres::datum::{Uuid, values};
use crate::postgres::statement::{sql_file, statements};

statements! {
    // Keeps a document from changing until other documents have given their source to it.
    HOLD(UUIDOID, UUIDOID) = sql_file!("statements/hold.sql");
    // Takes a source from the document that is named by it. The document takes the next of its aliases as its name.
    // Without one it is archived. An alias that a colleague added may be a source that the owner has in another
    // document, so it names nothing.
    RELEASE_SOURCE(UUIDOID, UUIDOID, TEXTOID, UUIDOID) = sql_file!("statements/release_source.sql");
    RELEASE_ALIAS(UUIDOID, UUIDOID, TEXTOID, UUIDOID) = sql_file!("statements/release_alias.sql");
    // Restarts an ingest that failed or was given up. An ingest that has not begun takes the owner's newest
    // description. It is one update: a second update of a colleague's document would wait for the colleague's row,
    // which a move may hold.
    RENEW(UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, INT8OID, TEXTARRAYOID, TEXTOID) = sql_file!("statements/renew.sql");
    LIVE(UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID) = sql_file!("statements/live_document.sql");
    DESCRIBE(UUIDOID, UUIDOID, UUIDOID, JSONBOID, JSONBOID) = sql_file!("statements/describe.sql");
}

impl Registrar<'_> {
    /// Locks a document. Returns false if it is archived or deleted by now.
    pub fn hold(&self, id: Uuid) -> bool {
        !HOLD
            .execute(self.connection, &values![self.tenant, id])
            .is_empty()
    }

    /// Takes the item's source from all documents that have it, except one. Returns the document that was named by it,
    /// or else one that listed it.
    pub fn release(&self, item: &DocumentItem, except: Option<Uuid>) -> Option<Uuid> {
        let source = item.source_uri.as_str();
        let arguments = values![self.tenant, self.owner, source, except];
        let own = RELEASE_SOURCE.execute(self.connection, &arguments).get(1);
        let shared = RELEASE_ALIAS.execute(self.connection, &arguments).get(1);
        own.or(shared)
    }

    /// Updates a stored document to what the item says. Returns false if it is archived by now, or cannot be changed.
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

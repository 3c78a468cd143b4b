//! Inserts new documents, and new sources of known ones.

use chatkeep_core::Refusal;
use std::collections::HashSet;

use crate::documents::document_item::DocumentItem;
use crate::documents::registrar::Registrar;
use crate::new_id::new_id;
use crate::postgres::array;
use crate::postgres::datum::{Uuid, values};
use crate::postgres::rows::Rows;
use crate::postgres::statement::{sql_file, statements};

statements! {
    INSERT(UUIDOID, UUIDOID, UUIDARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT8ARRAYOID, TEXTARRAYOID, UUIDOID) = sql_file!("statements/insert_documents.sql");
    INSERT_METADATA(UUIDOID, UUIDOID, UUIDARRAYOID, TEXTARRAYOID, JSONBARRAYOID, JSONBARRAYOID) = sql_file!("statements/insert_metadata.sql");
    ADD_ALIASES(UUIDOID, UUIDARRAYOID, TEXTARRAYOID) = sql_file!("statements/add_aliases.sql");
}

/// Documents that were inserted.
pub struct Inserted<'c> {
    /// Their rows.
    pub rows: Rows<'c>,
    /// The new id of each item; `None` where another transaction has just stored the same bytes or source.
    pub ids: Vec<Option<Uuid>>,
}

impl<'c> Registrar<'c> {
    /// Inserts documents with their tags and properties.
    pub fn insert(
        &self,
        items: &[&DocumentItem],
        supersedes: Option<Uuid>,
    ) -> Result<Inserted<'c>, Refusal> {
        // Sorted, so that the order of ids is the order of the batch.
        let mut ids: Vec<Uuid> = items.iter().map(|_| new_id()).collect();
        ids.sort_unstable();
        let arguments = values![
            self.tenant,
            self.owner,
            self.uuids(&ids),
            self.texts(items, |item| &item.source_uri),
            self.texts(items, |item| &item.checksum),
            self.array(array::TEXT, items, |item| item.title.as_deref().into()),
            self.array(array::TEXT, items, |item| item.mime_type.as_deref().into()),
            self.array(array::BIGINT, items, |item| item.byte_size.into()),
            self.texts(items, |item| item.visibility),
            supersedes,
        ];
        let rows = INSERT.execute(self.connection, &arguments);
        let stored: HashSet<Uuid> = rows.column(2).flatten().collect();
        let described: Vec<(&DocumentItem, Uuid)> = items
            .iter()
            .zip(&ids)
            .filter(|(item, id)| item.metadata.is_some() && stored.contains(*id))
            .map(|(item, id)| (*item, *id))
            .collect();
        if u64::try_from(described.len()) != Ok(self.insert_metadata(&described, None)) {
            return Err(Refusal::unwritten(
                "source_uri",
                "names a document whose metadata",
            ));
        }
        let ids = ids
            .into_iter()
            .map(|id| stored.contains(&id).then_some(id))
            .collect();
        Ok(Inserted { rows, ids })
    }

    /// Stores tags and properties of documents that have none, and returns the number of documents. `access` is that of
    /// the documents; without it the items say who has access.
    pub fn insert_metadata(&self, rows: &[(&DocumentItem, Uuid)], access: Option<&str>) -> u64 {
        if rows.is_empty() {
            return 0;
        }
        let (items, ids): (Vec<&DocumentItem>, Vec<Uuid>) = rows.iter().copied().unzip();
        let arguments = values![
            self.tenant,
            self.owner,
            self.uuids(&ids),
            self.texts(&items, |item| access.unwrap_or(item.visibility)),
            self.array(array::JSONB, &items, |item| item.tags().into()),
            self.array(array::JSONB, &items, |item| item.properties().into()),
        ];
        INSERT_METADATA.execute(self.connection, &arguments).len()
    }

    /// Adds sources to known documents, and returns the documents that were changed.
    pub fn add_aliases(&self, rows: &[(&DocumentItem, Uuid)]) -> HashSet<Uuid> {
        if rows.is_empty() {
            return HashSet::new();
        }
        let (items, ids): (Vec<&DocumentItem>, Vec<Uuid>) = rows.iter().copied().unzip();
        let arguments = values![
            self.tenant,
            self.uuids(&ids),
            self.texts(&items, |item| &item.source_uri),
        ];
        let changed = ADD_ALIASES.execute(self.connection, &arguments);
        changed.column(1).flatten().collect()
    }
}

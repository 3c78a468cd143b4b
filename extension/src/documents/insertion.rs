//! New documents, and new sources of known ones.

use chatkeep_core::Refusal;
use std::collections::HashSet;

use crate::documents::document_item::DocumentItem;
use crate::documents::registrar::Registrar;
use crate::new_id::new_id;
use crate::postgres::array;
use crate::postgres::datum::{Uuid, values};
use crate::postgres::rows::Rows;
use crate::postgres::statement::statements;

statements! {
    INSERT(UUIDOID, UUIDOID, UUIDARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT8ARRAYOID, TEXTARRAYOID, UUIDOID) = c"
        insert into chatkeep.documents as d (
          id, tenant_id, user_id, source_uri, checksum, title, mime_type, byte_size, visibility, supersedes
        )
        select i.id, $1, $2, i.source_uri, i.checksum, i.title, i.mime_type, i.byte_size, i.visibility, $10
        from rows from (pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6),
            pg_catalog.unnest($7), pg_catalog.unnest($8), pg_catalog.unnest($9))
          i (id, source_uri, checksum, title, mime_type, byte_size, visibility)
        on conflict do nothing
        returning 'created', d.id, d.tenant_id, d.user_id, d.source_uri, d.aliases, d.checksum, d.title, d.mime_type,
          d.byte_size, d.status, d.error, d.visibility, d.supersedes, d.created_at, d.updated_at, d.deleted_at, d.access";
    INSERT_METADATA(UUIDOID, UUIDOID, UUIDARRAYOID, TEXTARRAYOID, JSONBARRAYOID, JSONBARRAYOID) = c"
        insert into chatkeep.document_metadata (document_id, tenant_id, document_access, user_id, tags, properties)
        select i.id, $1, i.visibility, $2, pg_catalog.jsonb_strip_nulls(i.tags), i.properties
        from rows from (pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6))
          i (id, visibility, tags, properties)
        on conflict do nothing";
    ADD_ALIASES(UUIDOID, UUIDARRAYOID, TEXTARRAYOID) = c"
        update chatkeep.documents d
        set aliases = pg_catalog.array_cat(d.aliases, i.sources), updated_at = pg_catalog.clock_timestamp()
        from (
          select s.id, pg_catalog.array_agg(s.source_uri order by s.place) as sources
          from rows from (pg_catalog.unnest($2), pg_catalog.unnest($3)) with ordinality s (id, source_uri, place)
          group by s.id
        ) i
        where d.id = i.id and d.tenant_id = $1 and d.status <> 'archived' and d.deleted_at is null
          and not i.sources operator(pg_catalog.&&) pg_catalog.array_prepend(d.source_uri, d.aliases)
        returning d.id";
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
        // Sorted, so that they tell the order of a batch.
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

    /// Stores tags and properties of documents that have none, and returns of how many; `access` is theirs, unless it is what
    /// the items say.
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

    /// Adds sources to known documents, and returns the documents that took them.
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

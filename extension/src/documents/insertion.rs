//! New documents and new sources of known ones.

use chatkeep_core::Refusal;
use pgrx::pg_sys;
use std::collections::HashSet;

use crate::documents::document_item::{Item, array, texts, uuids};
use crate::documents::registrar::Registrar;
use crate::new_id::new_uuid;
use crate::postgres::array;
use crate::postgres::datum::{bytes, text};
use crate::postgres::plan::{Rows, plans};

plans! {
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

/// Rows of documents that were inserted, and of each item the document that was.
pub type Inserted = (Rows, Vec<Option<[u8; 16]>>);

impl Registrar {
    /// Inserts documents with what is said of them, and returns their rows and an id for each item; none for one whose bytes or source somebody else has just stored.
    pub fn insert(
        &self,
        items: &[&Item],
        supersedes: Option<pg_sys::Datum>,
    ) -> Result<Inserted, Refusal> {
        // Sorted, so that they tell the order of a batch.
        let mut ids: Vec<[u8; 16]> = items.iter().map(|_| bytes(new_uuid())).collect();
        ids.sort_unstable();
        let rows = INSERT.with(|plan| {
            plan.execute(&[
                self.tenant,
                self.owner,
                Some(uuids(&ids)),
                Some(texts(items, |item| &item.source_uri)),
                Some(texts(items, |item| &item.checksum)),
                Some(array(array::TEXT, items, |item| item.title)),
                Some(array(array::TEXT, items, |item| item.mime_type)),
                Some(array(array::BIGINT, items, |item| item.byte_size)),
                Some(texts(items, |item| item.visibility)),
                supersedes,
            ])
        });
        let stored: HashSet<[u8; 16]> = rows.column(2).flatten().map(bytes).collect();
        let described: Vec<(&Item, [u8; 16])> = items
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
        Ok((rows, ids))
    }

    /// Stores tags and properties of documents that have none, and returns of how many; `access` is theirs, unless it is what
    /// the items say.
    pub fn insert_metadata(
        &self,
        rows: &[(&Item, [u8; 16])],
        access: Option<pg_sys::Datum>,
    ) -> u64 {
        if rows.is_empty() {
            return 0;
        }
        let (items, ids): (Vec<&Item>, Vec<[u8; 16]>) = rows.iter().copied().unzip();
        INSERT_METADATA
            .with(|plan| {
                plan.execute(&[
                    self.tenant,
                    self.owner,
                    Some(uuids(&ids)),
                    Some(array(array::TEXT, &items, |item| {
                        access.or_else(|| text(item.visibility))
                    })),
                    Some(array(array::JSONB, &items, |item| {
                        item.metadata.map(|(tags, _)| tags)
                    })),
                    Some(array(array::JSONB, &items, |item| {
                        item.metadata.map(|(_, properties)| properties)
                    })),
                ])
            })
            .len()
    }

    /// Adds sources to known documents, and returns the documents that took them.
    pub fn add_aliases(&self, rows: &[(&Item, [u8; 16])]) -> HashSet<[u8; 16]> {
        if rows.is_empty() {
            return HashSet::new();
        }
        let (items, ids): (Vec<&Item>, Vec<[u8; 16]>) = rows.iter().copied().unzip();
        let changed = ADD_ALIASES.with(|plan| {
            plan.execute(&[
                self.tenant,
                Some(uuids(&ids)),
                Some(texts(&items, |item| &item.source_uri)),
            ])
        });
        changed.column(1).flatten().map(bytes).collect()
    }
}

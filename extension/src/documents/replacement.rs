//! Changes of documents that are stored.

use std::borrow::Cow;

use crate::documents::document_item::DocumentItem;
use crate::documents::registrar::Registrar;
use crate::postgres::datum::{Uuid, values};
use crate::postgres::statement::statements;

statements! {
    // Keeps a document as it is until other documents have given their source to it.
    HOLD(UUIDOID, UUIDOID) = c"
        select d.id from chatkeep.documents d
        where d.id = $2 and d.tenant_id = $1 and d.status <> 'archived' and d.deleted_at is null
        for no key update";
    // A source leaves the document that is named by it: the next of its aliases takes its place, and without one it is
    // history. A colleague's source may be what the owner has elsewhere, and names nothing then.
    RELEASE_SOURCE(UUIDOID, UUIDOID, TEXTOID, UUIDOID) = c"
        update chatkeep.documents d
        set (status, source_uri, aliases, updated_at) = (
          select case when n.source_uri is null then 'archived' else d.status end,
            coalesce(n.source_uri, d.source_uri),
            pg_catalog.array_remove(d.aliases, n.source_uri),
            pg_catalog.clock_timestamp()
          from (select (
            select a.source_uri from pg_catalog.unnest(d.aliases) with ordinality a (source_uri, place)
            where not exists (
              select from chatkeep.documents o
              where o.user_id = $2 and o.source_uri = a.source_uri and o.tenant_id = $1
                and o.id <> d.id and o.status <> 'archived' and o.deleted_at is null
            )
            order by a.place
            limit 1
          ) as source_uri) n
        )
        where d.user_id = $2 and d.source_uri = $3 and d.tenant_id = $1
          and d.id is distinct from $4 and d.status <> 'archived' and d.deleted_at is null
        returning d.id";
    RELEASE_ALIAS(UUIDOID, UUIDOID, TEXTOID, UUIDOID) = c"
        with released as (
          update chatkeep.documents d
          set aliases = pg_catalog.array_remove(d.aliases, $3), updated_at = pg_catalog.clock_timestamp()
          where d.user_id = $2 and d.tenant_id = $1
            and d.aliases operator(pg_catalog.<>) '{}' and $3 = any (d.aliases)
            and d.id is distinct from $4 and d.status <> 'archived' and d.deleted_at is null
          returning d.id, d.visibility
        )
        select r.id from released r order by r.visibility, r.id";
    // An ingest that failed, or was given up, begins anew, and one that has not begun takes what its owner says last. By one
    // update: a second one of a colleague's document would wait for that colleague's row, which a move may hold.
    RENEW(UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, INT8OID, TEXTARRAYOID, TEXTOID) = c"
        update chatkeep.documents d
        set (status, title, mime_type, byte_size, aliases, visibility, updated_at) = (
          select case when r.begins_anew then 'pending' else d.status end,
            case when r.begins_anew and d.user_id = $3 then coalesce($4, d.title) else d.title end,
            case when r.begins_anew and d.user_id = $3 then coalesce($5, d.mime_type) else d.mime_type end,
            case when r.begins_anew and d.user_id = $3 then coalesce($6, d.byte_size) else d.byte_size end,
            d.aliases || array(
              select s.source_uri from pg_catalog.unnest($7) with ordinality s (source_uri, place)
              where s.source_uri <> d.source_uri and s.source_uri <> all (d.aliases) and (s.place = 1 or d.user_id <> $3)
              group by s.source_uri
              order by pg_catalog.min(s.place)
            ),
            case $8 when 'tenant' then 'tenant' else d.visibility end,
            pg_catalog.clock_timestamp()
          from (select d.status in ('failed', 'pending')
            or (d.status = 'processing' and d.updated_at < pg_catalog.clock_timestamp() - interval '1 hour') as begins_anew) r
        )
        where d.id = $2 and d.tenant_id = $1 and d.status <> 'archived' and d.deleted_at is null
          and (d.status = 'failed'
            or (d.status = 'processing' and d.updated_at < pg_catalog.clock_timestamp() - interval '1 hour')
            or (d.status = 'pending' and d.user_id = $3
              and (coalesce($4, d.title) is distinct from d.title
                or coalesce($5, d.mime_type) is distinct from d.mime_type
                or coalesce($6, d.byte_size) is distinct from d.byte_size))
            or (($7)[1] <> d.source_uri and ($7)[1] <> all (d.aliases))
            or ($8 = 'tenant' and d.visibility = 'private'))";
    LIVE(UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID) = c"
        select d.status = 'pending' and d.user_id = $3, d.visibility
        from chatkeep.documents d
        where d.id = $2 and d.tenant_id = $1 and d.status <> 'archived' and d.status <> 'failed' and d.deleted_at is null
          and ($5 = 'private' or d.visibility = 'tenant')
          and (d.source_uri = $4 or $4 = any (d.aliases))";
    DESCRIBE(UUIDOID, UUIDOID, UUIDOID, JSONBOID, JSONBOID) = c"
        update chatkeep.document_metadata m
        set tags = case when $4 = '{}' then m.tags else pg_catalog.jsonb_strip_nulls($4) end,
          properties = case when $5 = '{}' then m.properties else $5 end,
          updated_at = pg_catalog.clock_timestamp()
        where m.document_id = $2 and m.tenant_id = $1 and m.user_id = $3 and m.namespace = 'default'
          and (($4 <> '{}' and m.tags <> pg_catalog.jsonb_strip_nulls($4)) or ($5 <> '{}' and m.properties <> $5))";
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

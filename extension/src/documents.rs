//! `document_checksum`, `register_document`.

use chatkeep_core::document::NewDocument;
use chatkeep_core::{Refusal, digest};
use pgrx::pg_extern;

use crate::call::{Call, calls, new_uuid, text, writing};
use crate::json;
use crate::plan::{Rows, plans};

calls! {
    register_document_wrapper, pg_finfo_register_document_wrapper => register_document;
}

/// The SHA-256 of `content`, 64 lower-case hexadecimal characters.
#[pg_extern(immutable, strict, parallel_safe)]
fn document_checksum(content: &[u8]) -> String {
    digest::hex(&digest::sha256(content))
}

plans! {
    ENTER() = c"select chatkeep_private.enter(null), auth.uid()";
    FIND(UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID) = c"
        select d.id, $5 operator(pg_catalog.<>) all (pg_catalog.array_prepend(d.source_uri, d.aliases))
        from chatkeep.documents d
        where d.tenant_id = $1
          and d.checksum = $3
          and (d.user_id = $2 or (d.visibility = 'tenant' and $4 = 'tenant'))
          and d.status <> 'archived'
          and d.deleted_at is null
        order by d.user_id = $2 desc
        limit 1
        for update";
    ADD_ALIAS(UUIDOID, UUIDOID, TEXTOID) = c"
        update chatkeep.documents d
        set aliases = pg_catalog.array_append(d.aliases, $3), updated_at = pg_catalog.clock_timestamp()
        where d.id = $1 and d.tenant_id = $2";
    // What a source held before is history once it holds other bytes.
    ARCHIVE(UUIDOID, UUIDOID, TEXTOID, UUIDOID) = c"
        update chatkeep.documents d
        set status = 'archived', updated_at = pg_catalog.clock_timestamp()
        where d.tenant_id = $1 and d.user_id = $2 and d.source_uri = $3
          and d.id is distinct from $4 and d.status <> 'archived' and d.deleted_at is null
        returning d.id";
    INSERT(UUIDOID, UUIDOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT8OID, TEXTOID, UUIDOID) = c"
        insert into chatkeep.documents as d (
          id, tenant_id, user_id, source_uri, checksum, title, mime_type, byte_size, visibility, supersedes
        ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        on conflict do nothing
        returning d.id";
    INSERT_METADATA(UUIDOID, UUIDOID, UUIDOID, JSONBOID, JSONBOID) = c"
        insert into chatkeep.document_metadata (document_id, tenant_id, user_id, tags, properties)
        values ($1, $2, $3, $4, $5)";
    REGISTRATION(TEXTOID, UUIDOID, UUIDOID) = c"
        select $1, d.id, d.tenant_id, d.user_id, d.source_uri, d.aliases, d.checksum, d.title, d.mime_type,
          d.byte_size, d.status, d.visibility, d.supersedes, d.created_at, d.updated_at, d.deleted_at
        from chatkeep.documents d where d.id = $2 and d.tenant_id = $3";
}

fn register_document(call: Call) -> Result<(), Refusal> {
    let (source_uri, checksum, title, mime_type) = (0, 1, 2, 3);
    let (byte_size, tags, visibility, properties) = (4, 5, 6, 7);
    let tags_text = json::text(call.datum(tags));
    let properties_text = json::text(call.datum(properties));
    let checksum = NewDocument {
        source_uri: call.argument(source_uri),
        checksum: call.argument(checksum),
        title: call.argument(title),
        mime_type: call.argument(mime_type),
        byte_size: call.argument(byte_size),
        tags: tags_text.as_deref(),
        visibility: call.argument(visibility),
        properties: properties_text.as_deref(),
    }
    .check()?;
    let described = tags_text.as_deref() != Some("{}") || properties_text.as_deref() != Some("{}");

    writing(|| {
        let entered = ENTER.with(|plan| plan.execute(&[]));
        let (tenant, owner) = (entered.datum(1), entered.datum(2));
        let source = call.datum(source_uri);
        let digest = text(&checksum);
        let mut replaced = None;
        // Each round sees what others committed meanwhile; a round is repeated only after losing a race to one of them.
        let (outcome, id) = loop {
            let known = FIND.with(|plan| {
                plan.execute(&[tenant, owner, digest, call.datum(visibility), source])
            });
            if let Some(id) = known.datum(1) {
                if known.get(2) == Some(true) {
                    ADD_ALIAS.with(|plan| plan.execute(&[Some(id), tenant, source]));
                    ARCHIVE.with(|plan| plan.execute(&[tenant, owner, source, Some(id)]));
                }
                break ("duplicate", id);
            }
            let archived = ARCHIVE.with(|plan| plan.execute(&[tenant, owner, source, None]));
            replaced = archived.datum(1).or(replaced);
            let inserted: Rows = INSERT.with(|plan| {
                plan.execute(&[
                    Some(new_uuid()),
                    tenant,
                    owner,
                    source,
                    digest,
                    call.datum(title),
                    call.datum(mime_type),
                    call.datum(byte_size),
                    call.datum(visibility),
                    replaced,
                ])
            });
            if let Some(id) = inserted.datum(1) {
                if described {
                    INSERT_METADATA.with(|plan| {
                        plan.execute(&[
                            Some(id),
                            tenant,
                            owner,
                            call.datum(tags),
                            call.datum(properties),
                        ])
                    });
                }
                break (
                    if replaced.is_none() {
                        "created"
                    } else {
                        "new_version"
                    },
                    id,
                );
            }
        };
        let row = REGISTRATION.with(|plan| plan.execute(&[text(outcome), Some(id), tenant]));
        call.return_rows(&row);
        Ok(())
    })
}

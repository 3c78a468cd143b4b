//! Registering documents: one row per bytes and owner, whoever else registers them at the same time.
//!
//! A batch is looked up by one statement, without a lock. Where everything is known that is all. What has to write takes
//! the lock of the owner's documents first and looks again: then nobody else of this owner, or of this tenant where
//! documents are shared, registers meanwhile. The bulk of a batch, new documents and new sources of known ones, takes one
//! statement each; an item that depends on others, or changes more than that, follows on its own.

use chatkeep_core::Refusal;
use pgrx::{FromDatum, IntoDatum, pg_sys};
use std::collections::HashSet;
use std::thread::LocalKey;

use crate::array;
use crate::call::{Call, connected, new_uuid, text, uuid};
use crate::identity::{self, bytes};
use crate::known;
use crate::plan::{Plan, Rows, plans};

plans! {
    LOCK(UUIDOID, UUIDOID, BOOLOID, BOOLOID) = c"select chatkeep_private.lock_documents($1, $2, $3, $4)";
    // What to make of each item: `duplicate` where its document and this source of it are stored, `alias` where only the
    // source is new, `new` where neither bytes nor source are known, `again` where the document itself has to change, `other`
    // where more has to be done. A source is one private document's, but colleagues add theirs to what is shared, where the
    // owner may have them elsewhere.
    CLASSIFY(UUIDOID, UUIDOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, BOOLARRAYOID) = c"
        select case
            when d.user_id = $2 and d.has_source and d.visibility = 'private' then
              case when d.unsettled then 'again' else 'duplicate' end
            when d.unsettled or h.held then 'other'
            when d.user_id = $2 and d.has_source and d.source_uri <> i.source_uri then
              case when i.source_uri in (
                select a.source_uri from chatkeep.documents d, pg_catalog.unnest(d.aliases) a (source_uri)
                where d.user_id = $2 and d.tenant_id = $1
                  and d.aliases operator(pg_catalog.<>) '{}' and d.status <> 'archived' and d.deleted_at is null
                group by a.source_uri
                having pg_catalog.count(*) > 1
              ) then 'other' else 'duplicate' end
            when i.source_uri in (
              select a.source_uri from chatkeep.documents d, pg_catalog.unnest(d.aliases) a (source_uri)
              where d.user_id = $2 and d.tenant_id = $1
                and d.aliases operator(pg_catalog.<>) '{}' and d.status <> 'archived' and d.deleted_at is null
            ) then 'other'
            when d.id is null then 'new'
            when d.has_source then 'duplicate'
            else 'alias'
          end,
          d.id, d.tenant_id, d.user_id, d.source_uri, d.aliases, d.checksum, d.title, d.mime_type, d.byte_size, d.status,
          d.error, d.visibility, d.supersedes, d.created_at, d.updated_at, d.deleted_at, d.access
        from rows from (pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6))
          with ordinality i (source_uri, checksum, visibility, described, place)
        left join lateral (
          select u.*, i.source_uri = u.source_uri or i.source_uri = any (u.aliases) as has_source,
            (u.visibility = 'private' and i.visibility = 'tenant')
              or u.status = 'failed'
              or (u.status = 'pending' and i.described and u.user_id = $2)
              or (u.status = 'processing'
                and u.updated_at < pg_catalog.clock_timestamp() operator(pg_catalog.-) interval '1 hour') as unsettled
          from (
            select d.* from chatkeep.documents d
            where d.user_id = $2 and d.checksum = i.checksum and d.tenant_id = $1
              and d.visibility = 'private' and d.status <> 'archived' and d.deleted_at is null
            union all
            select d.* from chatkeep.documents d
            where d.tenant_id = $1 and d.checksum = i.checksum and (d.user_id = $2 or i.visibility = 'tenant')
              and d.visibility = 'tenant' and d.status <> 'archived' and d.deleted_at is null
          ) u
          order by u.visibility = i.visibility desc
          limit 1
        ) d on true
        left join lateral (
          select true as held from chatkeep.documents h
          where (d.id is null or d.user_id <> $2 or d.visibility = 'tenant' or not d.has_source)
            and h.user_id = $2 and h.source_uri = i.source_uri and h.tenant_id = $1
            and h.id is distinct from d.id and h.status <> 'archived' and h.deleted_at is null
          limit 1
        ) h on true
        order by i.place";
    // Whether nobody knows anything of a private batch: no source is held by a document of the owner, no bytes are shared in
    // the tenant. Private bytes are left to the insert, which passes over what is there.
    IS_NEW(UUIDOID, UUIDOID, TEXTARRAYOID, TEXTARRAYOID) = c"
        select not exists (
            select from chatkeep.documents d
            where d.user_id = $2 and d.source_uri = any ($3) and d.tenant_id = $1
              and d.status <> 'archived' and d.deleted_at is null
          ) and not exists (
            select from chatkeep.documents d, pg_catalog.unnest(d.aliases) a (source_uri)
            where d.user_id = $2 and a.source_uri = any ($3) and d.tenant_id = $1
              and d.aliases operator(pg_catalog.<>) '{}' and d.status <> 'archived' and d.deleted_at is null
          ) and not exists (
            select from chatkeep.documents d
            where d.checksum = any ($4) and d.tenant_id = $1
              and d.visibility = 'tenant' and d.status <> 'archived' and d.deleted_at is null
          )";
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
    RESULT(UUIDOID, UUIDARRAYOID, TEXTARRAYOID) = c"
        select i.outcome, d.id, d.tenant_id, d.user_id, d.source_uri, d.aliases, d.checksum, d.title, d.mime_type,
          d.byte_size, d.status, d.error, d.visibility, d.supersedes, d.created_at, d.updated_at, d.deleted_at, d.access
        from rows from (pg_catalog.unnest($2), pg_catalog.unnest($3)) with ordinality i (id, outcome, place),
          lateral (select d.* from chatkeep.documents d where d.id = i.id and d.tenant_id = $1 limit 1) d
        order by i.place";
}

/// A document to register, checked. `None` is NULL.
pub struct Item {
    pub source_uri: String,
    pub checksum: String,
    pub title: Option<pg_sys::Datum>,
    pub mime_type: Option<pg_sys::Datum>,
    pub byte_size: Option<pg_sys::Datum>,
    pub visibility: &'static str,
    /// Tags and properties, unless both are empty.
    pub metadata: Option<(pg_sys::Datum, pg_sys::Datum)>,
}

impl Item {
    /// Whether the tenant may read it.
    pub fn is_shared(&self) -> bool {
        self.visibility == "tenant"
    }

    /// Whether it says more than where its bytes came from.
    pub fn is_described(&self) -> bool {
        let given = [self.title, self.mime_type, self.byte_size];
        self.metadata.is_some() || given.iter().any(Option::is_some)
    }
}

/// How a document came to be, and which it is.
type Done = (&'static str, [u8; 16]);

/// The column of CLASSIFY that says who sees the document.
const VISIBILITY: i32 = 13;

/// Rows of documents that were inserted, and of each item the document that was.
type Inserted = (Rows, Vec<Option<[u8; 16]>>);

const CREATED: &str = "created";
const DUPLICATE: &str = "duplicate";

/// Registers all items and returns a row for each, in their order.
/// A refusal says which of a batch it is about.
pub fn register(call: Call, items: &[Item], is_batch: bool) -> Result<(), Refusal> {
    let mut registrar = Registrar::look(is_batch);
    let mut stored = registrar.stored(items);
    // Nobody waits for a lock who has nothing to write.
    if stored.iter().all(Option::is_some) {
        call.return_tuples(stored.into_iter().flatten().map(|row| row.tuple));
        return Ok(());
    }
    if let [item] = items {
        let found = registrar.classify(&[item]);
        if found.is_settled() {
            call.return_tuples(found.rows.tuples());
            return Ok(());
        }
    }
    if registrar.enter() {
        // In another tenant than a moment ago.
        stored = registrar.stored(items);
    }
    let rest: Vec<&Item> = items
        .iter()
        .zip(&stored)
        .filter_map(|(item, row)| row.is_none().then_some(item))
        .collect();
    // A batch that gets the lock at once need not look twice.
    let mut shares = rest.iter().any(|item| item.is_shared());
    let mut is_locked = rest.len() > 1 && registrar.lock(shares, false);
    if is_locked && rest.len() == items.len() && registrar.is_new(&rest) {
        return registrar.register_new(call, &rest);
    }
    // What is found may take the tenant's lock besides, once.
    let found = loop {
        let found = registrar.classify(&rest);
        let writes_shared = found.writes_shared();
        if found.is_settled() || (is_locked && (shares || !writes_shared)) {
            break found;
        }
        shares |= writes_shared;
        is_locked = registrar.lock(shares, true);
    };
    if found.is_settled() {
        let mut others = found.rows.tuples();
        call.return_tuples(
            stored
                .into_iter()
                .filter_map(|row| row.map_or_else(|| others.next(), |row| Some(row.tuple))),
        );
        return Ok(());
    }
    let mut done = found.duplicates();
    registrar.register_many(&rest, &found, &mut done)?;
    let mut places = 0..rest.len();
    let mut all = Vec::with_capacity(items.len());
    for (position, row) in stored.into_iter().enumerate() {
        let next = match row {
            Some(row) => Some((DUPLICATE, row.id)),
            None => match places.next() {
                Some(place) => Some(if let Some(done) = done[place] {
                    done
                } else {
                    let companions = companions(&rest, &done, place);
                    registrar.register_alone(rest[place], &companions, position)?
                }),
                None => None,
            },
        };
        all.extend(next);
    }
    registrar.return_stored(call, &all);
    Ok(())
}

/// The items behind one that are about the same bytes for the same readers, and not done yet.
fn companions<'a>(items: &[&'a Item], done: &[Option<Done>], place: usize) -> Vec<&'a Item> {
    let item = items[place];
    let behind = items.iter().zip(done).skip(place + 1);
    behind
        .filter(|(other, done)| {
            done.is_none() && other.checksum == item.checksum && other.visibility == item.visibility
        })
        .map(|(other, _)| *other)
        .collect()
}

/// What is to be done with an item.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
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
    fn of(datum: pg_sys::Datum) -> Self {
        // SAFETY: the column is a text.
        match unsafe { <&str>::from_datum(datum, false) } {
            Some("duplicate") => Self::Duplicate,
            Some("alias") => Self::Alias,
            Some("new") => Self::New,
            Some("again") => Self::Again,
            _ => Self::Other,
        }
    }
}

/// What was found of each item.
struct Known {
    rows: Rows,
    classes: Vec<Class>,
    ids: Vec<Option<[u8; 16]>>,
    /// Whether the tenant shares the document.
    shared: Vec<bool>,
}

impl Known {
    /// Whether what is left to do may change what the tenant shares. Colleagues write to a shared document under the
    /// tenant's lock, so its owner does too; whoever takes a source from other documents may come to one.
    fn writes_shared(&self) -> bool {
        let found = self.classes.iter().zip(&self.shared);
        found.into_iter().any(|(class, is_shared)| {
            *class == Class::Other || (*class != Class::Duplicate && *is_shared)
        })
    }

    fn is_settled(&self) -> bool {
        self.classes.iter().all(|class| *class == Class::Duplicate)
    }

    /// What is stored as it is; `None` where something is left to do.
    fn duplicates(&self) -> Vec<Option<Done>> {
        let found = self.classes.iter().zip(&self.ids);
        found
            .map(|(class, id)| {
                id.filter(|_| *class == Class::Duplicate)
                    .map(|id| (DUPLICATE, id))
            })
            .collect()
    }
}

/// Who registers.
struct Registrar {
    tenant: Option<pg_sys::Datum>,
    owner: Option<pg_sys::Datum>,
    is_batch: bool,
}

impl Registrar {
    /// The caller as of now, who may be disabled or moved while nothing is locked.
    fn look(is_batch: bool) -> Self {
        let (tenant, owner) = identity::member().unwrap_or_else(|| identity::enter(None, false));
        Self {
            tenant,
            owner,
            is_batch,
        }
    }

    /// The caller until the transaction ends. Whether the tenant is another one now.
    fn enter(&mut self) -> bool {
        let before = self.tenant.map(bytes);
        (self.tenant, self.owner) = identity::enter(None, false);
        self.tenant.map(bytes) != before
    }

    /// Those of the items that are stored as they are. For one the statement that follows is as fast.
    fn stored(&self, items: &[Item]) -> Vec<Option<known::Row>> {
        if items.len() > 1 {
            known::known(self.tenant, self.owner, items)
        } else {
            vec![None; items.len()]
        }
    }

    /// Until the transaction ends nobody else registers for this owner, or where it `shares`, writes what this tenant
    /// shares. False where somebody does, unless `wait` is set.
    fn lock(&self, shares: bool, wait: bool) -> bool {
        let arguments = [
            self.tenant,
            self.owner,
            shares.into_datum(),
            wait.into_datum(),
        ];
        LOCK.with(|plan| plan.execute(&arguments)).get(1) == Some(true)
    }

    fn classify(&self, items: &[&Item]) -> Known {
        let rows = CLASSIFY.with(|plan| {
            plan.execute(&[
                self.tenant,
                self.owner,
                Some(texts(items, |item| &item.source_uri)),
                Some(texts(items, |item| &item.checksum)),
                Some(texts(items, |item| item.visibility)),
                Some(array(array::BOOL, items, |item| {
                    item.is_described().into_datum()
                })),
            ])
        });
        Known {
            classes: rows.column(1).flatten().map(Class::of).collect(),
            ids: rows.column(2).map(|id| id.map(bytes)).collect(),
            shared: rows
                .column(VISIBILITY)
                .map(|visibility| {
                    // SAFETY: the column is a text.
                    let text = visibility.and_then(|it| unsafe { <&str>::from_datum(it, false) });
                    text == Some("tenant")
                })
                .collect(),
            rows,
        }
    }

    /// Registers, by one statement for each class, the new documents and the new sources that no other item is about.
    fn register_many(
        &self,
        items: &[&Item],
        known: &Known,
        done: &mut [Option<Done>],
    ) -> Result<(), Refusal> {
        let (mut sources, mut checksums) = (HashSet::new(), HashSet::new());
        let mut alone = Vec::new();
        for (place, item) in items.iter().enumerate() {
            if known.classes[place] != Class::Duplicate {
                let is_first = sources.insert(item.source_uri.as_str());
                let is_new = checksums.insert(item.checksum.as_str());
                match known.classes[place] {
                    Class::New if is_first && is_new => alone.push(place),
                    Class::Alias if is_first => alone.push(place),
                    _ => {}
                }
            }
        }
        let (new, added): (Vec<usize>, Vec<usize>) = alone
            .into_iter()
            .partition(|place| known.classes[*place] == Class::New);
        if !new.is_empty() {
            let rows: Vec<&Item> = new.iter().map(|place| items[*place]).collect();
            let (_, ids) = self.insert(&rows, None)?;
            for (place, id) in new.into_iter().zip(ids) {
                done[place] = id.map(|id| (CREATED, id));
            }
        }

        let rows: Vec<(&Item, [u8; 16])> = added
            .iter()
            .filter_map(|place| known.ids[*place].map(|id| (items[*place], id)))
            .collect();
        let changed = self.add_aliases(&rows);
        for place in added {
            done[place] = known.ids[place]
                .filter(|id| changed.contains(id))
                .map(|id| (DUPLICATE, id));
        }
        Ok(())
    }

    /// Whether nothing of these items is known, and each is about other bytes and another source.
    fn is_new(&self, items: &[&Item]) -> bool {
        let differ = |value: fn(&Item) -> &str| {
            let values: HashSet<&str> = items.iter().map(|item| value(item)).collect();
            values.len() == items.len()
        };
        // Shared bytes may be what the owner has as a private document, which no index holds against the insert.
        let is_private = !items.iter().any(|item| item.is_shared());
        is_private && differ(|item| &item.source_uri) && differ(|item| &item.checksum) && {
            let arguments = [
                self.tenant,
                self.owner,
                Some(texts(items, |item| &item.source_uri)),
                Some(texts(items, |item| &item.checksum)),
            ];
            IS_NEW.with(|plan| plan.execute(&arguments)).get(1) == Some(true)
        }
    }

    /// Registers items of which nothing was known, and returns a row for each.
    fn register_new(&self, call: Call, items: &[&Item]) -> Result<(), Refusal> {
        let (rows, ids) = self.insert(items, None)?;
        if ids.iter().all(Option::is_some) {
            // The statement inserts, and returns, in the order of its arrays.
            call.return_rows(&rows);
            return Ok(());
        }
        let mut done = Vec::with_capacity(items.len());
        for (position, (item, id)) in items.iter().zip(ids).enumerate() {
            done.push(match id {
                Some(id) => (CREATED, id),
                None => self.register_alone(item, &[], position)?,
            });
        }
        self.return_stored(call, &done);
        Ok(())
    }

    /// Registers one of several items; a refusal names its place.
    fn register_alone(
        &self,
        item: &Item,
        companions: &[&Item],
        position: usize,
    ) -> Result<Done, Refusal> {
        connected(|| self.register_one(item, companions)).map_err(|refusal| {
            if self.is_batch {
                refusal.in_item("documents", position)
            } else {
                refusal
            }
        })
    }

    /// Inserts documents with what is said of them, and returns their rows and an id for each item; none for one whose bytes or source somebody else has just stored.
    fn insert(
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
    fn insert_metadata(&self, rows: &[(&Item, [u8; 16])], access: Option<pg_sys::Datum>) -> u64 {
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
    fn add_aliases(&self, rows: &[(&Item, [u8; 16])]) -> HashSet<[u8; 16]> {
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

    /// Registers what may change other documents on its way. `companions` are later items of the same bytes, whose sources a
    /// colleague's document takes by the same update.
    fn register_one(&self, item: &Item, companions: &[&Item]) -> Result<Done, Refusal> {
        /// More than any race takes.
        const ROUNDS: u32 = 5;
        let mut replaced = None;
        let mut is_alone = item.is_shared();
        // Each round sees what others committed meanwhile. The locks leave few to lose a race to, so a document that is in
        // the way round after round is one that a policy hides.
        for _ in 0..ROUNDS {
            let known = self.classify(&[item]);
            if !is_alone && known.writes_shared() {
                is_alone = self.lock(true, true);
                continue;
            }
            let id = known.ids.first().copied().flatten();
            if known.classes.first() == Some(&Class::Other) {
                if id.is_some_and(|id| !self.hold(id)) {
                    continue;
                }
                replaced = self.release(item, id).or(replaced);
            }
            if let Some(id) = id {
                if known.is_settled() || self.renew(item, companions, id) {
                    return Ok((DUPLICATE, id));
                }
            } else if let Some(Some(id)) = self.insert(&[item], replaced)?.1.first() {
                let outcome = if replaced.is_none() {
                    CREATED
                } else {
                    "new_version"
                };
                return Ok((outcome, *id));
            }
        }
        Err(Refusal::document_unseen())
    }

    /// Locks a document; false where it is history by now.
    fn hold(&self, id: [u8; 16]) -> bool {
        let held = HOLD.with(|plan| plan.execute(&[self.tenant, Some(uuid(&id))]));
        !held.is_empty()
    }

    /// Takes the item's source from the documents that hold it, other than `except`, and returns the one it was of.
    fn release(&self, item: &Item, except: Option<[u8; 16]>) -> Option<pg_sys::Datum> {
        let except = except.map(|id| uuid(&id));
        let arguments = [self.tenant, self.owner, text(&item.source_uri), except];
        let released =
            |plan: &'static LocalKey<Plan>| plan.with(|plan| plan.execute(&arguments)).datum(1);
        let (own, shared) = (released(&RELEASE_SOURCE), released(&RELEASE_ALIAS));
        own.or(shared)
    }

    /// Brings a stored document up to what the item says. False where it is history by now, or cannot be changed.
    fn renew(&self, item: &Item, companions: &[&Item], id: [u8; 16]) -> bool {
        let key = Some(uuid(&id));
        let source = text(&item.source_uri);
        let sources: Vec<&Item> = std::iter::once(item)
            .chain(companions.iter().copied())
            .collect();
        let visibility = text(item.visibility);
        RENEW.with(|plan| {
            plan.execute(&[
                self.tenant,
                key,
                self.owner,
                item.title,
                item.mime_type,
                item.byte_size,
                Some(texts(&sources, |item| &item.source_uri)),
                visibility,
            ])
        });
        let live =
            LIVE.with(|plan| plan.execute(&[self.tenant, key, self.owner, source, visibility]));
        if let (Some(true), Some((tags, properties))) = (live.get(1), item.metadata) {
            DESCRIBE.with(|plan| {
                plan.execute(&[self.tenant, key, self.owner, Some(tags), Some(properties)])
            });
            self.insert_metadata(&[(item, id)], live.datum(2));
        }
        !live.is_empty()
    }

    /// Returns what is stored under these ids, in their order.
    fn return_stored(&self, call: Call, done: &[Done]) {
        let (outcomes, ids): (Vec<&str>, Vec<[u8; 16]>) = done.iter().copied().unzip();
        let outcomes = array::of(array::TEXT, outcomes.into_iter().map(text));
        RESULT
            .with(|plan| call.return_from(plan, &[self.tenant, Some(uuids(&ids)), Some(outcomes)]));
    }
}

fn array(
    element: array::Element,
    items: &[&Item],
    value: impl Fn(&Item) -> Option<pg_sys::Datum>,
) -> pg_sys::Datum {
    array::of(element, items.iter().map(|item| value(item)))
}

fn texts(items: &[&Item], value: impl Fn(&Item) -> &str) -> pg_sys::Datum {
    array(array::TEXT, items, |item| text(value(item)))
}

fn uuids(ids: &[[u8; 16]]) -> pg_sys::Datum {
    array::of(array::UUID, ids.iter().map(|id| Some(uuid(id))))
}

//! Registers documents. The same bytes of the same owner end in one row, whatever others register at the same time.
//!
//! One statement looks a batch up, without a lock. If everything is stored already, that is all. Otherwise the call
//! locks the owner's documents first and looks again. From then on nobody else registers for this owner, or for this
//! tenant if documents are shared. New documents take one statement together, and so do new sources of known documents.
//! An item that depends on others, or changes more than that, follows on its own.

use chatkeep_core::Refusal;
use std::collections::HashSet;

use crate::call::{Call, writing};
use crate::documents::classification::{Class, Classification};
use crate::documents::document_item::DocumentItem;
use crate::documents::insertion::Inserted;
use crate::documents::registrar::{Registered, Registrar};
use crate::postgres::connection::connected;
use crate::postgres::datum::{Uuid, values};
use crate::postgres::statement::{sql_file, statements};

statements! {
    STORED_DOCUMENTS(UUIDOID, UUIDARRAYOID, TEXTARRAYOID) = sql_file!("statements/stored_documents.sql");
}

/// Registers all items, and returns a row for each, in their order. A refusal names the item of a batch. They belong to
/// the caller, or to the user whom `service_role` names.
pub fn register(
    call: Call,
    items: &[DocumentItem],
    is_batch: bool,
    for_user: Option<Uuid>,
) -> Result<(), Refusal> {
    writing(|| register_items(call, items, is_batch, for_user))
}

/// The same inside a writing call.
fn register_items(
    call: Call,
    items: &[DocumentItem],
    is_batch: bool,
    for_user: Option<Uuid>,
) -> Result<(), Refusal> {
    let mut registrar = Registrar::unlocked(call.connection, for_user);
    let mut stored = registrar.stored(items);
    // A call that has nothing to write waits for no lock.
    if stored.iter().all(Option::is_some) {
        call.return_rows(stored.into_iter().flatten().map(|document| document.row));
        return Ok(());
    }
    if let [item] = items {
        let found = registrar.classify(&[item]);
        if found.is_settled() {
            registrar.return_duplicates(call, found.ids);
            return Ok(());
        }
    }
    let entered = Registrar::entered(call.connection, for_user);
    let has_moved = entered.tenant != registrar.tenant;
    registrar = entered;
    if has_moved {
        stored = registrar.stored(items);
    }
    let rest: Vec<&DocumentItem> = items
        .iter()
        .zip(&stored)
        .filter_map(|(item, row)| row.is_none().then_some(item))
        .collect();
    // A call that gets the lock at once need not look twice.
    let mut shares = rest.iter().any(|item| item.is_shared());
    let mut is_locked = registrar.lock(shares, false);
    if is_locked && rest.len() == items.len() && registrar.is_new(&rest) {
        return registrar.register_new(call, &rest, is_batch);
    }
    // A single item needs no plan: it is classified where it is registered.
    if let ([_], &[item]) = (items, rest.as_slice()) {
        if !is_locked {
            registrar.lock(shares, true);
        }
        let registered = registrar
            .register_alone(item, &[])
            .map_err(|refusal| of_item(refusal, is_batch, 0))?;
        registrar.return_stored(call, &[registered]);
        return Ok(());
    }
    // The items that are found may require the tenant's lock too. That happens at most once.
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
        let mut others = found.ids.into_iter();
        let ids = stored.into_iter().filter_map(|document| {
            document.map_or_else(|| others.next(), |document| Some(Some(document.id)))
        });
        registrar.return_duplicates(call, ids);
        return Ok(());
    }
    let mut done = found.duplicates();
    registrar.register_many(&rest, &found, &mut done)?;
    let mut places = 0..rest.len();
    let mut all = Vec::with_capacity(items.len());
    for (position, row) in stored.into_iter().enumerate() {
        let next = match row {
            Some(row) => Some(Registered::duplicate(row.id)),
            None => match places.next() {
                Some(place) => Some(if let Some(done) = done[place] {
                    done
                } else {
                    let companions = companions(&rest, &done, place);
                    registrar
                        .register_alone(rest[place], &companions)
                        .map_err(|refusal| of_item(refusal, is_batch, position))?
                }),
                None => None,
            },
        };
        all.extend(next);
    }
    registrar.return_stored(call, &all);
    Ok(())
}

/// The later items with the same bytes and the same visibility that are not done yet.
fn companions<'a>(
    items: &[&'a DocumentItem<'a>],
    done: &[Option<Registered>],
    place: usize,
) -> Vec<&'a DocumentItem<'a>> {
    let item = items[place];
    let behind = items.iter().zip(done).skip(place + 1);
    behind
        .filter(|(other, done)| {
            done.is_none() && other.checksum == item.checksum && other.visibility == item.visibility
        })
        .map(|(other, _)| *other)
        .collect()
}

impl Registrar<'_> {
    /// Registers the new documents by one statement, and the new sources by another. Items that depend on others are
    /// left.
    fn register_many(
        &self,
        items: &[&DocumentItem],
        found: &Classification,
        done: &mut [Option<Registered>],
    ) -> Result<(), Refusal> {
        let (mut sources, mut checksums) = (HashSet::new(), HashSet::new());
        let (mut new, mut added) = (Vec::new(), Vec::new());
        // A document takes all its new sources here, or none. A second update of a colleague's document would lock
        // that colleague's row, which a deletion or a move may hold.
        let mut later = HashSet::new();
        for (place, item) in items.iter().enumerate() {
            if found.classes[place] != Class::Duplicate {
                let is_first = sources.insert(item.source_uri.as_str());
                let is_new = checksums.insert(item.checksum.as_str());
                match found.classes[place] {
                    Class::New if is_first && is_new => new.push(place),
                    Class::Alias if is_first => added.push(place),
                    _ => {
                        later.insert(found.ids[place]);
                    }
                }
            }
        }
        added.retain(|place| !later.contains(&found.ids[*place]));
        if !new.is_empty() {
            let rows: Vec<&DocumentItem> = new.iter().map(|place| items[*place]).collect();
            let Inserted { ids, .. } = self.insert(&rows, None)?;
            for (place, id) in new.into_iter().zip(ids) {
                done[place] = id.map(Registered::created);
            }
        }

        let rows: Vec<(&DocumentItem, Uuid)> = added
            .iter()
            .filter_map(|place| found.ids[*place].map(|id| (items[*place], id)))
            .collect();
        let changed = self.add_aliases(&rows);
        for place in added {
            done[place] = found.ids[place]
                .filter(|id| changed.contains(id))
                .map(Registered::duplicate);
        }
        Ok(())
    }

    /// Registers a batch that is new, and returns a row for each item.
    fn register_new(
        &self,
        call: Call,
        items: &[&DocumentItem],
        is_batch: bool,
    ) -> Result<(), Refusal> {
        let Inserted { rows, ids } = self.insert(items, None)?;
        if ids.iter().all(Option::is_some) {
            // The statement inserts and returns in the order of its arrays.
            call.return_rows(rows.iter());
            return Ok(());
        }
        let mut done = Vec::with_capacity(items.len());
        for (position, (item, id)) in items.iter().zip(ids).enumerate() {
            done.push(match id {
                Some(id) => Registered::created(id),
                None => self
                    .register_alone(item, &[])
                    .map_err(|refusal| of_item(refusal, is_batch, position))?,
            });
        }
        self.return_stored(call, &done);
        Ok(())
    }

    /// Registers one of several items. Its memory is freed afterwards.
    fn register_alone(
        &self,
        item: &DocumentItem,
        companions: &[&DocumentItem],
    ) -> Result<Registered, Refusal> {
        connected(|connection| self.over(connection).register_one(item, companions))
    }

    /// Registers an item that may change other documents. `companions` are later items with the same bytes: if the
    /// document is a colleague's, the same update adds their sources.
    fn register_one(
        &self,
        item: &DocumentItem,
        companions: &[&DocumentItem],
    ) -> Result<Registered, Refusal> {
        /// More than any race takes.
        const ROUNDS: u32 = 5;
        let mut replaced = None;
        let mut is_alone = item.is_shared();
        // Each round sees what others have committed meanwhile. The locks leave few transactions to lose a race to. So
        // if a document is in the way in every round, a policy hides it.
        for _ in 0..ROUNDS {
            let found = self.classify(&[item]);
            if !is_alone && found.writes_shared() {
                is_alone = self.lock(true, true);
                continue;
            }
            let id = found.ids.first().copied().flatten();
            if found.classes.first() == Some(&Class::Other) {
                if id.is_some_and(|id| !self.hold(id)) {
                    continue;
                }
                replaced = self.release(item, id).or(replaced);
            }
            if let Some(id) = id {
                if found.is_settled() || self.renew(item, companions, id) {
                    return Ok(Registered::duplicate(id));
                }
            } else if let Some(Some(id)) = self.insert(&[item], replaced)?.ids.first() {
                return Ok(if replaced.is_none() {
                    Registered::created(*id)
                } else {
                    Registered::new_version(*id)
                });
            }
        }
        Err(Refusal::document_unseen())
    }

    /// Returns documents that were stored before, in their order.
    fn return_duplicates(&self, call: Call, ids: impl IntoIterator<Item = Option<Uuid>>) {
        let ids = ids.into_iter().flatten();
        let known: Vec<Registered> = ids.map(Registered::duplicate).collect();
        self.return_stored(call, &known);
    }

    /// Returns the stored documents, in their order.
    fn return_stored(&self, call: Call, registered: &[Registered]) {
        let ids = registered.iter().map(|document| document.id);
        let outcomes = registered.iter().map(|document| document.outcome);
        let arguments = values![
            self.tenant,
            self.connection.uuids(ids),
            self.connection.texts(outcomes),
        ];
        call.return_from(STORED_DOCUMENTS, &arguments);
    }
}

/// A refusal of an item. It names the item's place in a batch.
fn of_item(refusal: Refusal, is_batch: bool, position: usize) -> Refusal {
    if is_batch {
        refusal.in_item("documents", position)
    } else {
        refusal
    }
}

//! A model of documents: the results that the calls must have, one after the other. It does not copy how the engines
//! compute them. Tests run random histories on a database and compare the results with the model.

/// A caller. Ada and Bob share a tenant; Eve has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// A member.
    Ada,
    /// Another member of the same tenant.
    Bob,
    /// A user of another tenant.
    Eve,
}

impl Person {
    fn is_of_the_tenant_of(self, other: Self) -> bool {
        (self == Self::Eve) == (other == Self::Eve)
    }
}

/// How far the ingest of a document got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the states")]
pub enum Status {
    Pending,
    Processing,
    Ready,
    Failed,
    Archived,
}

impl Status {
    /// The status as it is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Archived => "archived",
        }
    }

    fn leads_to(self, next: Self) -> bool {
        use Status::{Archived, Failed, Pending, Processing, Ready};
        match self {
            Pending => matches!(next, Processing | Ready | Failed | Archived),
            Processing => matches!(next, Pending | Ready | Failed | Archived),
            Ready => matches!(next, Processing | Archived),
            Failed => matches!(next, Pending | Processing | Archived),
            Archived => false,
        }
    }
}

/// A registration. Sources, bytes and titles are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registration {
    /// Where the bytes came from.
    pub source: u8,
    /// Which bytes they are.
    pub bytes: u8,
    /// Whether the tenant may read them.
    pub shared: bool,
    /// What the document is called.
    pub title: Option<u8>,
}

/// A stored document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The id that the database gave it; empty until it is known. Ids of one millisecond are in random order.
    pub id: String,
    /// Who registered it.
    pub owner: Person,
    /// Its sources: first its `source_uri`, then its aliases.
    pub sources: Vec<u8>,
    /// Which bytes it has.
    pub bytes: u8,
    /// Whether the tenant may read it.
    pub shared: bool,
    /// What it is called.
    pub title: Option<u8>,
    /// How far its ingest got.
    pub status: Status,
    /// The document that its source belonged to before.
    pub supersedes: Option<usize>,
    /// Whether its owner deleted it.
    pub deleted: bool,
    /// Whether its ingest has made no progress for an hour.
    pub given_up: bool,
}

impl Document {
    fn is_live(&self) -> bool {
        !self.deleted && self.status != Status::Archived
    }

    fn is_seen_by(&self, who: Person) -> bool {
        self.owner == who || (self.shared && !self.deleted && self.owner.is_of_the_tenant_of(who))
    }
}

/// The result of a call: an outcome or a status with the place of the document in [`Shelf::documents`], or a SQLSTATE.
pub type Answer = Result<(&'static str, usize), &'static str>;

/// All documents of the database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shelf {
    /// In the order of their creation.
    pub documents: Vec<Document>,
}

impl Shelf {
    /// `register_document`.
    pub fn register(&mut self, who: Person, new: Registration) -> (&'static str, usize) {
        if let Some(found) = self.find(who, new) {
            let before = &self.documents[found];
            // A source leaves the caller's other documents, unless the caller's private document has it already.
            if before.owner != who || before.shared || !before.sources.contains(&new.source) {
                self.release(who, new.source, Some(found));
            }
            let document = &mut self.documents[found];
            if matches!(document.status, Status::Pending | Status::Failed) || document.given_up {
                document.status = Status::Pending;
                if document.owner == who {
                    document.title = new.title.or(document.title);
                }
            }
            if !document.sources.contains(&new.source) {
                document.sources.push(new.source);
            }
            document.shared |= new.shared;
            document.given_up = false;
            return ("duplicate", found);
        }
        let supersedes = self.release(who, new.source, None);
        self.documents.push(Document {
            id: String::new(),
            owner: who,
            sources: vec![new.source],
            bytes: new.bytes,
            shared: new.shared,
            title: new.title,
            status: Status::Pending,
            supersedes,
            deleted: false,
            given_up: false,
        });
        let outcome = if supersedes.is_some() {
            "new_version"
        } else {
            "created"
        };
        (outcome, self.documents.len() - 1)
    }

    /// `register_documents`: known documents first, then items that share nothing with other items (new documents before
    /// new sources), then the rest in their order.
    pub fn register_all(
        &mut self,
        who: Person,
        batch: &[Registration],
    ) -> Vec<(&'static str, usize)> {
        let mut rest: Vec<usize> = (0..batch.len())
            .filter(|place| !self.changes_nothing(who, batch[*place]))
            .collect();
        let unsettled = rest.clone();
        let is_first = |place: usize, same: &dyn Fn(&Registration) -> bool| {
            unsettled.iter().find(|other| same(&batch[**other])) == Some(&place)
        };
        let (mut first, mut second) = (Vec::new(), Vec::new());
        rest.retain(|place| {
            let item = batch[*place];
            let alone = !self.holds(who, item.source)
                && is_first(*place, &|other| other.source == item.source);
            match self.find(who, item) {
                None if alone && is_first(*place, &|other| other.bytes == item.bytes) => {
                    first.push(*place);
                }
                Some(found) if alone && self.only_lacks_a_source(who, item, found) => {
                    second.push(*place);
                }
                _ => return true,
            }
            false
        });
        // A document takes all its new sources at once, or one by one.
        let (second, later): (Vec<usize>, Vec<usize>) = second.into_iter().partition(|place| {
            let found = self.find(who, batch[*place]);
            !rest
                .iter()
                .any(|other| self.find(who, batch[*other]) == found)
        });
        rest.extend(later);
        rest.sort_unstable();
        let settled = (0..batch.len()).filter(|place| !unsettled.contains(place));
        let order: Vec<usize> = settled.chain(first).chain(second).chain(rest).collect();
        let mut answers = vec![("", 0); batch.len()];
        for place in order {
            answers[place] = self.register(who, batch[place]);
        }
        answers
    }

    /// `set_document_status`.
    pub fn set_status(&mut self, who: Person, document: usize, next: Status) -> Answer {
        let document_of = self.seen(who, document)?;
        if document_of.deleted {
            return Err("PT410");
        }
        if document_of.status == next && next != Status::Processing {
            return Ok((next.name(), document));
        }
        if !document_of.status.leads_to(next) {
            return Err("PT409");
        }
        if next == Status::Archived && document_of.owner != who {
            return Err("42501");
        }
        document_of.status = next;
        document_of.given_up = false;
        Ok((next.name(), document))
    }

    /// `delete_document`.
    pub fn delete(&mut self, who: Person, document: usize) -> Answer {
        let found = self.seen(who, document)?;
        if found.owner != who {
            return Err("42501");
        }
        found.deleted = true;
        Ok((found.status.name(), document))
    }

    /// More than an hour passes.
    pub fn pass_an_hour(&mut self) {
        for document in &mut self.documents {
            document.given_up |= document.status == Status::Processing;
        }
    }

    fn seen(&mut self, who: Person, document: usize) -> Result<&mut Document, &'static str> {
        let found = self.documents.get_mut(document);
        found.filter(|found| found.is_seen_by(who)).ok_or("PT404")
    }

    /// The live document of these bytes that a registration uses. It prefers one with the visibility of the registration.
    fn find(&self, who: Person, new: Registration) -> Option<usize> {
        let fits = |document: &Document| {
            let is_reached = document.owner == who || (new.shared && document.is_seen_by(who));
            document.is_live() && document.bytes == new.bytes && is_reached
        };
        let fitting = || (0..self.documents.len()).filter(|place| fits(&self.documents[*place]));
        fitting()
            .find(|place| self.documents[*place].shared == new.shared)
            .or_else(|| fitting().next())
    }

    fn holds(&self, who: Person, source: u8) -> bool {
        self.documents.iter().any(|document| {
            document.is_live() && document.owner == who && document.sources.contains(&source)
        })
    }

    /// Removes a source from the live documents of this person. A document that loses its last source is archived. Returns
    /// the document that the new version supersedes: the one with this `source_uri`, else a private one, else the one with
    /// the lowest id.
    fn release(&mut self, who: Person, source: u8, except: Option<usize>) -> Option<usize> {
        let holds = |document: &Document| {
            document.is_live() && document.owner == who && document.sources.contains(&source)
        };
        let holders: Vec<usize> = (0..self.documents.len())
            .filter(|place| Some(*place) != except && holds(&self.documents[*place]))
            .collect();
        let released = holders.iter().copied().min_by_key(|place| {
            let document = &self.documents[*place];
            let is_named_by_it = document.sources.first() == Some(&source);
            (!is_named_by_it, document.shared, document.id.as_str())
        });
        // The released document first: its next `source_uri` depends on the sources that the others still have.
        let others = holders.into_iter().filter(|place| Some(*place) != released);
        for place in released.into_iter().chain(others) {
            self.drop_source(place, source);
        }
        released
    }

    fn drop_source(&mut self, place: usize, source: u8) {
        let (owner, sources) = (self.documents[place].owner, &self.documents[place].sources);
        let names_another = |alias: &u8| {
            self.documents.iter().enumerate().any(|(other, document)| {
                let is_named_by_it = document.sources.first() == Some(alias);
                other != place && document.is_live() && document.owner == owner && is_named_by_it
            })
        };
        let next = (sources.first() == Some(&source))
            .then(|| sources.iter().skip(1).find(|alias| !names_another(alias)))
            .map(Option::<&u8>::copied);
        let document = &mut self.documents[place];
        match next {
            Some(None) => document.status = Status::Archived,
            Some(Some(next)) => {
                document
                    .sources
                    .retain(|held| ![source, next].contains(held));
                document.sources.insert(0, next);
            }
            None => document.sources.retain(|held| *held != source),
        }
        document.given_up = false;
    }

    fn changes_nothing(&self, who: Person, item: Registration) -> bool {
        let mut after = self.clone();
        after.register(who, item);
        let pending = self.find(who, item).map(|found| &self.documents[found]);
        // A title for a pending document counts as a change, even if the title is the same.
        let is_described = pending.is_some_and(|document| {
            document.status == Status::Pending && document.owner == who && item.title.is_some()
        });
        after == *self && !is_described
    }

    fn only_lacks_a_source(&self, who: Person, item: Registration, found: usize) -> bool {
        let document = &self.documents[found];
        let begins_anew = document.status == Status::Failed || document.given_up;
        let is_described =
            document.owner == who && document.status == Status::Pending && item.title.is_some();
        !begins_anew
            && !is_described
            && (document.shared || !item.shared)
            && !document.sources.contains(&item.source)
    }
}

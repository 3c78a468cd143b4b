//! Chatkeep: any number of documents in one call of `register_documents`, by their owner, under Row Level Security.

use super::corpus::Document;
use super::document_store::{DocumentStore, expect_known};
use crate::connection::{Connection, Statement};
use crate::random;
use crate::server::Database;
use crate::users;
use anyhow::{Result, ensure};
use std::fmt::Write;

pub struct Chatkeep {
    name: &'static str,
    connection: Connection,
    register: Statement,
}

impl Chatkeep {
    /// A user with a store of this many documents.
    pub fn new(name: &'static str, database: &Database<'_>, store: usize) -> Result<Self> {
        let user = random::uuid();
        let mut admin = database.connect()?;
        users::add(&mut admin, &user)?;
        // The foreign keys are valid by construction. Checking them one by one would take most of the time.
        admin.execute(&format!(
            "begin;
             set local session_replication_role = replica;
             insert into chatkeep.users (id) values ('{user}') on conflict do nothing;
             insert into chatkeep.tenants (id) values ('{user}') on conflict do nothing;
             insert into chatkeep.memberships (user_id, tenant_id, role, is_home)
               values ('{user}', '{user}', 'owner', true) on conflict do nothing;
             insert into chatkeep.documents (tenant_id, user_id, source_uri, checksum, status)
             select '{user}', '{user}', 'https://example.com/corpus/' || n, encode(sha256(n::text::bytea), 'hex'), 'ready'
             from generate_series(0, {store} - 1) n;
             commit"
        ))?;
        let mut connection = database.connect()?;
        users::sign_in(&mut connection, &user)?;
        Ok(Self {
            name,
            register: connection
                .prepare("select outcome, id from chatkeep.register_documents($1)")?,
            connection,
        })
    }
}

impl DocumentStore for Chatkeep {
    fn name(&self) -> &'static str {
        self.name
    }

    fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    fn register(&mut self, documents: &[Document], are_known: bool) -> Result<()> {
        let items = items(documents);
        let (mut known, mut new, mut others) = (0, 0, 0);
        let mut ids: Vec<Box<[u8]>> = Vec::with_capacity(documents.len());
        let count = |[outcome, id]: &[&[u8]; 2]| {
            ids.push(Box::from(*id));
            match *outcome {
                b"duplicate" => known += 1,
                b"created" => new += 1,
                _ => others += 1,
            }
        };
        self.connection
            .visit(&self.register, &[(&items).into()], count)?;
        ensure!(
            others == 0 && ids.len() == documents.len(),
            "register_documents: {known} duplicates, {new} created, {others} others of {}",
            documents.len()
        );
        expect_known(
            self.name,
            known,
            if are_known { documents.len() } else { 0 },
        )
    }
}

/// The argument of the call, as JSON.
fn items(documents: &[Document]) -> String {
    let mut items = String::with_capacity(documents.len() * 160 + 2);
    for (place, document) in documents.iter().enumerate() {
        items.push(if place == 0 { '[' } else { ',' });
        // Writing to a string cannot fail. Neither value has a character that JSON escapes.
        let _ = write!(
            items,
            r#"{{"source_uri":"{}","checksum":"{}"}}"#,
            document.source_uri, document.checksum
        );
    }
    items.push(']');
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::corpus;

    #[test]
    fn documents_become_one_array_in_order() {
        let documents = corpus::numbered(5..7);
        let value: serde_json::Value = serde_json::from_str(&items(&documents)).unwrap();
        assert_eq!(
            value[1]["source_uri"],
            documents.last().unwrap().source_uri.as_str()
        );
        assert_eq!(
            value[0]["checksum"],
            documents.first().unwrap().checksum.as_str()
        );
    }
}

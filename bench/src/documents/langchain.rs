//! LangChain's `index()` with its `SQLRecordManager`, over SQLAlchemy and psycopg 3, with the defaults: batches of 100
//! keys and no cleanup. The writes to a vector store in between are left out. The statements and their order are from
//! the log of a server for langchain-core 1.8 and langchain-classic 1.0. Keys are UUIDs, as its default hash makes
//! them.
//!
//! A known key is written twice, whatever `cleanup` is: once to refresh it, and once more with the whole batch. Only
//! `force_update` skips the first write, but then the document goes to the vector store again.

use super::corpus::Document;
use super::document_store::{DocumentStore, expect_known};
use crate::clock;
use crate::connection::{Connection, Statement, Value};
use crate::random;
use crate::server::Database;
use anyhow::Result;
use std::collections::HashSet;

/// `batch_size` of `index()`.
const BATCH: usize = 100;
const NAMESPACE: &str = "bench";

pub struct LangChain {
    connection: Connection,
    exists: Statement,
    upsert: Statement,
}

impl LangChain {
    /// A record manager with this number of records.
    pub fn new(database: &Database<'_>, store: usize) -> Result<Self> {
        let mut connection = database.connect()?;
        connection.execute(&format!(
            "create schema langchain; set search_path = langchain; set bench.store = {store}; {}",
            include_str!("langchain.sql")
        ))?;
        Ok(Self {
            exists: connection.prepare(&exists(BATCH))?,
            upsert: connection.prepare(&upsert(BATCH))?,
            connection,
        })
    }

    fn get_time(&mut self) -> Result<()> {
        self.connection.execute("BEGIN")?;
        self.connection
            .execute("SELECT EXTRACT (EPOCH FROM CURRENT_TIMESTAMP);")?;
        self.connection.execute("ROLLBACK")
    }

    /// The number of keys that exist.
    fn exists(&mut self, batch: &[Document]) -> Result<usize> {
        let values: Vec<Value<'_>> = { batch.iter() }
            .map(|document| (&document.key).into())
            .chain([NAMESPACE.into()])
            .collect();
        let mut found = HashSet::new();
        self.connection.execute("BEGIN")?;
        self.connection
            .visit(&self.exists, &values, |[key]: &[&[u8]; 1]| {
                found.insert(Box::<[u8]>::from(*key));
            })?;
        self.connection.execute("ROLLBACK")?;
        let is_there = |document: &&Document| found.contains(document.key.as_bytes());
        Ok(batch.iter().filter(is_there).count())
    }

    fn update(&mut self, batch: &[Document]) -> Result<()> {
        self.get_time()?;
        let ids: Vec<String> = batch.iter().map(|_| random::uuid()).collect();
        // It sends the result of get_time back. This number is as long.
        let time = seconds(clock::milliseconds());
        let mut values: Vec<Value<'_>> = Vec::with_capacity(batch.len() * 5);
        for (document, id) in batch.iter().zip(&ids) {
            values.extend([
                id.into(),
                (&document.key).into(),
                NAMESPACE.into(),
                Value::Null,
                (&time).into(),
            ]);
        }
        self.connection.execute("BEGIN")?;
        self.connection.run(&self.upsert, &values)?;
        self.connection.execute("COMMIT")
    }
}

impl DocumentStore for LangChain {
    fn name(&self) -> &'static str {
        "LangChain"
    }

    fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    fn register(&mut self, documents: &[Document], are_known: bool) -> Result<()> {
        self.get_time()?;
        for batch in documents.chunks(BATCH) {
            let known = self.exists(batch)?;
            expect_known("LangChain", known, if are_known { batch.len() } else { 0 })?;
            if known > 0 {
                self.update(batch)?;
            }
            self.update(batch)?;
        }
        Ok(())
    }
}

fn exists(keys: usize) -> String {
    let places: Vec<String> = (1..=keys).map(|n| format!("${n}::VARCHAR")).collect();
    format!(
        "SELECT upsertion_record.key AS upsertion_record_key FROM upsertion_record \
         WHERE upsertion_record.key IN ({}) AND upsertion_record.namespace = ${}::VARCHAR",
        places.join(", "),
        keys + 1
    )
}

fn upsert(records: usize) -> String {
    let record = |n: usize| {
        let place = |column: usize| n * 5 + column;
        format!(
            "(${}::VARCHAR, ${}::VARCHAR, ${}::VARCHAR, ${}::VARCHAR, ${})",
            place(1),
            place(2),
            place(3),
            place(4),
            place(5)
        )
    };
    let records: Vec<String> = (0..records).map(record).collect();
    format!(
        "INSERT INTO upsertion_record (uuid, key, namespace, group_id, updated_at) VALUES {} \
         ON CONFLICT ON CONSTRAINT uix_key_namespace \
         DO UPDATE SET group_id = excluded.group_id, updated_at = excluded.updated_at",
        records.join(", ")
    )
}

/// Seconds since 1970 with a fraction, in the form of a float8.
fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1_000, milliseconds % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_over_all_rows() {
        assert!(exists(2).ends_with(
            "IN ($1::VARCHAR, $2::VARCHAR) AND upsertion_record.namespace = $3::VARCHAR"
        ));
        assert!(upsert(2).contains("($6::VARCHAR, $7::VARCHAR, $8::VARCHAR, $9::VARCHAR, $10) ON"));
    }

    #[test]
    fn a_time_keeps_its_zeros() {
        assert_eq!(seconds(1_700_000_000_007), "1700000000.007");
    }
}

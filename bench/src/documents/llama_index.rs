//! LlamaIndex's `IngestionPipeline` with a `PostgresDocumentStore`, over SQLAlchemy and psycopg2, with the strategy
//! `duplicates_only`. It reads the hash of every document in the store. Each new document is then three upserts of one
//! row (its hash, its node and its hash again), each in a transaction (`batch_size` is 1). The statements and their
//! order are from the log of a server for llama-index-core 0.14, storage-docstore-postgres 0.6 and
//! storage-kvstore-postgres 0.6.
//!
//! Statements are prepared here; psycopg2 sends text. The rows become the structures of the pipeline: `get_all` of the
//! key-value store makes a dictionary of decoded objects by key, and `get_all_document_hashes` another one of keys by
//! hash, which tells known documents. Both work without an interpreter and without SQLAlchemy's object for each row.

use super::corpus::Document;
use super::document_store::{DocumentStore, expect_known};
use crate::connection::{Connection, Statement};
use crate::server::Database;
use anyhow::Result;
use serde_json::Value;
use std::collections::HashMap;

pub struct LlamaIndex {
    connection: Connection,
    hashes: Statement,
    upsert: Statement,
}

impl LlamaIndex {
    /// A document store with this number of hashes.
    pub fn new(database: &Database<'_>, store: usize) -> Result<Self> {
        let mut connection = database.connect()?;
        connection.execute(&format!(
            "create schema llama_index; set search_path = llama_index; set bench.store = {store}; {}",
            include_str!("llama_index.sql")
        ))?;
        Ok(Self {
            hashes: connection.prepare(
                "SELECT data_docstore.id, data_docstore.key, data_docstore.namespace, data_docstore.value \
                 FROM data_docstore WHERE data_docstore.namespace = 'docstore/metadata'",
            )?,
            upsert: connection.prepare(
                "INSERT INTO data_docstore (key, namespace, value) VALUES ($1, $2, $3::JSON) \
                 ON CONFLICT (key, namespace) DO UPDATE SET value = excluded.value",
            )?,
            connection,
        })
    }

    fn put(&mut self, key: &str, namespace: &str, value: &str) -> Result<()> {
        self.connection.execute("BEGIN")?;
        let values = [key.into(), namespace.into(), value.into()];
        self.connection.run(&self.upsert, &values)?;
        self.connection.execute("COMMIT")
    }
}

impl DocumentStore for LlamaIndex {
    fn name(&self) -> &'static str {
        "LlamaIndex"
    }

    fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    fn register(&mut self, documents: &[Document], are_known: bool) -> Result<()> {
        let mut stored: HashMap<Box<[u8]>, Value> = HashMap::new();
        self.connection.execute("BEGIN")?;
        self.connection.visit(&self.hashes, &[], |row| {
            let [_, key, _, value] = row;
            if let Ok(value) = serde_json::from_slice(value) {
                stored.insert(Box::from(*key), value);
            }
        })?;
        self.connection.execute("ROLLBACK")?;
        let hashes: HashMap<&[u8], &[u8]> = stored
            .iter()
            .filter_map(|(key, value)| Some((hash_of(value)?, &**key)))
            .collect();
        let is_known = |document: &&Document| hashes.contains_key(document.checksum.as_bytes());
        let known = documents.iter().filter(is_known).count();
        expect_known(
            "LlamaIndex",
            known,
            if are_known { documents.len() } else { 0 },
        )?;
        if are_known {
            return Ok(());
        }
        let hash = |document: &Document| format!(r#"{{"doc_hash": "{}"}}"#, document.checksum);
        for document in documents {
            self.put(&document.key, "docstore/metadata", &hash(document))?;
        }
        for document in documents {
            self.put(&document.key, "docstore/data", &node(document))?;
        }
        for document in documents {
            self.put(&document.key, "docstore/metadata", &hash(document))?;
        }
        Ok(())
    }
}

fn hash_of(value: &Value) -> Option<&[u8]> {
    value.get("doc_hash")?.as_str().map(str::as_bytes)
}

/// A document as LlamaIndex writes it, with one line of text.
fn node(document: &Document) -> String {
    let text = "A text of one line, since what it says does not matter here.";
    format!(
        concat!(
            r#"{{"__data__": {{"id_": "{key}", "embedding": null, "metadata": {{"source": "{source}"}}, "#,
            r#""excluded_embed_metadata_keys": [], "excluded_llm_metadata_keys": [], "relationships": {{}}, "#,
            r#""metadata_template": "{{key}}: {{value}}", "metadata_separator": "\n", "text_resource": "#,
            r#"{{"embeddings": null, "text": "{text}", "path": null, "url": null, "mimetype": null}}, "#,
            r#""image_resource": null, "audio_resource": null, "video_resource": null, "text_template": "#,
            r#""{{metadata_str}}\n\n{{content}}", "class_name": "Document", "text": "{text}"}}, "__type__": "4"}}"#
        ),
        key = document.key,
        source = document.source_uri,
        text = text,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_found_among_the_keys_of_an_object() {
        let value: Value = serde_json::from_str(r#"{"doc_hash": "ab12"}"#).unwrap();
        assert_eq!(hash_of(&value), Some(&b"ab12"[..]));
        let value: Value = serde_json::from_str(r#"{"ref_doc_id": "ab12"}"#).unwrap();
        assert_eq!(hash_of(&value), None);
    }

    #[test]
    fn a_node_is_json_with_its_id_and_source() {
        let document = Document::new(1);
        let value: Value = serde_json::from_str(&node(&document)).unwrap();
        assert_eq!(value["__data__"]["id_"], document.key.as_str());
        assert_eq!(
            value["__data__"]["metadata"]["source"],
            document.source_uri.as_str()
        );
        assert_eq!(value["__data__"]["metadata_template"], "{key}: {value}");
    }
}

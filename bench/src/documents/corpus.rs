//! The documents of the benchmark, by number. The store holds those below its size; the others are new to it.

use crate::random::Seeded;
use chatkeep_core::digest;
use rand::RngExt;
use rand::seq::SliceRandom;
use std::ops::Range;

/// A document as a client holds it before the registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub source_uri: String,
    /// SHA-256 of the bytes, in hexadecimal.
    pub checksum: String,
    /// The name that the other stores give it. It is a UUID, as LangChain's keys and LlamaIndex's ids are.
    pub key: String,
}

impl Document {
    /// The document with this number. Its bytes are the number in decimal. The loaders write the same documents in SQL.
    pub fn new(number: usize) -> Self {
        let sum = digest::sha256(number.to_string().as_bytes());
        let [key @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = sum;
        Self {
            source_uri: format!("https://example.com/corpus/{number}"),
            checksum: digest::hex(&sum),
            key: chatkeep_core::uuid::format(&key),
        }
    }
}

/// This number of different documents, at random places of the store.
pub fn known(random: &mut Seeded, store: usize, count: usize) -> Vec<Document> {
    let stride = (store / count.max(1)).max(1);
    let mut numbers: Vec<usize> = (0..count)
        .map(|place| place * stride + random.random_range(0..stride))
        .collect();
    numbers.shuffle(random);
    numbers.into_iter().map(Document::new).collect()
}

/// The documents with these numbers.
pub fn numbered(numbers: Range<usize>) -> Vec<Document> {
    numbers.map(Document::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use std::collections::HashSet;

    #[test]
    fn a_document_has_the_digest_of_its_number() {
        let document = Document::new(0);
        assert_eq!(
            document.checksum,
            "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"
        );
        assert_eq!(document.key, "5feceb66-ffc8-6f38-d952-786c6d696c79");
    }

    #[test]
    fn known_documents_differ_and_are_in_the_store() {
        let of_seed = |seed| known(&mut Seeded::seed_from_u64(seed), 1_000, 100);
        let documents = of_seed(3);
        let uris: HashSet<&str> = documents.iter().map(|d| d.source_uri.as_str()).collect();
        assert_eq!(uris.len(), 100);
        let store = numbered(0..1_000);
        assert!(documents.iter().all(|document| store.contains(document)));
        assert_ne!(documents, of_seed(4));
    }
}

//! The measured document stores, and the number of documents in them.

use super::chatkeep::Chatkeep;
use super::document_store::DocumentStore;
use super::langchain::LangChain;
use super::llama_index::LlamaIndex;
use crate::scenarios::Length;
use crate::server::Database;
use anyhow::Result;

/// The number of documents in the stores at the beginning, and in a batch.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub store: usize,
    pub batch: usize,
}

impl Size {
    pub fn of(length: Length) -> Self {
        let (store, batch) = length.choose((1_000_000, 10_000), (50_000, 1_000));
        Self { store, batch }
    }
}

/// The stores in both databases with their documents: native, portable, LangChain's and LlamaIndex's.
pub fn load(
    native: &Database<'_>,
    portable: &Database<'_>,
    size: Size,
) -> Result<Vec<Box<dyn DocumentStore>>> {
    let stores: Vec<Box<dyn DocumentStore>> = vec![
        Box::new(Chatkeep::new("native", native, size.store)?),
        Box::new(Chatkeep::new("portable", portable, size.store)?),
        Box::new(LangChain::new(native, size.store)?),
        Box::new(LlamaIndex::new(native, size.store)?),
    ];
    native.settle()?;
    portable.settle()?;
    Ok(stores)
}

//! A store that documents are registered in.

use super::Length;
use super::chatkeep::Chatkeep;
use super::corpus::Document;
use super::langchain::LangChain;
use super::llama_index::LlamaIndex;
use crate::connection::Connection;
use crate::failure::{Failure, Result};
use crate::server::Database;
use std::time::Instant;

/// How many documents the stores hold before, and how many are registered at a time.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub store: usize,
    pub batch: usize,
}

impl Size {
    pub fn of(length: Length) -> Self {
        length.choose(
            Self {
                store: 1_000_000,
                batch: 10_000,
            },
            Self {
                store: 50_000,
                batch: 1_000,
            },
        )
    }
}

pub trait Registry {
    /// What the table calls it.
    fn name(&self) -> &'static str;

    /// The connection that it uses.
    fn connection(&mut self) -> &mut Connection;

    /// Registers documents of which all are known or all are new, and fails if the store does not see it so.
    fn register(&mut self, documents: &[Document], are_known: bool) -> Result<()>;
}

/// The registries of both databases, with their stores of that size: native, portable, LangChain's and LlamaIndex's.
pub fn load(
    native: &Database<'_>,
    portable: &Database<'_>,
    size: Size,
) -> Result<Vec<Box<dyn Registry>>> {
    let registries: Vec<Box<dyn Registry>> = vec![
        Box::new(Chatkeep::new("native", native, size.store)?),
        Box::new(Chatkeep::new("portable", portable, size.store)?),
        Box::new(LangChain::new(native, size.store)?),
        Box::new(LlamaIndex::new(native, size.store)?),
    ];
    native.settle()?;
    portable.settle()?;
    Ok(registries)
}

/// Milliseconds of registering.
pub fn time(registry: &mut dyn Registry, documents: &[Document], are_known: bool) -> Result<f64> {
    let start = Instant::now();
    registry.register(documents, are_known)?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}

/// Fails unless a store knows as many documents as it should.
pub fn expect_known(name: &str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{name} knows {found} documents where it should know {expected}"
    )))
}

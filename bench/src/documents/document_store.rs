//! A store that registers documents.

use super::corpus::Document;
use crate::connection::Connection;
use anyhow::{Result, ensure};
use std::time::Instant;

pub trait DocumentStore {
    /// The store's name in the table.
    fn name(&self) -> &'static str;

    /// The connection of the store.
    fn connection(&mut self) -> &mut Connection;

    /// Registers documents, which are all known or all new. Fails if the store finds otherwise.
    fn register(&mut self, documents: &[Document], are_known: bool) -> Result<()>;
}

/// The time of a registration in milliseconds.
pub fn time(store: &mut dyn DocumentStore, documents: &[Document], are_known: bool) -> Result<f64> {
    let start = Instant::now();
    store.register(documents, are_known)?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}

/// Fails unless a store finds the expected number of known documents.
pub fn expect_known(name: &str, found: usize, expected: usize) -> Result<()> {
    ensure!(
        found == expected,
        "{name} knows {found} documents where it should know {expected}"
    );
    Ok(())
}

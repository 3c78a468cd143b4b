//! A store in which documents are registered.

use super::corpus::Document;
use crate::connection::Connection;
use anyhow::{Result, ensure};
use std::time::Instant;

pub trait DocumentStore {
    /// What the table calls it.
    fn name(&self) -> &'static str;

    /// The connection that it uses.
    fn connection(&mut self) -> &mut Connection;

    /// Registers documents of which all are known or all are new, and fails if the store does not see it so.
    fn register(&mut self, documents: &[Document], are_known: bool) -> Result<()>;
}

/// Milliseconds of registering.
pub fn time(store: &mut dyn DocumentStore, documents: &[Document], are_known: bool) -> Result<f64> {
    let start = Instant::now();
    store.register(documents, are_known)?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}

/// Fails unless a store knows as many documents as it should.
pub fn expect_known(name: &str, found: usize, expected: usize) -> Result<()> {
    ensure!(
        found == expected,
        "{name} knows {found} documents where it should know {expected}"
    );
    Ok(())
}

//! Documents and their sources.

pub mod change;
pub mod document;
#[cfg(any(test, feature = "model"))]
pub mod model;
pub mod source_uri;

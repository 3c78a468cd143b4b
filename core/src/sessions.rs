//! Sessions and their tokens.

#[cfg(any(test, feature = "model"))]
pub mod model;
pub mod request;
pub mod session;

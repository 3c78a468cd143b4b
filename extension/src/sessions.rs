//! Sessions.
//!
//! Refusals of a token are rows, not errors: an error would roll back the revocation that it reports.

mod create_session;
mod lifetime;
mod pre_request;
mod presented_session;
mod rotate_session;
mod validate_session;

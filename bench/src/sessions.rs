//! `bench sessions`: rotation, compared with the statements of Supabase's auth server (`GoTrue`); validation, compared
//! with the shortest read of a row; what `pre_request` adds to a request; the remains of many rotations; and many clients that present one token.

mod chatkeep;
mod crowd;
mod gotrue;
mod growth;
mod pre_request;
mod rotate;
mod validate;

use crate::scenarios::Scenario;

/// The scenarios by name, in the order of their runs.
pub const SCENARIOS: &[(&str, Scenario)] = &[
    ("rotate", rotate::one),
    ("rotate-8", rotate::eight),
    ("validate", validate::run),
    ("pre_request", pre_request::run),
    ("growth", growth::run),
    ("crowd", crowd::run),
];

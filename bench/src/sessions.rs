//! `bench sessions`: rotation beside what Supabase's auth server (`GoTrue`) sends for the same, validation beside the
//! shortest look at a row, what many rotations leave behind, and many clients that present one token.

mod chatkeep;
mod crowd;
mod gotrue;
mod growth;
mod rotate;
mod validate;

use crate::scenarios::Scenario;

/// The scenarios by name, in the order they run.
pub const SCENARIOS: &[(&str, Scenario)] = &[
    ("rotate", rotate::one),
    ("rotate-8", rotate::eight),
    ("validate", validate::run),
    ("growth", growth::run),
    ("crowd", crowd::run),
];

//! The functions that policies call, and the check that policies are those of the migrations.

mod answers;
pub mod fingerprints;
pub mod presented;
mod tenant;

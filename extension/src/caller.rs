//! Who calls.

pub mod claims;
pub mod identity;

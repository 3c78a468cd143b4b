//! The caller: the claims of the request, the user and the membership.

pub mod claims;
pub mod headers;
pub mod identity;

//! The caller: the claims of the request, the user and the membership.

pub mod claims;
pub mod identity;
pub mod named_tenant;

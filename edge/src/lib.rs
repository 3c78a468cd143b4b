//! The rules of `chatkeep-core` for JavaScript, as a WASM module.
//!
//! Arguments are scalars, strings and bytes, and refusals are small objects, so no serialiser is linked.
//! The npm package in `js/` turns JavaScript values into these scalars, and core judges them; this crate
//! has no rules of its own. No exported function can panic, because a panic would abort the module.

mod arguments;
mod digest;
mod identity;
mod refusal;

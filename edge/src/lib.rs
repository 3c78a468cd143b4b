//! Chatkeep's rules for JavaScript: what `chatkeep-core` decides, callable across the WASM boundary.
//!
//! Only scalars, strings and bytes cross, and refusals as small objects, so no serialiser is linked.
//! Nothing here decides anything: the npm package in `js/` turns JavaScript values into the scalars
//! below, and core judges them. No exported function can panic; the module is built to abort.

mod arguments;
mod digest;
mod identity;
mod refusal;

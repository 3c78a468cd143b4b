//! What row level security asks of the library, and what the library knows of row level security.

mod answers;
pub mod fingerprints;
pub mod presented;
mod tenant;

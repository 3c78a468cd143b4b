//! Lets `cargo pgrx` read the SQL entities out of the library.
#![allow(missing_docs, reason = "the macro writes functions without comments")]

::pgrx::pgrx_embed!();

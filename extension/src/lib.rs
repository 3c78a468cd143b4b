//! The native engine.
pgrx::pg_module_magic!();

//! Entry points of C.

/// Declares one C entry point, which runs `$body` by `$run`, and the record that says it obeys calling convention 1.
macro_rules! entry {
    ($wrapper:ident, $finfo:ident => $run:path, $body:path) => {
        /// Entry point, called by Postgres only.
        ///
        /// # Safety
        /// `fcinfo` must be a valid function call of this function's SQL declaration.
        #[pgrx::pg_guard]
        #[unsafe(no_mangle)]
        pub unsafe extern "C-unwind" fn $wrapper(
            fcinfo: pgrx::pg_sys::FunctionCallInfo,
        ) -> pgrx::pg_sys::Datum {
            // SAFETY: passed through as Postgres gave it.
            unsafe { $run(fcinfo, $body) }
        }

        /// The record of the entry point.
        #[unsafe(no_mangle)]
        pub extern "C" fn $finfo() -> &'static pgrx::pg_sys::Pg_finfo_record {
            const RECORD: pgrx::pg_sys::Pg_finfo_record =
                pgrx::pg_sys::Pg_finfo_record { api_version: 1 };
            &RECORD
        }
    };
}
pub(crate) use entry;

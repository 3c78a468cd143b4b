//! The connection to the server's own SQL interface.

use pgrx::pg_sys;

/// Runs `body` with an SPI connection.
pub fn connected<T>(body: impl FnOnce() -> T) -> T {
    // SAFETY: SPI_connect and SPI_finish pair up on every return of `body`. An error leaves by unwinding instead, and
    // the abort of the (sub)transaction closes the connection.
    unsafe {
        pg_sys::SPI_connect();
        let outcome = body();
        pg_sys::SPI_finish();
        outcome
    }
}

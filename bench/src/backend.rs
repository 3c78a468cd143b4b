//! The server's CPU time, taken from the kernel's own account of one backend process.

use crate::failure::{Doing, Failure, Result};
use std::fs;

/// Time that a backend has spent on a CPU since it began, user and system, in nanoseconds.
/// The first field of schedstat (Linux, Documentation/scheduler/sched-stats.rst); a backend is one
/// thread, and waits for its client when this is read, so nothing is pending.
pub fn cpu_nanoseconds(backend: i32) -> Result<f64> {
    let path = format!("/proc/{backend}/schedstat");
    let text = fs::read_to_string(&path).doing(&format!("reading {path}"))?;
    let first = text.split_whitespace().next();
    first
        .and_then(|field| field.parse().ok())
        .ok_or_else(|| Failure::new(format!("{path} holds no time")))
}

/// CPU time of a backend during a piece of work, in microseconds.
pub fn cpu_microseconds(backend: i32, work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let before = cpu_nanoseconds(backend)?;
    work()?;
    Ok((cpu_nanoseconds(backend)? - before) / 1e3)
}

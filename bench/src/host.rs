//! The host of the measurements.

use crate::random::SEED;
use crate::server::Server;
use anyhow::Result;
use std::fs;

/// CPU, cores and PostgreSQL's version, in one line.
pub fn describe(server: &Server) -> Result<String> {
    let version = server.admin()?.value("show server_version")?;
    let version = version.split_whitespace().next().unwrap_or_default();
    Ok(format!("{}, PostgreSQL {version}", processor()))
}

/// CPU and cores.
pub fn processor() -> String {
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown CPU", |(_, model)| model.trim());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{model}, {cores} cores")
}

/// Asks the kernel for precise timers, because the delaying proxy sleeps half a millisecond at a time. Threads inherit
/// this. Without it, the calibrated delay varies more.
pub fn punctual_timers() {
    let _ = fs::write("/proc/self/timerslack_ns", "1");
}

/// The settings of the server and of every connection on which the measurements depend.
pub fn settings(server: &Server) -> Result<String> {
    let names = ["shared_buffers", "fsync", "full_page_writes", "autovacuum"];
    let mut admin = server.admin()?;
    let mut words = Vec::new();
    for name in names {
        words.push(format!("{name} {}", admin.value(&format!("show {name}"))?));
    }
    Ok(format!(
        "Server: {}; connections over loopback with synchronous_commit off, on both sides. Sides alternate within each \
         round; numbers are medians (quartiles) over rounds, ratios are medians of the rounds' ratios. The seed of all texts and documents is {SEED}.",
        words.join(", ")
    ))
}

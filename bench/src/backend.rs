//! CPU time and memory of one backend process, from the kernel's counters.

use anyhow::{Context, Result, anyhow};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

/// CPU time that a backend has used since it began, user and system, in nanoseconds. It is the first field of schedstat
/// (Linux, Documentation/scheduler/sched-stats.rst). A backend is one thread, and it waits for its client during this
/// call, so the number is final.
pub fn cpu_nanoseconds(backend: i32) -> Result<f64> {
    let path = format!("/proc/{backend}/schedstat");
    let text = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
    let first = text.split_whitespace().next();
    first
        .and_then(|field| field.parse().ok())
        .ok_or_else(|| anyhow!("{path} holds no time"))
}

/// CPU time of a backend during `work`, in microseconds.
pub fn cpu_microseconds(backend: i32, work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let before = cpu_nanoseconds(backend)?;
    work()?;
    Ok((cpu_nanoseconds(backend)? - before) / 1e3)
}

/// The highest growth of a backend's memory during `work`, in bytes.
///
/// The kernel's own maximum (`VmHWM`) covers all resident memory. It also counts the pages of shared buffers that a
/// backend has touched, so it grows with every read. A backend's own memory is anonymous, and the kernel reports only
/// its present size (`RssAnon`, proc_pid_status(5)). So a thread reads that size again and again, about every ten
/// microseconds. It does not miss a copy that lives while it is hashed.
#[allow(clippy::cast_precision_loss)]
pub fn peak_memory(backend: i32, work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let path = format!("/proc/{backend}/status");
    let read = || {
        let text = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
        anonymous(&text).ok_or_else(|| anyhow!("{path} does not tell RssAnon"))
    };
    let before = read()?;
    let is_done = AtomicBool::new(false);
    let (worked, peak) = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut peak = before;
            while !is_done.load(Ordering::Relaxed) {
                peak = peak.max(read()?);
            }
            Ok(peak)
        });
        let worked = work();
        is_done.store(true, Ordering::Relaxed);
        let panicked = || Err(anyhow!("a thread of the bench panicked"));
        (worked, watch.join().unwrap_or_else(|_| panicked()))
    });
    worked?;
    Ok((peak? - before) as f64)
}

/// Bytes of anonymous memory, from the text of a `/proc/PID/status`.
fn anonymous(status: &str) -> Option<u64> {
    let mut lines = status.lines();
    let size = lines.find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kibibytes: u64 = size.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_anonymous_memory_counts() {
        let status =
            "Name:\tpostgres\nVmRSS:\t    9000 kB\nRssAnon:\t    1024 kB\nRssShmem:\t    8 kB\n";
        assert_eq!(anonymous(status), Some(1 << 20));
        assert_eq!(anonymous("VmRSS:\t    9000 kB\n"), None);
    }

    #[test]
    fn freed_memory_counts_at_its_peak() {
        let own = i32::try_from(std::process::id()).unwrap();
        let peak = peak_memory(own, || {
            let held = std::hint::black_box(vec![1_u8; 64 << 20]);
            std::thread::sleep(std::time::Duration::from_millis(20));
            drop(held);
            Ok(())
        });
        // Other tests in this process take memory too.
        assert!(peak.unwrap() >= f64::from(60 << 20));
    }
}

//! What a long measurement says of itself, on stderr: results alone go to stdout.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often a measurement without a terminal says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(30);

pub struct Progress {
    name: String,
    terminal: bool,
    started: Instant,
    spoken: Instant,
}

impl Progress {
    pub fn start(name: &str) -> Self {
        let now = Instant::now();
        let terminal = std::io::stderr().is_terminal();
        if !terminal {
            eprintln!("  {name}");
        }
        Self {
            name: name.to_owned(),
            terminal,
            started: now,
            spoken: now,
        }
    }

    pub fn show(&mut self, done: usize, of: usize) {
        if self.terminal {
            eprint!("\r\x1b[2K  {} {done}/{of}", self.name);
            // Progress that cannot be shown must not end the measurement.
            let _ = std::io::stderr().flush();
        } else if self.spoken.elapsed() > HEARTBEAT {
            self.spoken = Instant::now();
            eprintln!("  {} {done}/{of}", self.name);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let clear = if self.terminal { "\r\x1b[2K" } else { "" };
        let seconds = self.started.elapsed().as_secs_f64();
        eprintln!("{clear}  {} ({seconds:.1} s)", self.name);
    }
}

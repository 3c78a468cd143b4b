//! Shows the progress of a long measurement on stderr. Only results go to stdout.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// The interval of progress lines without a terminal.
const HEARTBEAT: Duration = Duration::from_secs(30);

pub struct Progress {
    name: String,
    /// Hidden if stderr is not a terminal.
    bar: ProgressBar,
    spoken: Instant,
}

impl Progress {
    pub fn start(name: &str) -> Self {
        let bar = ProgressBar::no_length().with_message(name.to_owned());
        if let Ok(style) = ProgressStyle::with_template("  {msg} {pos}/{len}") {
            bar.set_style(style);
        }
        if bar.is_hidden() {
            eprintln!("  {name}");
        }
        Self {
            name: name.to_owned(),
            bar,
            spoken: Instant::now(),
        }
    }

    pub fn show(&mut self, done: usize, of: usize) {
        self.bar.set_length(of as u64);
        self.bar.set_position(done as u64);
        if self.bar.is_hidden() && self.spoken.elapsed() > HEARTBEAT {
            self.spoken = Instant::now();
            eprintln!("  {} {done}/{of}", self.name);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        let seconds = self.bar.elapsed().as_secs_f64();
        eprintln!("  {} ({seconds:.1} s)", self.name);
    }
}

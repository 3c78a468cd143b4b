//! The client's CPU time of a call through the package. An edge function has two seconds of CPU time per request.

use super::runtimes::{Runtime, Runtimes, numbers, word};
use crate::progress::Progress;
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use anyhow::Result;

/// The target in microseconds.
const MOST: f64 = 60.0;

pub fn run(runtimes: &Runtimes, length: Length) -> Result<Vec<Comparison>> {
    let (rounds, calls) = length.choose(("41", "1000"), ("5", "500"));
    let words = [word(&runtimes.package)?, rounds, calls];
    let mut comparison = Comparison::new(
        "edge-call",
        "CPU time of the client for one append_message of 1 KiB",
        Unit::Microseconds,
    );
    for runtime in Runtime::ALL {
        let name = runtime.name();
        let progress = Progress::start(&format!("call, {name}"));
        let found = runtimes.run(runtime, "call.mjs", &words)?;
        drop(progress);
        let ours = numbers(&found, "chatkeep")?;
        let theirs = numbers(&found, "supabase.rpc")?;
        let more: Vec<f64> = ours.iter().zip(&theirs).map(|(a, b)| a - b).collect();
        comparison.side(format!("chatkeep, {name}"), &ours, true);
        comparison.side(format!("supabase.rpc, {name}"), &theirs, false);
        comparison.pair(
            format!("{name} vs supabase.rpc"),
            &ours,
            &theirs,
            Target::Ratio,
        );
        comparison.alone(
            format!("{name}: more than supabase.rpc"),
            &more,
            Target::Limit(MOST),
        );
    }
    comparison.note(format!(
        "{rounds} rounds of {calls} calls: user and system time of the process. supabase-js on both sides, over a fetch that \
         answers at once. The package also makes the message's id, checks every argument and sets a deadline."
    ));
    Ok(vec![comparison])
}

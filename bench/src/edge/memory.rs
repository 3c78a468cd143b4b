//! The module's memory over many calls. It can grow but not shrink.

use super::runtimes::{Runtime, Runtimes, number, word};
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use anyhow::Result;

const KIBI: f64 = 1024.0;

pub fn run(runtimes: &Runtimes, length: Length) -> Result<Vec<Comparison>> {
    let calls = length.choose("10000000", "1000000");
    let mut comparison = Comparison::new(
        "edge-memory",
        format!("Memory of the module after {calls} calls"),
        Unit::Kibibytes,
    );
    for runtime in Runtime::ALL {
        let name = runtime.name();
        let found = runtimes.run(runtime, "memory.mjs", &[word(&runtimes.package)?, calls])?;
        let before = [number(&found, "/before")? / KIBI];
        let after = [number(&found, "/after")? / KIBI];
        comparison.side(format!("after all, {name}"), &after, true);
        comparison.side(format!("after the first 1000, {name}"), &before, false);
        let pair = format!("{name}: after all vs after the first 1000");
        comparison.pair(pair, &after, &before, Target::AtMost(1.0));
    }
    comparison
        .note("Checks of messages of 1 KiB, chats, documents and text, accepted and refused.");
    Ok(vec![comparison])
}

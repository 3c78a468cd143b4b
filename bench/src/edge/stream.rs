//! The growth of a process that hashes a body larger than its memory limit.

use super::runtimes::{Runtime, Runtimes, number, word};
use crate::progress::Progress;
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use anyhow::Result;

const MEBI: f64 = 1_048_576.0;
/// The target in MiB.
const MOST: f64 = 16.0;

pub fn run(runtimes: &Runtimes, length: Length) -> Result<Vec<Comparison>> {
    let mebibytes = length.choose("1024", "128");
    let looks = length.choose(5, 1);
    let mut comparison = Comparison::new(
        "edge-stream",
        format!("Growth of the process while {mebibytes} MiB are streamed"),
        Unit::Mebibytes,
    );
    let ways = [
        ("checksum", "node"),
        ("hashing", "node"),
        ("checksum", "wasm"),
        ("hashing", "wasm"),
        ("read", "node"),
    ];
    for runtime in Runtime::ALL {
        for (way, hasher) in ways {
            let name = match (way, hasher) {
                ("read", _) => format!("reading alone, {}", runtime.name()),
                (_, "node") => format!("{way} by node:crypto, {}", runtime.name()),
                _ => format!("{way} by the module, {}", runtime.name()),
            };
            let mut progress = Progress::start(&format!("stream, {name}"));
            let words = [word(&runtimes.package)?, mebibytes, way, hasher];
            let mut grown = Vec::new();
            for look in 0..looks {
                progress.show(look, looks);
                let found = runtimes.run(runtime, "stream.mjs", &words)?;
                grown.push(number(&found, "")? / MEBI);
            }
            let is_ours = way != "read";
            let target = if is_ours {
                Target::Limit(MOST)
            } else {
                Target::Ratio
            };
            comparison.side(name.clone(), &grown, is_ours);
            comparison.alone(name, &grown, target);
        }
    }
    comparison.note(format!(
        "The most that was resident at once, looked at every 4 MiB, beyond what was after a first 128 MiB; {looks} processes \
         each. The source hands out one piece of 64 KiB again and again, so that what grows is not its own."
    ));
    Ok(vec![comparison])
}

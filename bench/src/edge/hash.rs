//! SHA-256 of bytes in pieces without node:crypto: by the module, and by other packages.

use super::runtimes::{Runtime, Runtimes, numbers, word};
use crate::progress::Progress;
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use anyhow::Result;

pub fn run(runtimes: &Runtimes, length: Length) -> Result<Vec<Comparison>> {
    let rounds = length.choose("41", "3");
    let words = [word(&runtimes.package)?, rounds];
    let mut comparison = Comparison::new(
        "edge-hash",
        "SHA-256 of 8 MiB in pieces of 64 KiB",
        Unit::MebibytesPerSecond,
    );
    for (name, runtime, program) in [
        ("Deno", Runtime::Deno, "hash.mjs"),
        ("Node", Runtime::Node, "hash.mjs"),
        // A program in Node sends the requests.
        ("workerd", Runtime::Node, "workerd.mjs"),
    ] {
        let progress = Progress::start(&format!("hash, {name}"));
        let found = runtimes.run(runtime, program, &words)?;
        drop(progress);
        let ours = numbers(&found, "chatkeep")?;
        comparison.side(format!("chatkeep, {name}"), &ours, true);
        for (rival, least) in [("hash-wasm", 1.15), ("@noble/hashes", 1.8)] {
            let theirs = numbers(&found, rival)?;
            comparison.side(format!("{rival}, {name}"), &theirs, false);
            let target = Target::AtLeast(least);
            comparison.pair(format!("{name} vs {rival}"), &ours, &theirs, target);
        }
    }
    comparison.note(format!(
        "{rounds} rounds. chatkeep: its Hasher where there is no node:crypto, which it prefers. In workerd, whose \
         clocks stand still while it computes, requests are timed from outside, less the time of one that hashes nothing; \
         hash-wasm, which compiles its module at run time, could not run there, and is given the compiled one."
    ));
    Ok(vec![comparison])
}

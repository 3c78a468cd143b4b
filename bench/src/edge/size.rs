//! The size that an application loads: the module, and the module with its glue in the form that a server sends.

use super::runtimes::{Runtime, Runtimes, number, word};
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use anyhow::Result;

const KIBI: f64 = 1024.0;

pub fn run(runtimes: &Runtimes, _: Length) -> Result<Vec<Comparison>> {
    let words = [word(&runtimes.package)?, word(&runtimes.empty)?];
    let found = runtimes.run(Runtime::Node, "size.mjs", &words)?;
    let mut comparison = Comparison::new("edge-size", "Size of the module", Unit::Kibibytes);
    for (name, key, most) in [
        ("wasm/rules.wasm", "module", 96.0),
        ("with wasm/rules.js, gzipped", "gzipped", 45.0),
    ] {
        let ours = [number(&found, &format!("/ours/{key}"))? / KIBI];
        let empty = [number(&found, &format!("/empty/{key}"))? / KIBI];
        comparison.side(format!("chatkeep, {name}"), &ours, true);
        comparison.side(format!("empty, {name}"), &empty, false);
        comparison.alone(name, &ours, Target::Limit(most));
    }
    comparison.note("empty: what wasm-bindgen makes of one function that gives back its argument.");
    Ok(vec![comparison])
}

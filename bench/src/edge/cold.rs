//! The time of the first call in a new process: reading, compiling and instantiating the module.

use super::runtimes::{Runtime, Runtimes, number, word};
use crate::repetitions::alternate;
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use anyhow::Result;

/// The target in milliseconds.
const MOST: f64 = 15.0;

pub fn run(runtimes: &Runtimes, length: Length) -> Result<Vec<Comparison>> {
    let rounds = length.choose(41, 5);
    let mut comparison = Comparison::new(
        "edge-cold",
        "From the import to the first answer of the module, in a new process",
        Unit::Milliseconds,
    );
    let bound = runtimes.empty.join("bound");
    let (package, empty) = (word(&runtimes.package)?, word(&runtimes.empty)?);
    for runtime in Runtime::ALL {
        let mut sides = vec![("ours", package), ("module", package), ("empty", empty)];
        if runtime == Runtime::Deno {
            sides.push(("empty", word(&bound)?));
        }
        let measure = |(side, folder): &mut (&str, &str)| {
            number(&runtimes.run(runtime, "cold.mjs", &[*side, *folder])?, "")
        };
        // One run each fills the page cache, and Deno's cache of compiled code.
        for side in &mut sides {
            measure(side)?;
        }
        let name = runtime.name();
        let measured = alternate(&format!("cold, {name}"), rounds, &mut sides, measure)?;
        let [ours, module, empty, bound @ ..] = &measured[..] else {
            continue;
        };
        comparison.side(format!("chatkeep, {name}"), ours, true);
        comparison.side(format!("its module alone, {name}"), module, true);
        comparison.side(format!("empty, {name}"), empty, false);
        let (limit, ratio) = match runtime {
            Runtime::Deno => (Target::Limit(MOST), Target::AtMost(1.5)),
            Runtime::Node => (Target::Ratio, Target::Ratio),
        };
        comparison.alone(name, ours, limit);
        for bound in bound {
            comparison.side(
                format!("empty, wasm-bindgen's loader, {name}"),
                bound,
                false,
            );
            let whole = format!("{name} vs an empty module, wasm-bindgen's loader");
            comparison.pair(whole, ours, bound, ratio);
        }
        let whole = format!("{name} vs an empty module, our loader");
        comparison.pair(whole, ours, empty, ratio);
        let alone = format!("{name}: its module alone vs an empty one, our loader");
        comparison.pair(alone, module, empty, Target::Ratio);
    }
    comparison.note(format!(
        "{rounds} processes each. chatkeep: index.js, and appendMessage with content that is refused. The empty module is \
         one function that gives back its argument: as `wasm-bindgen --target deno` writes it, and embedded and loaded by \
         chatkeep's own lines. Its module alone: the loader, and one check."
    ));
    Ok(vec![comparison])
}

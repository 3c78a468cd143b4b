//! What a benchmark is made of: scenarios by name, and how long they measure.

use crate::report::Comparison;
use crate::server::Server;
use anyhow::{Result, anyhow, bail};

/// How long to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    Full,
    /// Enough to see that everything works.
    Quick,
}

impl Length {
    pub fn choose<T>(self, full: T, quick: T) -> T {
        match self {
            Length::Full => full,
            Length::Quick => quick,
        }
    }
}

/// Makes what it needs, such as databases, measures both sides in the same rounds, and returns comparisons.
pub type Scenario<C = Server> = fn(&C, Length) -> Result<Vec<Comparison>>;

/// Runs all scenarios, or those named, and gives each comparison away as soon as it is there.
pub fn run<C>(
    scenarios: &[(&str, Scenario<C>)],
    context: &C,
    only: &[String],
    length: Length,
    mut show: impl FnMut(&Comparison) -> Result<()>,
) -> Result<()> {
    for name in only {
        if !scenarios.iter().any(|(known, _)| known == name) {
            let known: Vec<&str> = scenarios.iter().map(|(known, _)| *known).collect();
            bail!("`{name}` is no scenario. There are: {}.", known.join(", "));
        }
    }
    let mut failed = Vec::new();
    for (name, scenario) in scenarios {
        if only.is_empty() || only.iter().any(|wanted| wanted == name) {
            match scenario(context, length) {
                Ok(comparisons) => comparisons.iter().try_for_each(&mut show)?,
                // The others can still be measured.
                Err(error) => {
                    eprintln!("{name} could not be measured: {error:#}\n");
                    failed.push(*name);
                }
            }
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(anyhow!("not measured: {}", failed.join(", ")))
    }
}

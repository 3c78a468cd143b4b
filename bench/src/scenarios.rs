//! The parts of a benchmark: scenarios by name, and the length of the measurement.

use crate::report::Comparison;
use crate::server::Server;
use anyhow::{Result, anyhow, bail};

/// The length of a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    Full,
    /// Long enough to show that everything works.
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

/// A scenario. It makes its databases or other needs, measures both sides in the same rounds, and returns comparisons.
pub type Scenario<C = Server> = fn(&C, Length) -> Result<Vec<Comparison>>;

/// Runs all scenarios or the named ones, and passes on each comparison as soon as it is complete.
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
            bail!(
                "`{name}` is not a scenario. The scenarios are: {}.",
                known.join(", ")
            );
        }
    }
    let mut failed = Vec::new();
    for (name, scenario) in scenarios {
        if only.is_empty() || only.iter().any(|wanted| wanted == name) {
            match scenario(context, length) {
                Ok(comparisons) => comparisons.iter().try_for_each(&mut show)?,
                // The other scenarios can still be measured.
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

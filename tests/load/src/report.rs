//! The faults of a part: each once, with its number and its first example.

use std::collections::BTreeMap;
use std::fmt;

/// The most faults that are listed.
const MOST: usize = 100;

#[derive(Default)]
pub struct Report {
    faults: BTreeMap<String, Fault>,
}

struct Fault {
    count: u64,
    example: String,
}

impl Report {
    /// Records a fault. Faults with the same name count as one.
    pub fn fault(&mut self, name: impl Into<String>, example: impl Into<String>) {
        let fault = self.faults.entry(name.into()).or_insert_with(|| Fault {
            count: 0,
            example: example.into(),
        });
        fault.count += 1;
    }

    pub fn merge(&mut self, other: Self) {
        for (name, fault) in other.faults {
            let known = self.faults.entry(name).or_insert(Fault {
                count: 0,
                example: fault.example,
            });
            known.count += fault.count;
        }
    }

    /// The same faults with the scenario and the gate in their names.
    pub fn at(self, scenario: &str, gate: &str) -> Self {
        let faults = self.faults.into_iter().map(|(name, fault)| {
            let Fault { count, example } = fault;
            let example = format!("stopped at {gate}: {example}");
            (format!("{scenario}: {name}"), Fault { count, example })
        });
        Self {
            faults: faults.collect(),
        }
    }

    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, Fault { count, example }) in self.faults.iter().take(MOST) {
            writeln!(formatter, "  {count} x {name}\n      {example}")?;
        }
        if self.faults.len() > MOST {
            writeln!(formatter, "  and {} more", self.faults.len() - MOST)?;
        }
        Ok(())
    }
}

//! The JavaScript runtimes and the programs in them.

use crate::host;
use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The runtime of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    Deno,
    Node,
}

impl Runtime {
    pub const ALL: [Self; 2] = [Self::Deno, Self::Node];

    pub fn name(self) -> &'static str {
        match self {
            Self::Deno => "Deno",
            Self::Node => "Node",
        }
    }
}

/// The places of runtimes, programs and packages.
pub struct Runtimes {
    tools: PathBuf,
    programs: PathBuf,
    /// The npm package `chatkeep`.
    pub package: PathBuf,
    /// A package with an empty module.
    pub empty: PathBuf,
}

impl Runtimes {
    /// Reads the four places from the environment, which `cargo xtask bench edge` sets.
    pub fn from_environment() -> Result<Self> {
        let read = |name: &str| {
            std::env::var_os(name).map(PathBuf::from).ok_or_else(|| {
                anyhow!(
                    "{name} is not set. Run me by `cargo xtask bench edge`, which builds the package for me."
                )
            })
        };
        Ok(Self {
            tools: read("CHATKEEP_TOOLS")?,
            programs: read("CHATKEEP_PROGRAMS")?,
            package: read("CHATKEEP_PACKAGE")?,
            empty: read("CHATKEEP_EMPTY")?,
        })
    }

    /// The machine, and the versions of the runtimes.
    pub fn describe(&self) -> Result<String> {
        let deno = self.version("deno")?;
        let node = self.version("node")?;
        let workerd = self.version("workerd")?;
        let processor = host::processor();
        Ok(format!("{processor}, {deno}, Node {node}, {workerd}"))
    }

    fn version(&self, tool: &str) -> Result<String> {
        let answer = Command::new(self.tool(tool))
            .arg("--version")
            .output()
            .with_context(|| format!("asking {tool} for its version"))?;
        let text = String::from_utf8_lossy(&answer.stdout);
        let line = text.lines().next().unwrap_or_default();
        Ok(line
            .split(" (")
            .next()
            .unwrap_or_default()
            .trim_start_matches('v')
            .to_owned())
    }

    /// Runs a program to its end and reads the JSON that it prints.
    pub fn run(&self, runtime: Runtime, program: &str, words: &[&str]) -> Result<Value> {
        let what = format!("{program} {} in {}", words.join(" "), runtime.name());
        let mut command = match runtime {
            Runtime::Node => Command::new(self.tool("node")),
            Runtime::Deno => {
                let mut deno = Command::new(self.tool("deno"));
                deno.args(["run", "--no-prompt", "--no-remote", "--no-check"]);
                deno.arg("--node-modules-dir=manual");
                deno.args(["--allow-read", "--allow-env", "--allow-sys"]);
                deno
            }
        };
        command.current_dir(&self.programs);
        command.arg(program).args(words);
        let ended = command.output().with_context(|| what.clone())?;
        ensure!(
            ended.status.success(),
            "{what}: {}\n{}",
            ended.status,
            String::from_utf8_lossy(&ended.stderr)
        );
        serde_json::from_slice(&ended.stdout).context(what)
    }

    fn tool(&self, name: &str) -> PathBuf {
        self.tools.join(".bin").join(name)
    }
}

/// A path as an argument of a program.
pub fn word(path: &Path) -> Result<&str> {
    path.to_str()
        .ok_or_else(|| anyhow!("{} is not UTF-8", path.display()))
}

/// The number at a JSON pointer.
pub fn number(found: &Value, pointer: &str) -> Result<f64> {
    { found.pointer(pointer).and_then(Value::as_f64) }
        .ok_or_else(|| anyhow!("no number at {pointer} of {found}"))
}

/// The list of numbers of a side.
pub fn numbers(found: &Value, side: &str) -> Result<Vec<f64>> {
    let list = found.get(side).and_then(Value::as_array);
    let numbers = list.and_then(|list| list.iter().map(Value::as_f64).collect());
    numbers.ok_or_else(|| anyhow!("no numbers of {side} in {found}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_output_of_a_program_must_be_numbers() {
        let found = json!({ "ours": [1, 2.5], "theirs": [1, null], "size": { "module": 7 } });
        assert_eq!(numbers(&found, "ours").unwrap(), [1.0, 2.5]);
        assert!(numbers(&found, "theirs").is_err());
        assert!(numbers(&found, "others").is_err());
        assert!(number(&found, "/size/module").is_ok_and(|size| size > 6.9));
        assert!(number(&found, "/size/glue").is_err());
    }
}

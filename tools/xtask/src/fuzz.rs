//! `cargo xtask fuzz`: random input for the rules of core, guided by what it reaches. The targets lie in `fuzz/`.

use crate::arguments::list;
use anyhow::{Context, Result, bail};
use clap::builder::PossibleValuesParser;
use fs_err as fs;
use local_postgres::console::{run as run_program, step, try_run};
use local_postgres::{Workspace, advice, debian};
use std::process::Command;

/// The targets of `fuzz/fuzz_targets`, and what each of them holds its rule against.
const TARGETS: &[(&str, &str)] = &[
    ("source_uri", "the form of a source: its own form, without credentials, as the URL parser of browsers has it"),
    ("tags", "the scan of tags, beside a JSON parser and the written rule"),
    ("claims", "the reader of claims, beside a JSON parser and the written rule"),
    ("checksum", "checksums and hexadecimal, there and back"),
];
/// The longest input, in bytes: more than a source may have.
const MOST_BYTES: u32 = 2600;

#[derive(clap::Args)]
pub struct Options {
    #[arg(default_value = "all", hide_possible_values = true,
        value_parser = PossibleValuesParser::new(TARGETS.iter().map(|(target, _)| *target).chain(["all"])))]
    target: String,
    /// How long each target runs (libFuzzer takes 0 for no end)
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
}

/// What `fuzz --help` says of the targets.
pub fn targets() -> String {
    list(TARGETS)
}

/// Runs one target, or all.
pub fn run(workspace: &Workspace, Options { target: wanted, seconds }: &Options) -> Result<()> {
    let lock = workspace.lock()?;
    debian::ensure(&[debian::CXX])?;
    workspace.install_nightly()?;
    workspace.install_cargo_fuzz()?;
    drop(lock);
    step("Building the fuzz targets", || run_program(&mut cargo_fuzz(workspace, "build")))?;
    for (target, _) in TARGETS.iter().filter(|(target, _)| wanted == "all" || wanted == target) {
        let done = step(format!("Fuzzing {target} for {seconds} s"), || fuzz(workspace, target, *seconds))?;
        println!("{target}: {done}");
    }
    Ok(())
}

/// Runs one target and returns libFuzzer's last words.
fn fuzz(workspace: &Workspace, target: &str, seconds: u32) -> Result<String> {
    let [found, broken] = ["corpus", "artifacts"].map(|part| workspace.base.join("fuzz").join(part).join(target));
    fs::create_dir_all(&found)?;
    fs::create_dir_all(&broken)?;
    let source = workspace.root.join("fuzz");
    let mut fuzz = cargo_fuzz(workspace, "run");
    // New inputs go to the first folder.
    fuzz.arg(target).arg(found).arg(source.join("corpus").join(target)).arg("--");
    fuzz.arg(format!("-max_total_time={seconds}")).arg(format!("-max_len={MOST_BYTES}"));
    fuzz.arg(format!("-artifact_prefix={}/", broken.display()));
    let words = source.join("dictionaries").join(format!("{target}.dict"));
    if words.is_file() {
        fuzz.arg(format!("-dict={}", words.display()));
    }
    let ran = try_run(&mut fuzz)?;
    if !ran.status.success() {
        let what = format!("{target} ended with {}.\n{}", ran.status, ran.tail.join("\n"));
        let broken = broken.display();
        let todo =
            format!("the input lies in {broken}; make it a unit test of core, then mend the rule or the target.");
        bail!(advice(what, todo));
    }
    let done = ran.tail.iter().rfind(|line| line.starts_with("Done ")).cloned();
    done.with_context(|| format!("{target} did not say what it had done."))
}

/// A subcommand of cargo-fuzz with the nightly compiler, which libFuzzer's instrumentation takes.
fn cargo_fuzz(workspace: &Workspace, subcommand: &str) -> Command {
    let mut command = Command::new("rustup");
    // Set by the `cargo run` around this program; it would be the compiler of the repository.
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(name);
    }
    command.current_dir(&workspace.root).args(["run", "nightly"]).arg(workspace.tool("cargo-fuzz"));
    command.arg(subcommand).arg("--target-dir").arg(workspace.base.join("fuzz/build"));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_fuzz_targets_is_a_target_with_a_corpus() {
        let fuzz = Workspace::find().unwrap().root.join("fuzz");
        let files = fs::read_dir(fuzz.join("fuzz_targets")).unwrap();
        let mut found: Vec<String> =
            files.map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect();
        let mut known: Vec<&str> = TARGETS.iter().map(|(target, _)| *target).collect();
        found.sort_unstable();
        known.sort_unstable();
        assert_eq!(found, known);
        for target in known {
            let kept = fs::read_dir(fuzz.join("corpus").join(target)).unwrap();
            assert!((1..=300).contains(&kept.count()), "{target}");
        }
    }
}

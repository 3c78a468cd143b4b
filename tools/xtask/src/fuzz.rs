//! `cargo xtask fuzz`: random input for the rules of core, guided by what it reaches. The targets lie in `fuzz/`.

use crate::arguments::Arguments;
use crate::debian;
use crate::failure::{Failure, Result};
use crate::places::{Places, make_folder};
use crate::step::Step;
use crate::toolchain;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// The targets of `fuzz/fuzz_targets`, and what each of them holds its rule against.
const TARGETS: [(&str, &str); 4] = [
    (
        "source_uri",
        "the form of a source: its own form, without credentials, as the URL parser of browsers has it",
    ),
    (
        "tags",
        "the scan of tags, beside a JSON parser and the written rule",
    ),
    (
        "claims",
        "the reader of claims, beside a JSON parser and the written rule",
    ),
    ("checksum", "checksums and hexadecimal, there and back"),
];

/// The longest input, in bytes: more than a source may have.
const MOST_BYTES: u32 = 2600;
/// How long each target runs unless told otherwise.
const SECONDS: u32 = 60;

/// What `fuzz --help` says.
pub fn help() -> String {
    let mut text = format!(
        "\
cargo xtask fuzz [TARGET|all] [--seconds N]

Runs the fuzz targets one after the other, each for N seconds ({SECONDS} unless given), and stops at the first input
that breaks one. It begins with the inputs of fuzz/corpus; what it finds besides stays in target/chatkeep/fuzz and is
where the next run goes on. The targets need a nightly compiler, the rest of the repository does not.
"
    );
    text.push('\n');
    for (target, what) in TARGETS {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {target:11} {what}");
    }
    text
}

/// Runs one target, or all.
pub fn run(places: &Places, arguments: &Arguments) -> Result<ExitCode> {
    arguments.allow(&["seconds"], 1)?;
    let (targets, seconds) = (targets(arguments)?, seconds(arguments)?);
    let lock = places.lock()?;
    debian::ensure(places, &[debian::CXX])?;
    toolchain::nightly(places)?;
    toolchain::cargo_fuzz(places)?;
    drop(lock);
    Step::start(places, "Building the fuzz targets").work(|step| {
        let mut build = cargo_fuzz(places, "build");
        step.run(&mut build).map(drop)
    })?;
    for target in targets {
        let what = format!("Fuzzing {target} for {seconds} s");
        let done = Step::start(places, what).work(|step| fuzz(places, step, target, seconds))?;
        println!("{target}: {done}");
    }
    Ok(ExitCode::SUCCESS)
}

fn targets(arguments: &Arguments) -> Result<Vec<&'static str>> {
    let name = arguments.words.first().map_or("all", String::as_str);
    let chosen: Vec<&str> = TARGETS
        .iter()
        .map(|(target, _)| *target)
        .filter(|target| name == "all" || name == *target)
        .collect();
    if chosen.is_empty() {
        let known = TARGETS.map(|(target, _)| target).join(", ");
        return Err(Failure::new(format!("`{name}` is no fuzz target."))
            .advise(format!("There are: {known}.")));
    }
    Ok(chosen)
}

fn seconds(arguments: &Arguments) -> Result<u32> {
    let Some(word) = arguments.option("seconds") else {
        return Ok(SECONDS);
    };
    // libFuzzer takes 0 for no end.
    word.parse()
        .ok()
        .filter(|seconds| (1..=86_400).contains(seconds))
        .ok_or_else(|| {
            Failure::new(format!("--seconds: `{word}` is no time to run."))
                .advise("use a whole number from 1 to 86400.")
        })
}

/// Runs one target and returns libFuzzer's last words.
fn fuzz(places: &Places, step: &mut Step, target: &str, seconds: u32) -> Result<String> {
    let found = work(places, "corpus").join(target);
    let broken = work(places, "artifacts").join(target);
    make_folder(&found)?;
    make_folder(&broken)?;
    let source = places.root.join("fuzz");
    let mut fuzz = cargo_fuzz(places, "run");
    // New inputs go to the first folder.
    fuzz.arg(target)
        .arg(found)
        .arg(source.join("corpus").join(target));
    fuzz.arg("--").arg(format!("-max_total_time={seconds}"));
    fuzz.arg(format!("-max_len={MOST_BYTES}"));
    fuzz.arg(format!("-artifact_prefix={}/", broken.display()));
    let words = source.join("dictionaries").join(format!("{target}.dict"));
    if words.is_file() {
        fuzz.arg(format!("-dict={}", words.display()));
    }
    let ran = step.try_run(&mut fuzz)?;
    if !ran.status.success() {
        return Err(Failure::new(format!(
            "{target} ended with {}.\n{}",
            ran.status,
            ran.tail.join("\n")
        ))
        .advise(format!(
            "the input lies in {}; make it a unit test of core, then mend the rule or the target.",
            broken.display()
        )));
    }
    let done = ran.tail.iter().rfind(|line| line.starts_with("Done "));
    done.cloned()
        .ok_or_else(|| Failure::new(format!("{target} did not say what it had done.")))
}

/// A subcommand of cargo-fuzz with the nightly compiler, which libFuzzer's instrumentation takes.
fn cargo_fuzz(places: &Places, subcommand: &str) -> Command {
    let mut command = Command::new("rustup");
    // Set by the `cargo run` around this program; it would be the compiler of the repository.
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(name);
    }
    command.current_dir(&places.root).args(["run", "nightly"]);
    command.arg(places.tool("cargo-fuzz")).arg(subcommand);
    command.arg("--target-dir").arg(work(places, "build"));
    command
}

fn work(places: &Places, part: &str) -> PathBuf {
    places.base.join("fuzz").join(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Arguments {
        Arguments::parse(line.split_whitespace().map(str::to_owned)).unwrap()
    }

    #[test]
    fn every_file_of_the_fuzz_targets_is_a_target_with_a_corpus() {
        let fuzz = Places::find().unwrap().root.join("fuzz");
        let files = std::fs::read_dir(fuzz.join("fuzz_targets")).unwrap();
        let mut found: Vec<String> = files
            .map(|file| file.unwrap().path())
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        let mut known = TARGETS.map(|(target, _)| target);
        found.sort_unstable();
        known.sort_unstable();
        assert_eq!(found, known);
        for target in known {
            let kept = std::fs::read_dir(fuzz.join("corpus").join(target)).unwrap();
            assert!((1..=300).contains(&kept.count()), "{target}");
        }
    }

    #[test]
    fn without_words_every_target_runs_for_a_minute() {
        assert_eq!(targets(&read("")).unwrap().len(), TARGETS.len());
        assert_eq!(targets(&read("tags")).unwrap(), ["tags"]);
        assert_eq!(seconds(&read("")).unwrap(), SECONDS);
        assert_eq!(seconds(&read("--seconds 3600")).unwrap(), 3600);
    }

    #[test]
    fn unknown_targets_and_times_without_end_are_refused_by_name() {
        let refusal = targets(&read("tag")).unwrap_err().to_string();
        assert!(refusal.contains("`tag`") && refusal.contains("tags, "));
        for time in ["0", "1.5", "86401", "long"] {
            let refusal = seconds(&read(&format!("--seconds {time}"))).unwrap_err();
            assert!(refusal.to_string().contains(&format!("`{time}`")));
        }
    }
}

//! Build tools that cargo and npm bring, all of them below `target/chatkeep`.

use crate::debian::{self, Need};
use crate::failure::{AtPath, Failure, Result};
use crate::places::{Places, fingerprint, make_folder, remove_folder, write_file};
use crate::step::Step;
use crate::tree::Tree;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The version of cargo-pgrx is that of the pgrx the extension is built with.
const CARGO_PGRX: &str = "0.16.1";
/// The version of cargo-fuzz that the fuzz targets were written with.
const CARGO_FUZZ: &str = "0.13.2";
/// The program of postrust-server.
pub const POSTRUST: &str = "postrust";
/// Each release comes closer to PostgREST, which the tests notice: see `tests/gateways/gateway.ts`.
const POSTRUST_SERVER: &str = "3.1.0";
/// The oldest Node.js that the npm packages run on.
const NODE_MAJOR: u32 = 20;

/// Installs cargo-pgrx.
pub fn cargo_pgrx(places: &Places) -> Result<()> {
    rustfmt(places)?;
    if is_installed(places, "cargo-pgrx", "cargo-pgrx", CARGO_PGRX) {
        return Ok(());
    }
    debian::ensure(places, &[debian::BUILD, debian::PGRX])?;
    cargo_tool(places, "cargo-pgrx", "cargo-pgrx", CARGO_PGRX)
}

/// Installs cargo-fuzz.
pub fn cargo_fuzz(places: &Places) -> Result<()> {
    cargo_tool(places, "cargo-fuzz", "cargo-fuzz", CARGO_FUZZ)
}

/// Installs postrust-server, the second gateway of the tests.
pub fn postrust(places: &Places) -> Result<()> {
    cargo_tool(places, "postrust-server", POSTRUST, POSTRUST_SERVER)
}

/// Installs the nightly compiler beside the one that the repository is built with.
pub fn nightly(places: &Places) -> Result<()> {
    let is_met = || debian::succeeds("rustup", &["run", "nightly", "rustc", "--version"]);
    if is_met() {
        return Ok(());
    }
    let todo = "install rustup (https://rustup.rs) and `rustup toolchain install nightly`.";
    if !debian::is_command("rustup") {
        return Err(
            Failure::new("A nightly Rust compiler is needed, and there is no rustup.").advise(todo),
        );
    }
    Step::start(places, "Asking rustup for a nightly compiler").work(|step| {
        let mut rustup = Command::new("rustup");
        rustup.args(["toolchain", "install", "nightly", "--profile", "minimal"]);
        step.run(&mut rustup).map(drop)
    })
}

/// Installs a cargo package, known by one of its programs, in an exact version.
pub fn cargo_tool(places: &Places, name: &str, program: &str, version: &str) -> Result<()> {
    if is_installed(places, name, program, version) {
        return Ok(());
    }
    let title = format!("Building {name} {version} (a few minutes, once)");
    Step::start(places, title).work(|step| {
        let mut failure = None;
        // The locked versions are the ones the authors tested, but one of them may be gone.
        for locked in [Some("--locked"), None] {
            let mut install = places.cargo();
            install.args([
                "install",
                name,
                "--version",
                &format!("={version}"),
                "--force",
            ]);
            install
                .args(locked)
                .arg("--root")
                .arg(places.base.join("tools"));
            install
                .arg("--target-dir")
                .arg(places.base.join("build").join("tools"));
            match step.run(&mut install) {
                Ok(_) => return Ok(()),
                Err(found) if found.is_interruption() => return Err(found),
                Err(found) => failure = failure.or(Some(found)),
            }
        }
        failure.map_or(Ok(()), Err)
    })?;
    // Intermediate files of a tool that is installed are of no more use.
    remove_folder(&places.base.join("build").join("tools"))
}

fn is_installed(places: &Places, name: &str, program: &str, version: &str) -> bool {
    let list = places.base.join("tools").join(".crates.toml");
    let list = fs::read_to_string(list).unwrap_or_default();
    list.contains(&format!("\"{name} {version} (")) && places.tool(program).is_file()
}

/// Installs rustfmt, by which pgrx lays out its bindings; a minimal toolchain is without it.
fn rustfmt(places: &Places) -> Result<()> {
    let is_met = || debian::succeeds("rustfmt", &["--version"]);
    if !is_met() && debian::is_command("rustup") {
        // Where rustup cannot download, Debian's will do.
        Step::start(places, "Asking rustup for rustfmt").work(|step| {
            let mut rustup = Command::new("rustup");
            step.try_run(
                rustup
                    .current_dir(&places.root)
                    .args(["component", "add", "rustfmt"]),
            )
        })?;
    }
    let need = Need {
        package: "rustfmt",
        is_met,
    };
    debian::ensure(places, &[&[need]])
}

/// Writes the `PGRX_HOME` that knows one server.
pub fn pgrx_home(places: &Places, home: &Path, tree: &Tree) -> Result<()> {
    // The port of `cargo pgrx test` is this plus the version: another one in each clone, so that
    // two of them can be tested at the same time, and below the ports that systems hand out.
    let clone = fingerprint(places.root.as_os_str().as_encoded_bytes()) % 80;
    let text = format!(
        "base_testing_port = {}\n[configs]\npg{} = \"{}\"\n",
        20_000 + clone * 100,
        tree.major,
        tree.pg_config().display()
    );
    let file = home.join("config.toml");
    // An unchanged file keeps its time, and cargo the bindings built from it.
    if fs::read_to_string(&file).is_ok_and(|found| found == text) {
        return Ok(());
    }
    write_file(&file, &text)
}

/// Installs the npm packages of `tools/xtask/npm` exactly as locked.
pub fn npm(places: &Places) -> Result<()> {
    let source = places.root.join("tools/xtask/npm");
    let folder = places.base.join("npm");
    let stamp = folder.join("installed");
    let files = ["package.json", "package-lock.json"];
    let mut wanted = String::new();
    for name in files {
        let path = source.join(name);
        wanted.push_str(&fs::read_to_string(&path).at("read", &path)?);
    }
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    debian::ensure(places, &[debian::NODE])?;
    node_is_new_enough()?;
    Step::start(places, "Installing npm packages").work(|step| {
        make_folder(&folder)?;
        for name in files {
            let path = source.join(name);
            fs::copy(&path, folder.join(name)).at("copy", &path)?;
        }
        let mut npm = Command::new("npm");
        // No package here needs its install script, so none of them may run one.
        npm.args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-progress",
        ]);
        npm.current_dir(&folder);
        step.run(&mut npm)?;
        write_file(&stamp, &wanted)
    })
}

fn node_is_new_enough() -> Result<()> {
    let output = Command::new("node").arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let text = text.unwrap_or_default();
    match node_major(&text) {
        Some(major) if major >= NODE_MAJOR => Ok(()),
        _ => Err(Failure::new(format!(
            "Node.js {NODE_MAJOR} or newer is needed; found `{text}`."
        ))
        .advise(format!(
            "install Node.js {NODE_MAJOR} or newer, first in PATH."
        ))),
    }
}

fn node_major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_of_node_is_read() {
        assert_eq!(node_major("v20.20.2"), Some(20));
        assert_eq!(node_major(""), None);
    }
}

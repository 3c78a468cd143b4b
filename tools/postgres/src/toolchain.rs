//! Build tools that cargo and npm bring, all of them below `target/chatkeep`.

use crate::console::{run, step, succeeds};
use crate::debian::{self, is_command};
use crate::{Workspace, advice, is_interrupted, remove_folder, write_file};
use anyhow::{Context, Result, bail};
use fs_err as fs;
use std::path::PathBuf;
use std::process::Command;

/// The release of Rust that builds everything but the tools themselves. A rust-toolchain.toml would ask the same of the tools,
/// which then could not fetch it where rustup does not do so by itself.
pub const RUST: &str = "1.99.1";
/// What the WebAssembly module is compiled for.
pub const WASM: &str = "wasm32-unknown-unknown";
/// The version of cargo-fuzz that the fuzz targets were written with.
const CARGO_FUZZ: &str = "0.13.2";
/// The program of postrust-server.
pub const POSTRUST: &str = "postrust";
/// Each release comes closer to PostgREST, which the tests notice: see `tests/protocol/gateway.ts`.
const POSTRUST_SERVER: &str = "3.1.0";
/// The oldest Node.js that the npm packages run on.
const NODE_MAJOR: u32 = 20;

impl Workspace {
    /// Installs cargo-pgrx, in the version of the pgrx that the extension is built with, and what it needs.
    pub fn install_cargo_pgrx(&self) -> Result<()> {
        debian::ensure(&[debian::BUILD])?;
        // By its default features it could download a Postgres, for which it brings TLS; here it finds one.
        self.install_cargo_tool("cargo-pgrx", "cargo-pgrx", &self.locked_version("pgrx")?, &["--no-default-features"])
    }

    /// Installs cargo-fuzz.
    pub fn install_cargo_fuzz(&self) -> Result<()> {
        self.install_cargo_tool("cargo-fuzz", "cargo-fuzz", CARGO_FUZZ, &[])
    }

    /// Installs postrust-server, the second gateway of the tests.
    pub fn install_postrust(&self) -> Result<()> {
        self.install_cargo_tool("postrust-server", POSTRUST, POSTRUST_SERVER, &[])
    }

    /// Installs a cargo package, known by one of its programs, in an exact version and with these options of `cargo install`.
    pub fn install_cargo_tool(&self, name: &str, program: &str, version: &str, options: &[&str]) -> Result<()> {
        if self.has_cargo_tool(name, program, version) {
            return Ok(());
        }
        let build = self.base.join("build/tools");
        step(format!("Building {name} {version} (a few minutes, once)"), || {
            let install = |locked: &[&str]| {
                let mut cargo = self.cargo(&["install", name, "--version", &format!("={version}"), "--force"]);
                cargo.args(options);
                // These programs are used for minutes here: a quick build is worth more than quick programs.
                cargo.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
                cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16").env("CARGO_PROFILE_RELEASE_STRIP", "true");
                cargo.args(locked).arg("--root").arg(self.base.join("tools")).arg("--target-dir").arg(&build);
                run(&mut cargo).map(drop)
            };
            // The locked versions are the ones the authors tested, but one of them may be gone.
            match install(&["--locked"]) {
                Err(first) if !is_interrupted() => install(&[]).map_err(|_| first),
                installed => installed,
            }
        })?;
        // Intermediate files of a tool that is installed are of no more use.
        remove_folder(&build)
    }

    fn has_cargo_tool(&self, name: &str, program: &str, version: &str) -> bool {
        let list = fs::read_to_string(self.base.join("tools/.crates.toml")).unwrap_or_default();
        list.contains(&format!("\"{name} {version} (")) && self.tool(program).is_file()
    }

    /// Installs the release of Rust that the repository is built with, clippy, rustfmt and the WebAssembly target with it. Another
    /// compiler, where there is no rustup, must be as new.
    pub fn install_rust(&self) -> Result<()> {
        if !is_command("rustup") {
            let found = self.rustc().arg("--version").output();
            let found =
                found.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
            if rust_release(&found) >= rust_release(&format!("rustc {RUST}")) {
                return Ok(());
            }
            bail!(advice(
                format_args!("Rust {RUST} or newer is needed; found `{found}`, and there is no rustup."),
                "install rustup (https://rustup.rs), or a newer Rust with clippy, rustfmt and the WebAssembly target.",
            ));
        }
        let is_there = |sysroot: PathBuf| {
            let programs = ["rustc", "cargo", "cargo-clippy", "rustfmt"];
            programs.iter().all(|program| sysroot.join("bin").join(program).is_file())
                && sysroot.join("lib/rustlib").join(WASM).is_dir()
        };
        // Where the release is absent, rustup may fetch it to answer, and fails where that is turned off.
        let mut ask = self.rustc();
        let output = ask.args(["--print", "sysroot"]).env("RUSTUP_AUTO_INSTALL", "0").output();
        let sysroot = output.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
        if sysroot.is_ok_and(is_there) {
            return Ok(());
        }
        step(format!("Installing Rust {RUST} by rustup"), || {
            let mut rustup = Command::new("rustup");
            rustup.args(["toolchain", "install", RUST, "--profile", "minimal"]);
            rustup.args(["--component", "clippy,rustfmt", "--target", WASM]);
            run(&mut rustup).map(drop)
        })
    }

    /// Installs the nightly compiler beside the one that the repository is built with.
    pub fn install_nightly(&self) -> Result<()> {
        if succeeds(Command::new("rustup").args(["run", "nightly", "rustc", "--version"])) {
            return Ok(());
        }
        if !is_command("rustup") {
            bail!(advice(
                "A nightly Rust compiler is needed, and there is no rustup.",
                "install rustup (https://rustup.rs) and `rustup toolchain install nightly`.",
            ));
        }
        step("Asking rustup for a nightly compiler", || {
            let words = ["toolchain", "install", "nightly", "--profile", "minimal"];
            run(Command::new("rustup").args(words)).map(drop)
        })
    }

    /// The version of a package in Cargo.lock.
    pub fn locked_version(&self, package: &str) -> Result<String> {
        let lock = fs::read_to_string(self.root.join("Cargo.lock"))?;
        locked_version(&lock, package).with_context(|| format!("Cargo.lock does not name {package}."))
    }

    /// Installs the npm packages of `tests/servers` exactly as locked.
    pub fn install_npm(&self) -> Result<()> {
        let (source, folder) = (self.root.join("tests/servers"), self.base.join("npm"));
        let files = ["package.json", "package-lock.json"];
        let wanted = files.map(|name| fs::read_to_string(source.join(name)));
        let wanted = wanted.into_iter().collect::<Result<String, _>>()?;
        let stamp = folder.join("installed");
        if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
            return Ok(());
        }
        debian::ensure(&[debian::NODE])?;
        node_is_new_enough()?;
        step("Installing npm packages", || {
            fs::create_dir_all(&folder)?;
            for name in files {
                fs::copy(source.join(name), folder.join(name))?;
            }
            // No package here needs its install script, so none of them may run one.
            let words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"];
            run(Command::new("npm").args(words).current_dir(&folder))?;
            write_file(&stamp, &wanted)
        })
    }

    /// A program of the npm packages that reports nothing to anybody and keeps its notes in our folder.
    pub fn supabase(&self) -> Command {
        let mut command = Command::new(self.npm_tool("supabase"));
        crate::connection::clear_environment(&mut command);
        let home = self.base.join("home");
        command.env("HOME", &home).env("SUPABASE_HOME", home.join(".supabase"));
        command.env("DO_NOT_TRACK", "1").env("SUPABASE_TELEMETRY_DISABLED", "1").current_dir(&self.root);
        command
    }

    /// Deno, or another program that takes its settings.
    pub fn deno(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("DENO_DIR", self.base.join("npm/deno")).env("DENO_NO_UPDATE_CHECK", "1");
        command
    }
}

/// Lets rustup run its programs of our release. What the `cargo run` around this program has set names another one, and would
/// show a build script another crate's package.
pub fn use_our_rust(command: &mut Command) {
    for name in ["CARGO", "RUSTC", "RUSTDOC", "CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
        command.env_remove(name);
    }
    command.env("RUSTUP_TOOLCHAIN", RUST);
}

fn node_is_new_enough() -> Result<()> {
    let output = Command::new("node").arg("--version").output();
    let found = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    if node_major(&found).is_some_and(|major| major >= NODE_MAJOR) {
        return Ok(());
    }
    Err(advice(
        format_args!("Node.js {NODE_MAJOR} or newer is needed; found `{found}`."),
        format_args!("install Node.js {NODE_MAJOR} or newer, first in PATH."),
    ))
}

/// Major, minor and patch in the answer of `rustc --version`.
fn rust_release(answer: &str) -> Option<Vec<u32>> {
    let release = answer.split(' ').nth(1)?.split('-').next()?;
    release.split('.').map(|part| part.parse().ok()).collect()
}

fn node_major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn locked_version(lock: &str, package: &str) -> Option<String> {
    let lock: toml::Table = lock.parse().ok()?;
    let packages = lock.get("package")?.as_array()?;
    let found = packages.iter().find(|entry| entry.get("name").and_then(toml::Value::as_str) == Some(package))?;
    Some(found.get("version")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!((node_major("v20.20.2"), node_major("")), (Some(20), None));
        assert!(rust_release("rustc 1.100.0 (58cf8f9c3 2026-10-13)") > rust_release("rustc 1.99.1"));
        assert_eq!((rust_release("rustc 1.97.0-nightly"), rust_release("")), (Some(vec![1, 97, 0]), None));
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"1\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}

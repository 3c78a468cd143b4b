//! `cargo xtask edge`: the WebAssembly module and the npm package around it.

use crate::arguments::Arguments;
use crate::counts::Counts;
use crate::debian::{self, Need};
use crate::deno;
use crate::failure::{AtPath, Failure, Result};
use crate::places::{Places, write_file};
use crate::sources;
use crate::step::Step;
use crate::suite;
use crate::toolchain;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const PACKAGE: &str = "chatkeep-edge";
/// A module that holds nothing, for `cargo xtask bench edge`.
const EMPTY: &str = "chatkeep-bench-empty";
/// How wasm-bindgen writes the glue. With `--debug` it looks at the type of each argument first: one of another type is an
/// error then, where it would make the module read memory that is not its own, and trap for good.
const GLUE: &[&str] = &[
    "--target",
    "web",
    "--omit-default-module-path",
    "--no-typescript",
    "--debug",
];
/// How wasm-bindgen writes it for Deno, with a loader of its own.
const DENO_GLUE: &[&str] = &["--target", "deno", "--no-typescript"];

const TARGET: &str = "wasm32-unknown-unknown";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_SOURCES: &str = "/usr/lib/rustlib/src/rust";

/// A compiler for WebAssembly where rustup cannot fetch one: Debian's, of newer releases.
const DEBIAN_COMPILER: &[Need] = &[
    Need {
        package: "rustc-web",
        is_met: || is_file("/usr/bin/rustc"),
    },
    Need {
        package: "cargo-web",
        is_met: || is_file(DEBIAN_CARGO),
    },
    Need {
        package: "rust-web-src",
        is_met: || Path::new("/usr/share/doc/rust-web-src").is_dir(),
    },
    Need {
        package: "lld-22",
        is_met: || debian::is_command("wasm-ld-22"),
    },
];

/// Builds the package and says where it is.
pub fn run(places: &Places, arguments: &Arguments) -> Result<ExitCode> {
    arguments.allow(&[], 0)?;
    build(places)?;
    eprintln!("The package is ready for `npm pack` in:");
    println!("{}", places.package().display());
    Ok(ExitCode::SUCCESS)
}

/// Builds the package unless nothing has changed.
pub fn build(places: &Places) -> Result<()> {
    let lock = places.lock()?;
    let wanted = sources::stamp(places, &["core", "edge", "sql/supabase/migrations"])?;
    let wanted = format!("{} {wanted}", GLUE.join(" "));
    let stamp = places.base.join("edge").join("stamp");
    let is_there = places.package().join("package.json").is_file();
    if is_there && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    let glue = bind(places, &compile(places, PACKAGE)?, "glue", GLUE)?;
    Step::start(places, "Assembling the npm package").work(|step| {
        let mut assemble = Command::new("node");
        assemble.current_dir(&places.root).arg("edge/js/build.mjs");
        assemble.args([&glue, &places.package(), &node_modules(places)]);
        assemble.arg(wasm_opt(places));
        step.run(&mut assemble)
    })?;
    drop(lock);
    write_file(&stamp, &wanted)
}

/// Builds a package that holds an empty module, made and loaded as `chatkeep` is, and in its folder `bound` as wasm-bindgen
/// itself makes and loads it for Deno; returns its folder.
pub fn empty(places: &Places) -> Result<PathBuf> {
    build(places)?;
    let lock = places.lock()?;
    let module = compile(places, EMPTY)?;
    let glue = bind(places, &module, "glue", GLUE)?;
    let deno = bind(places, &module, "glue-deno", DENO_GLUE)?;
    let target = places.base.join("edge").join("empty");
    Step::start(places, "Assembling an empty package").work(|step| {
        let mut assemble = Command::new("node");
        assemble.current_dir(&places.root);
        assemble.arg("bench/edge/empty/assemble.mjs");
        assemble.args([&glue, &deno, &target, &places.package(), &wasm_opt(places)]);
        step.run(&mut assemble)
    })?;
    drop(lock);
    Ok(target)
}

/// Writes the glue of a module and returns the folder, of this name, in which the two are.
fn bind(places: &Places, module: &Path, name: &str, options: &[&str]) -> Result<PathBuf> {
    toolchain::npm(places)?;
    toolchain::cargo_tool(
        places,
        "wasm-bindgen-cli",
        "wasm-bindgen",
        &bindgen_version(places)?,
    )?;
    let glue = places.base.join("edge").join(name);
    Step::start(places, "Binding the module").work(|step| {
        let mut bindgen = Command::new(places.tool("wasm-bindgen"));
        bindgen.args(options).arg("--out-dir").arg(&glue);
        step.run(bindgen.arg(module))
    })?;
    Ok(glue)
}

/// The package's own tests, in the runtimes that are here, the Deno of Supabase's edge runtime among them; those of what only
/// Node runs, in Node.
pub fn test(places: &Places) -> Result<Counts> {
    build(places)?;
    let tests = places.root.join("edge").join("js").join("test");
    let files = test_files(&tests)?;
    let only_node = test_files(&tests.join("node"))?;
    Step::start(places, "npm package tests").count(|step| {
        let mut node = Command::new("node");
        node.args(["--test", "--test-reporter", "tap"])
            .args(&files)
            .args(&only_node);
        let [mut deno, mut of_supabase] = [places.npm_tool("deno"), deno::of_supabase(places)?]
            .map(|program| {
                let mut deno = Command::new(program);
                deno.args(["test", "--no-check", "--no-prompt", "--allow-all"])
                    .args(&files);
                deno::settings(places, &mut deno);
                deno
            });
        let mut counts = Counts::default();
        for command in [&mut node, &mut deno, &mut of_supabase] {
            command
                .current_dir(&places.root)
                .env("CHATKEEP_PACKAGE", places.package())
                .env("CHATKEEP_TOOLS", node_modules(places));
            let ran = step.try_run(command)?;
            counts += suite::judge(&ran);
        }
        Ok(counts)
    })
}

/// Compiles a crate and returns the module.
fn compile(places: &Places, package: &str) -> Result<PathBuf> {
    debian::ensure(places, &[debian::BUILD, debian::NODE])?;
    let name = format!("{}.wasm", package.replace('-', "_"));
    let module_in = |folder: &Path| folder.join(TARGET).join("edge").join(name);
    if has_target(places) || add_target(places)? {
        let folder = places.base.join("edge");
        Step::start(places, "Building the WebAssembly module").work(|step| {
            let mut cargo = places.cargo();
            step.run(module(places, package, &mut cargo, &folder, &[]))
        })?;
        return Ok(module_in(&folder));
    }
    debian::ensure(places, &[DEBIAN_COMPILER]).map_err(|failure| {
        Failure::new(format!("No compiler for {TARGET} was found.\n{failure}")).advise(format!(
            "run `rustup target add {TARGET}`, or install the packages above."
        ))
    })?;
    // A folder of its own: the two compilers would build everything anew after each other.
    let folder = places.base.join("edge-debian");
    Step::start(
        places,
        "Building the WebAssembly module (Debian's compiler)",
    )
    .work(|step| {
        let mut cargo = Command::new(DEBIAN_CARGO);
        cargo.current_dir(&places.root);
        for name in [
            "RUSTUP_TOOLCHAIN",
            "CARGO",
            "RUSTC_WRAPPER",
            "CARGO_MANIFEST_DIR",
        ] {
            cargo.env_remove(name);
        }
        cargo
            .env("RUSTC", "/usr/bin/rustc")
            .env("RUSTC_BOOTSTRAP", "1");
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-22");
        let remap = format!("--remap-path-prefix={DEBIAN_SOURCES}=rust");
        let command = module(places, package, &mut cargo, &folder, &[remap]);
        step.run(command.arg("-Zbuild-std=std,panic_abort"))
    })?;
    Ok(module_in(&folder))
}

/// Completes a cargo command so that it builds the module.
fn module<'a>(
    places: &Places,
    package: &str,
    cargo: &'a mut Command,
    folder: &Path,
    flags: &[String],
) -> &'a mut Command {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let mut all = vec!["-Ctarget-feature=+simd128".to_owned()];
    // Paths of the builder's machine do not belong into a published file.
    if let Some(home) = home {
        all.push(format!("--remap-path-prefix={}=cargo", home.display()));
    }
    all.push(format!(
        "--remap-path-prefix={}=chatkeep",
        places.root.display()
    ));
    all.extend_from_slice(flags);
    cargo.args([
        "build",
        "--package",
        package,
        "--profile",
        "edge",
        "--target",
        TARGET,
    ]);
    cargo
        .env("CARGO_TARGET_DIR", folder)
        .env_remove("RUSTFLAGS");
    cargo.env("CARGO_ENCODED_RUSTFLAGS", all.join("\u{1f}"))
}

fn has_target(places: &Places) -> bool {
    let sysroot = places.rustc().args(["--print", "sysroot"]).output();
    sysroot.is_ok_and(|output| {
        let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        sysroot.join("lib").join("rustlib").join(TARGET).is_dir()
    })
}

/// Asks rustup for the target; where it cannot download, there is another way.
fn add_target(places: &Places) -> Result<bool> {
    if !debian::is_command("rustup") {
        return Ok(false);
    }
    let title = format!("Asking rustup for {TARGET}");
    let ran = Step::start(places, title).work(|step| {
        step.try_run(
            Command::new("rustup")
                .current_dir(&places.root)
                .args(["target", "add", TARGET]),
        )
    })?;
    Ok(ran.status.success() && has_target(places))
}

/// wasm-bindgen's program must be of the version of its library.
fn bindgen_version(places: &Places) -> Result<String> {
    let path = places.root.join("Cargo.lock");
    let lock = fs::read_to_string(&path).at("read", &path)?;
    locked_version(&lock, "wasm-bindgen")
        .ok_or_else(|| Failure::new("Cargo.lock does not name wasm-bindgen."))
}

fn locked_version(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    let version = lines
        .next()?
        .strip_prefix("version = \"")?
        .strip_suffix('"')?;
    Some(version.to_owned())
}

/// Where the npm packages of the tools are installed.
pub fn node_modules(places: &Places) -> PathBuf {
    places.base.join("npm").join("node_modules")
}

fn wasm_opt(places: &Places) -> PathBuf {
    node_modules(places)
        .join("binaryen")
        .join("bin")
        .join("wasm-opt")
}

fn test_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).at("read", folder)?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_test = |path: &PathBuf| path.extension().is_some_and(|end| end == "mjs");
    let mut files: Vec<PathBuf> = paths.filter(is_test).collect();
    files.sort();
    if files.is_empty() {
        return Err(Failure::new(format!(
            "There is no test in {}.",
            folder.display()
        )));
    }
    Ok(files)
}

fn is_file(path: &str) -> bool {
    Path::new(path).is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_version_is_that_of_the_package_itself() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"1\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(
            locked_version(lock, "wasm-bindgen").as_deref(),
            Some("0.2.130")
        );
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}

//! `cargo xtask edge`: the WebAssembly module and the npm package around it.

use crate::counts::{self, Counts};
use crate::deno;
use anyhow::{Result, ensure};
use fs_err as fs;
use local_postgres::console::{run, step};
use local_postgres::debian;
use local_postgres::{MIGRATIONS, WASM, Workspace, files, write_file};
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGE: &str = "chatkeep-edge";
/// A module that holds nothing, for `cargo xtask bench edge`.
const EMPTY: &str = "chatkeep-bench-empty";
/// How wasm-bindgen writes the glue. With `--debug` it looks at the type of each argument first: one of another type is an
/// error then, where it would make the module read memory that is not its own, and trap for good.
const GLUE: &[&str] = &["--target", "web", "--omit-default-module-path", "--no-typescript", "--debug"];
/// How wasm-bindgen writes it for Deno, with a loader of its own.
const DENO_GLUE: &[&str] = &["--target", "deno", "--no-typescript"];

/// Builds the package unless nothing has changed.
pub fn build(workspace: &Workspace) -> Result<()> {
    let _lock = workspace.lock()?;
    let wanted = format!("{} {}", GLUE.join(" "), workspace.stamp(&["core", "edge", MIGRATIONS])?);
    let stamp = workspace.base.join("edge/stamp");
    let is_there = workspace.package().join("package.json").is_file();
    if is_there && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    let glue = bind(workspace, &compile(workspace, PACKAGE)?, "glue", GLUE)?;
    step("Assembling the npm package", || {
        let mut assemble = Command::new("node");
        assemble.current_dir(&workspace.root).arg("edge/js/build.mjs");
        assemble.args([&glue, &workspace.package(), &workspace.node_modules(), &wasm_opt(workspace)]);
        run(&mut assemble)
    })?;
    write_file(&stamp, &wanted)
}

/// Builds a package that holds an empty module, made and loaded as `chatkeep` is, and in its folder `bound` as wasm-bindgen
/// itself makes and loads it for Deno; returns its folder.
pub fn build_empty(workspace: &Workspace) -> Result<PathBuf> {
    build(workspace)?;
    let _lock = workspace.lock()?;
    let module = compile(workspace, EMPTY)?;
    let glue = bind(workspace, &module, "glue", GLUE)?;
    let deno = bind(workspace, &module, "glue-deno", DENO_GLUE)?;
    let target = workspace.base.join("edge/empty");
    step("Assembling an empty package", || {
        let mut assemble = Command::new("node");
        assemble.current_dir(&workspace.root).arg("bench/edge/empty/assemble.mjs");
        assemble.args([&glue, &deno, &target, &workspace.package(), &wasm_opt(workspace)]);
        run(&mut assemble)
    })?;
    Ok(target)
}

/// The package's own tests, in the runtimes that are here, the Deno of Supabase's edge runtime among them; those of what
/// only Node runs, in Node.
pub fn test(workspace: &Workspace) -> Result<Counts> {
    build(workspace)?;
    let tests = workspace.root.join("edge/js/test");
    let (everywhere, only_node) = (files(&tests, "mjs")?, files(&tests.join("node"), "mjs")?);
    ensure!(!everywhere.is_empty() && !only_node.is_empty(), "There is no test in {}.", tests.display());
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter", "tap"]).args(&everywhere).args(&only_node);
    let in_deno = |program: PathBuf| {
        let mut deno = workspace.deno(program);
        deno.args(["test", "--no-check", "--no-prompt", "--allow-all"]).args(&everywhere);
        deno
    };
    let programs = [node, in_deno(workspace.npm_tool("deno")), in_deno(deno::of_supabase(workspace)?)];
    let mut sum = Counts::default();
    for mut program in programs {
        program.current_dir(&workspace.root).env("CHATKEEP_PACKAGE", workspace.package());
        sum += counts::of(program.env("CHATKEEP_TOOLS", workspace.node_modules()))?;
    }
    Ok(sum)
}

/// Writes the glue of a module and returns the folder, of this name, in which the two are.
fn bind(workspace: &Workspace, module: &Path, name: &str, options: &[&str]) -> Result<PathBuf> {
    workspace.install_npm()?;
    // wasm-bindgen's program must be of the version of its library.
    let version = workspace.locked_version("wasm-bindgen")?;
    workspace.install_cargo_tool("wasm-bindgen-cli", "wasm-bindgen", &version, &[])?;
    let glue = workspace.base.join("edge").join(name);
    step("Binding the module", || {
        let mut bindgen = Command::new(workspace.tool("wasm-bindgen"));
        run(bindgen.args(options).arg("--out-dir").arg(&glue).arg(module))
    })?;
    Ok(glue)
}

/// Compiles a crate and returns the module.
fn compile(workspace: &Workspace, package: &str) -> Result<PathBuf> {
    debian::ensure(&[debian::BUILD, debian::NODE])?;
    let mut flags = vec!["-Ctarget-feature=+simd128".to_owned()];
    // Paths of the builder's machine do not belong into a published file.
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    if let Some(home) = home.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cargo"))) {
        flags.push(format!("--remap-path-prefix={}=cargo", home.display()));
    }
    flags.push(format!("--remap-path-prefix={}=chatkeep", workspace.root.display()));
    let folder = workspace.base.join("edge");
    let mut cargo = workspace.cargo(&["build", "--package", package, "--profile", "edge", "--target", WASM]);
    cargo.env("CARGO_TARGET_DIR", &folder).env_remove("RUSTFLAGS");
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    step("Building the WebAssembly module", || run(&mut cargo))?;
    Ok(folder.join(WASM).join("edge").join(format!("{}.wasm", package.replace('-', "_"))))
}

fn wasm_opt(workspace: &Workspace) -> PathBuf {
    workspace.node_modules().join("binaryen/bin/wasm-opt")
}

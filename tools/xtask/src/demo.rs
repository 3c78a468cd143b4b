//! `cargo xtask demo`: real conversations and documents in a real Postgres.

use crate::gateway::{Gateway, Rest};
use crate::{deno, edge, test_programs};
use anyhow::{Result, ensure};
use local_postgres::{DEFAULT_MAJOR, Engine, Temporary, Workspace, console};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Sets everything up, runs `examples/demo/demo.ts`, and takes everything down again.
pub fn run(workspace: &Workspace) -> Result<()> {
    let started = Instant::now();
    let lock = workspace.lock()?;
    let conversations = workspace.conversations()?;
    drop(lock);
    edge::build(workspace)?;
    let database = Temporary::start(workspace, "demo", DEFAULT_MAJOR, Engine::Native)?;
    eprintln!("The demo's database does not wait for the disk: its rates are not a durable one's.");
    let gateway = Gateway::start(&database.0, Rest::Lite)?;

    // Real documents: Rust's own, else the system's.
    let folders = [rust_documents(), PathBuf::from("/usr/share/doc")];
    let documents: Vec<&Path> = folders.iter().map(PathBuf::as_path).filter(|path| path.is_dir()).collect();
    let readable = [&[workspace.base.as_path()], documents.as_slice()].concat();
    let mut demo = deno::command(workspace, "run", &readable);
    gateway.keys.describe_to(&mut demo);
    let list: Vec<String> = documents.iter().map(|path| path.display().to_string()).collect();
    demo.arg(deno::program("examples/demo/demo.ts"));
    demo.env("CHATKEEP_DATASET", conversations).env("CHATKEEP_DOCUMENTS", list.join(":"));
    let status = console::show(&mut demo)?;
    drop(gateway);
    ensure!(status.success(), "The demo ended with {status}.");

    let restored = console::step("Dumping the demo's database and restoring it into a new one", || {
        test_programs::lifecycle(&database.0, "backup")
    })?;
    ensure!(restored.failed == 0, "The restored database is not what was dumped.");
    eprintln!(
        "Every row, policy, index, constraint, function and grant came back: {} facts compared.",
        restored.passed
    );
    drop(database);
    eprintln!("Everything is stopped. {:.0} s in all.", started.elapsed().as_secs_f64());
    Ok(())
}

/// The documentation that rustup installs beside the compiler of the machine. The release that we install is without it.
fn rust_documents() -> PathBuf {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output();
    let sysroot = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    Path::new(&sysroot).join("share/doc")
}

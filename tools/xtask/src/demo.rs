//! `cargo xtask demo`: real conversations and documents in a real Postgres.

use crate::arguments::{Arguments, DEFAULT_MAJOR, Engine};
use crate::backup;
use crate::deno;
use crate::edge;
use crate::failure::{Failure, Result};
use crate::gateway::{Gateway, Rest};
use crate::places::Places;
use crate::pypi;
use crate::step;
use crate::throwaway::Throwaway;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// Sets everything up, runs `tools/xtask/demo/demo.ts`, and takes everything down again.
pub fn run(places: &Places, arguments: &Arguments) -> Result<ExitCode> {
    arguments.allow(&[], 0)?;
    let started = Instant::now();
    let lock = places.lock()?;
    let conversations = pypi::conversations(places)?;
    drop(lock);
    edge::build(places)?;
    let database = Throwaway::start(places, "demo", DEFAULT_MAJOR, Engine::Native)?;
    eprintln!("The demo's database does not wait for the disk: its rates are not a durable one's.");
    let gateway = Gateway::start(places, &database.0, Rest::Lite)?;
    let documents = document_folders(places);

    let mut demo = deno::command(places, "run");
    let mut readable: Vec<&Path> = vec![&places.base];
    readable.extend(documents.iter().map(PathBuf::as_path));
    demo.arg(deno::allow_read(&readable)).arg("demo/demo.ts");
    gateway.describe_to(&mut demo);
    demo.env("CHATKEEP_DATASET", conversations);
    let list: Vec<String> = documents
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    demo.env("CHATKEEP_DOCUMENTS", list.join(":"));
    let status = step::show(&mut demo)?;
    drop(gateway);
    if !status.success() {
        return Err(Failure::new(format!("The demo ended with {status}.")));
    }
    let title = "Dumping the demo's database and restoring it into a new one";
    let restored = backup::test(places, &database.0, title)?;
    if restored.failed > 0 {
        return Err(Failure::new(
            "The restored database is not what was dumped.",
        ));
    }
    eprintln!(
        "Every row, policy, index, constraint, function and grant came back: {} facts compared.",
        restored.passed
    );
    drop(database);
    eprintln!(
        "Everything is stopped. {:.0} s in all.",
        started.elapsed().as_secs_f64()
    );
    Ok(ExitCode::SUCCESS)
}

/// Where real documents lie: Rust's own, else the system's.
fn document_folders(places: &Places) -> Vec<PathBuf> {
    let mut rustc = places.rustc();
    let sysroot = rustc.args(["--print", "sysroot"]).output();
    let sysroot = sysroot.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let own = sysroot
        .ok()
        .map(|path| PathBuf::from(path).join("share").join("doc"));
    let system = Some(PathBuf::from("/usr/share/doc"));
    [own, system]
        .into_iter()
        .flatten()
        .filter(|path| path.is_dir())
        .collect()
}

//! The programs in TypeScript: gateway, demo and client tests. Deno runs copies of them beside the npm packages, so that
//! their imports resolve, and may reach only what each needs.

use anyhow::{Result, bail};
use fs_err as fs;
use local_postgres::{Workspace, advice, files, remove_folder};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders of programs, and where each is laid.
const PROGRAMS: &[(&str, &str)] = &[
    ("tools/xtask/npm", ""),
    ("tools/xtask/demo", "demo"),
    ("tests/journeys", "journeys"),
    ("tests/protocol", "protocol"),
    ("tests/concurrency", "concurrency"),
    ("tests/pglite", "pglite"),
    ("tests/engine_switch", "engine_switch"),
    ("tests/functions", "functions"),
    // The example functions: `chatkeep` is what is built here, not what a deno.json names.
    ("sql/supabase/functions/_shared", "edge/_shared"),
    ("sql/supabase/functions/chat", "edge/chat"),
    ("sql/supabase/functions/ingest", "edge/ingest"),
    ("sql/supabase/functions/refresh", "edge/refresh"),
];

/// Installs the npm packages and lays the programs beside them.
pub fn prepare(workspace: &Workspace) -> Result<()> {
    let _lock = workspace.lock()?;
    workspace.install_npm()?;
    let run = folder(workspace);
    for (source, target) in PROGRAMS {
        copy_programs(&workspace.root.join(source), &run.join(target))?;
    }
    // Its example is run by a test.
    fs::copy(workspace.root.join("README.md"), run.join("README.md"))?;
    // `import … from "chatkeep"` finds the package that `cargo xtask edge` builds.
    let (link, package) = (workspace.node_modules().join("chatkeep"), workspace.package());
    if link.canonicalize().is_ok_and(|found| found == package) {
        return Ok(());
    }
    match fs::symlink_metadata(&link) {
        Ok(found) if found.is_dir() => remove_folder(&link)?,
        Ok(_) => fs::remove_file(&link)?,
        Err(_) => {}
    }
    Ok(fs::os::unix::fs::symlink(&package, &link)?)
}

/// `deno SUBCOMMAND` in the folder of the programs, with no network but 127.0.0.1 and no files but below some paths.
pub fn command(workspace: &Workspace, subcommand: &str, readable: &[&Path]) -> Command {
    let mut command = workspace.deno(workspace.npm_tool("deno"));
    command.current_dir(folder(workspace)).arg(subcommand);
    command.args(["--no-prompt", "--no-remote", "--node-modules-dir=manual", "--allow-net=127.0.0.1", "--allow-env"]);
    let list: Vec<String> = readable.iter().map(|path| path.display().to_string()).collect();
    command.arg(format!("--allow-read={}", list.join(",")));
    // Cargo sets it; Deno lets nobody hand it on to a program.
    command.env_remove("LD_LIBRARY_PATH");
    command
}

/// The release of Deno whose interfaces Supabase's edge runtime has. The runtime itself is no npm package.
pub fn of_supabase(workspace: &Workspace) -> Result<PathBuf> {
    let prefix = "deno-edge-linux-";
    for entry in fs::read_dir(workspace.node_modules())? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            return Ok(entry.path().join("deno"));
        }
    }
    let todo = "tools/xtask/npm/package.json names one for x64 and one for arm64, both with glibc.";
    bail!(advice(format_args!("npm installed no package {prefix}*."), todo))
}

/// Where the programs lie.
pub fn folder(workspace: &Workspace) -> PathBuf {
    workspace.base.join("npm/run")
}

/// Copies the `.ts` files of a folder, and removes copies whose source is gone.
fn copy_programs(source: &Path, target: &Path) -> Result<()> {
    fs::create_dir_all(target)?;
    for old in files(target, "ts")? {
        fs::remove_file(old)?;
    }
    for path in files(source, "ts")? {
        fs::copy(&path, target.join(path.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use local_postgres::write_file;

    #[test]
    fn copies_follow_their_sources() {
        let folder = tempfile::tempdir().unwrap();
        let (source, target) = (folder.path().join("a"), folder.path().join("b"));
        for path in [source.join("new.ts"), source.join("notes.md"), target.join("old.ts")] {
            write_file(&path, "1").unwrap();
        }
        copy_programs(&source, &target).unwrap();
        assert!(target.join("new.ts").is_file());
        assert!(!target.join("old.ts").exists() && !target.join("notes.md").exists());
    }
}

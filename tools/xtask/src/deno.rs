//! The programs in TypeScript: gateway, demo and client tests. Deno runs them beside the npm packages, so that their imports
//! resolve, and they may reach only what each needs.

use anyhow::{Result, bail};
use fs_err as fs;
use local_postgres::{Workspace, advice, remove_folder};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A link to the repository, beside the npm packages. Deno looks for packages in the folders above the path that it was given,
/// and does not follow the link for that.
const LINK: &str = "repository";

/// Installs the npm packages, and links the repository and its package beside them.
pub fn prepare(workspace: &Workspace) -> Result<()> {
    let _lock = workspace.lock()?;
    workspace.install_npm()?;
    link(&workspace.root, &workspace.base.join("npm").join(LINK))?;
    // `import … from "chatkeep"` finds the package that `cargo xtask edge` builds.
    link(&workspace.package(), &workspace.node_modules().join("chatkeep"))
}

/// `deno SUBCOMMAND` in the folder of the npm packages, with no network but 127.0.0.1 and no files but below some paths.
pub fn command(workspace: &Workspace, subcommand: &str, readable: &[&Path]) -> Command {
    let mut command = workspace.deno(workspace.npm_tool("deno"));
    command.current_dir(workspace.base.join("npm")).arg(subcommand);
    command.args(["--no-prompt", "--no-remote", "--node-modules-dir=manual", "--allow-net=127.0.0.1", "--allow-env"]);
    let list: Vec<String> = readable.iter().map(|path| path.display().to_string()).collect();
    command.arg(format!("--allow-read={}", list.join(",")));
    // Cargo sets it; Deno lets nobody hand it on to a program.
    command.env_remove("LD_LIBRARY_PATH");
    command
}

/// How a program, or a folder of tests, is named to such a command.
pub fn program(path: &str) -> String {
    format!("{LINK}/{path}")
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
    let todo = "tests/servers/package.json names one for x64 and one for arm64, both with glibc.";
    bail!(advice(format_args!("npm installed no package {prefix}*."), todo))
}

/// Makes a link, or has it lead there.
fn link(target: &Path, link: &Path) -> Result<()> {
    if fs::read_link(link).is_ok_and(|found| found == target) {
        return Ok(());
    }
    remove_folder(link)?;
    Ok(fs::os::unix::fs::symlink(target, link)?)
}

//! The programs in TypeScript: gateway, demo and client tests. Deno runs copies of them beside the
//! npm packages, so that their imports resolve, and may reach only what each needs.

use crate::failure::{AtPath, Failure, Result};
use crate::places::{Places, make_folder, remove_folder};
use crate::toolchain;
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Installs the npm packages and lays the programs beside them.
pub fn prepare(places: &Places) -> Result<()> {
    toolchain::npm(places)?;
    let run = folder(places);
    let sources = [
        ("tools/xtask/npm", ""),
        ("tools/xtask/demo", "demo"),
        ("tests/clients", "clients"),
        ("tests/gateways", "gateways"),
        ("tests/isolation", "isolation"),
        ("tests/pglite", "pglite"),
        ("tests/engines", "engines"),
        ("tests/functions", "functions"),
        // The example functions: `chatkeep` is what is built here, not what a deno.json names.
        ("sql/supabase/functions/_shared", "edge/_shared"),
        ("sql/supabase/functions/chat", "edge/chat"),
        ("sql/supabase/functions/ingest", "edge/ingest"),
        ("sql/supabase/functions/refresh", "edge/refresh"),
    ];
    for (source, target) in sources {
        copy_programs(&places.root.join(source), &run.join(target))?;
    }
    // Its example is run by a test.
    let readme = places.root.join("README.md");
    fs::copy(&readme, run.join("README.md")).at("copy", &readme)?;
    link_package(places)
}

/// `deno SUBCOMMAND` in the folder of the programs, with no network but 127.0.0.1.
pub fn command(places: &Places, subcommand: &str) -> Command {
    let mut command = Command::new(places.npm_tool("deno"));
    command.current_dir(folder(places)).arg(subcommand);
    command.args(["--no-prompt", "--no-remote", "--node-modules-dir=manual"]);
    command.args(["--allow-net=127.0.0.1", "--allow-env"]);
    settings(places, &mut command);
    command
}

/// The release of Deno whose interfaces Supabase's edge runtime has. The runtime itself is no npm package.
pub fn of_supabase(places: &Places) -> Result<PathBuf> {
    const PREFIX: &str = "deno-edge-linux-";
    let modules = places.base.join("npm").join("node_modules");
    let entries = fs::read_dir(&modules).at("read", &modules)?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let folder = paths.find(|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(PREFIX))
    });
    let folder = folder.ok_or_else(|| {
        Failure::new(format!("npm installed no package {PREFIX}*."))
            .advise("tools/xtask/npm/package.json names one for x64 and one for arm64, both with glibc.")
    })?;
    Ok(folder.join("deno"))
}

/// Where Deno keeps its cache, and what it must not do.
pub fn settings(places: &Places, command: &mut Command) {
    command.env("DENO_DIR", places.base.join("npm").join("deno"));
    command.env("DENO_NO_UPDATE_CHECK", "1");
    if !std::io::stdout().is_terminal() {
        command.env("NO_COLOR", "1");
    }
}

/// The option that lets a program read files below these paths.
pub fn allow_read(paths: &[&Path]) -> String {
    let list: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    format!("--allow-read={}", list.join(","))
}

/// Where the programs lie.
pub fn folder(places: &Places) -> PathBuf {
    places.base.join("npm").join("run")
}

/// Copies the `.ts` files of a folder, and removes copies whose source is gone.
fn copy_programs(source: &Path, target: &Path) -> Result<()> {
    make_folder(target)?;
    let is_program = |path: &Path| path.extension().is_some_and(|end| end == "ts");
    let list = |folder: &Path| -> Result<Vec<PathBuf>> {
        let entries = fs::read_dir(folder).at("read", folder)?;
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        Ok(paths
            .filter(|path| path.is_file() && is_program(path))
            .collect())
    };
    for old in list(target)? {
        fs::remove_file(&old).at("remove", &old)?;
    }
    for path in list(source)? {
        let name = path.file_name().unwrap_or_default();
        fs::copy(&path, target.join(name)).at("copy", &path)?;
    }
    Ok(())
}

/// Lets `import … from "chatkeep"` find the package that `cargo xtask edge` builds.
fn link_package(places: &Places) -> Result<()> {
    let link = places
        .base
        .join("npm")
        .join("node_modules")
        .join("chatkeep");
    let package = places.package();
    if link.canonicalize().is_ok_and(|found| found == package) {
        return Ok(());
    }
    match fs::symlink_metadata(&link) {
        Ok(found) if found.is_dir() => remove_folder(&link)?,
        Ok(_) => fs::remove_file(&link).at("remove", &link)?,
        Err(_) => {}
    }
    std::os::unix::fs::symlink(&package, &link).at("link", &link)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::write_file;

    #[test]
    fn copies_follow_their_sources() {
        let folder = std::env::temp_dir().join(format!("xtask-deno-{}", std::process::id()));
        let (source, target) = (folder.join("a"), folder.join("b"));
        write_file(&source.join("new.ts"), "1").unwrap();
        write_file(&source.join("notes.md"), "2").unwrap();
        write_file(&target.join("old.ts"), "3").unwrap();
        copy_programs(&source, &target).unwrap();
        assert!(target.join("new.ts").is_file());
        assert!(!target.join("old.ts").exists() && !target.join("notes.md").exists());
        remove_folder(&folder).unwrap();
    }

    #[test]
    fn folders_to_read_are_listed_in_one_option() {
        assert_eq!(
            allow_read(&[Path::new("/a"), Path::new("/b")]),
            "--allow-read=/a,/b"
        );
    }
}

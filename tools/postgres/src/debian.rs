//! What comes from the operating system: root gets the missing packages from apt, anybody else is told exactly what to
//! install. Single packages can also be unpacked into the target folder, which needs no rights.

use crate::Workspace;
use crate::advice;
use crate::console::{run, step, succeeds};
use anyhow::{Context, Error, Result, bail};
use fs_err as fs;
use nix::unistd::geteuid;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A Debian package and the way to see, on any system, that what it brings is there.
pub struct Need {
    /// The package.
    pub package: &'static str,
    /// True when nothing has to be installed.
    pub is_met: fn() -> bool,
}

/// What building the extension takes.
pub const BUILD: &[Need] = &[
    Need { package: "build-essential", is_met: || is_command("cc") && is_command("make") },
    Need { package: "clang", is_met: || is_command("clang") },
    // bindgen loads the library when it runs, by the same means.
    Need { package: "libclang-dev", is_met: || clang_sys::load().is_ok() },
];
/// What building libFuzzer takes.
pub const CXX: &[Need] = &[Need { package: "build-essential", is_met: || is_command("c++") }];
/// What fetching packages from PyPI takes.
pub const PIP: &[Need] = &[
    Need { package: "python3", is_met: || is_command("python3") },
    Need { package: "python3-pip", is_met: || python().is_ok() },
];
/// What the npm packages take.
pub const NODE: &[Need] =
    &[Need { package: "nodejs", is_met: || is_command("node") }, Need { package: "npm", is_met: || is_command("npm") }];
/// What `cargo pgrx test --runas` takes.
pub const SUDO: &[Need] = &[Need { package: "sudo", is_met: || is_command("sudo") }];

/// Installs what is missing, or says what to install.
pub fn ensure(needs: &[&[Need]]) -> Result<()> {
    let missing = || -> Vec<&str> {
        let unmet = needs.iter().copied().flatten().filter(|need| !(need.is_met)());
        unmet.map(|need| need.package).collect()
    };
    let packages = missing();
    if packages.is_empty() {
        return Ok(());
    }
    install(&packages)?;
    let packages = missing();
    if packages.is_empty() { Ok(()) } else { Err(tell(&packages)) }
}

/// Installs packages by name when root, or says so.
pub fn install(packages: &[&str]) -> Result<()> {
    if !geteuid().is_root() || !is_command("apt-get") {
        return Err(tell(packages));
    }
    step(format!("Installing Debian packages: {}", packages.join(" ")), || {
        // Unpacking PostgreSQL must not start a server of the system's own.
        let mut attempt = apt(&["install", "--yes", "--no-install-recommends"]);
        attempt.env("DEBIAN_FRONTEND", "noninteractive").args(packages);
        if run(&mut attempt).is_err() {
            run(&mut apt(&["update"]))?;
            run(&mut attempt)?;
        }
        Ok(())
    })
}

fn tell(packages: &[&str]) -> Error {
    let list = packages.join(" ");
    advice(
        format_args!("These are missing: {list} (names of Debian packages)."),
        format_args!("as root, run `apt-get install {list}`; then repeat the command."),
    )
}

impl Workspace {
    /// Downloads packages and unpacks them into a folder: of this system's own release, or of another one of Debian.
    pub(crate) fn unpack_debs(&self, release: Option<&str>, packages: &[&str], into: &Path) -> Result<()> {
        for command in ["apt-get", "dpkg-deb"] {
            if !is_command(command) {
                bail!("`{command}` is not on this system.");
            }
        }
        for package in packages {
            let deb = self.download_deb(release, package)?;
            run(Command::new("dpkg-deb").arg("-x").arg(&deb).arg(into))?;
        }
        Ok(())
    }

    /// The lists of packages that apt fetches for this lie beside the system's.
    fn download_deb(&self, release: Option<&str>, package: &str) -> Result<PathBuf> {
        let folder = self.base.join("debs");
        fs::create_dir_all(&folder)?;
        if let Some(deb) = find_deb(&folder, package) {
            return Ok(deb);
        }
        let state = self.base.join("apt").join(release.unwrap_or("own"));
        for part in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(state.join(part))?;
        }
        let mut options = vec![
            format!("Dir::State::Lists={}", state.join("lists").display()),
            format!("Dir::Cache={}", state.join("cache").display()),
            "APT::Sandbox::User=root".to_owned(),
        ];
        if let Some(release) = release {
            let (sources, archive) = (state.join("sources.list"), debian_archive()?);
            let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
            fs::write(&sources, format!("deb [signed-by={keyring}] {archive} {release} main\n"))?;
            options.push(format!("Dir::Etc::SourceList={}", sources.display()));
            options.push("Dir::Etc::SourceParts=/dev/null".to_owned());
            options.push("APT::Update::Post-Invoke-Success::=".to_owned());
        }
        let own_lists = |words: &[&str]| {
            let mut command = apt(words);
            run(command.args(options.iter().flat_map(|option| ["-o", option])).current_dir(&folder))
        };
        // The system's own list of packages may be new enough.
        if release.is_some() || run(apt(&["download", package]).current_dir(&folder)).is_err() {
            own_lists(&["update"])?;
            own_lists(&["download", package])?;
        }
        find_deb(&folder, package).with_context(|| format!("apt did not download {package}."))
    }

    /// The packages a downloaded package depends on, alternatives left out.
    pub(crate) fn deb_dependencies(&self, package: &str) -> Result<Vec<String>> {
        let deb = find_deb(&self.base.join("debs"), package)
            .with_context(|| format!("{package} has not been downloaded."))?;
        Ok(dependency_names(&run(Command::new("dpkg-deb").arg("-f").arg(deb).arg("Depends"))?))
    }
}

/// The Debian archive that this system's own sources name.
fn debian_archive() -> Result<String> {
    let format = "$(ORIGIN) $(LABEL) $(REPO_URI)";
    if let Ok(list) = run(&mut apt(&["indextargets", "--format", format, "Created-By: Packages"]))
        && let Some(found) = list.lines().find_map(|line| line.strip_prefix("Debian Debian "))
    {
        return Ok(found.to_owned());
    }
    // Without lists apt knows no origin: take the first archive whose path is Debian's own.
    let list = run(&mut apt(&["indextargets", "--format", "$(REPO_URI)"]))?;
    let archive = list.lines().find(|line| line.trim_end_matches('/').ends_with("/debian"));
    archive
        .map(str::to_owned)
        .context("This system's apt sources name no Debian archive, so headers cannot be fetched.")
}

/// The newest `NAME_VERSION_ARCH.deb` in a folder.
fn find_deb(folder: &Path, package: &str) -> Option<PathBuf> {
    let files = fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let is_deb = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.extension().is_some_and(|end| end == "deb") && name.starts_with(&format!("{package}_"))
    };
    files.filter(is_deb).max_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).ok())
}

fn dependency_names(list: &str) -> Vec<String> {
    list.split(',').filter_map(|item| Some(item.split_whitespace().next()?.to_owned())).collect()
}

fn apt(words: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.arg("-q").args(words).env("LC_ALL", "C.UTF-8");
    command
}

/// A Python that has pip: the first in PATH may be one without.
pub(crate) fn python() -> Result<&'static str> {
    let has_pip = |python: &&str| succeeds(Command::new(python).args(["-m", "pip", "--version"]));
    let found = ["python3", "/usr/bin/python3"].into_iter().find(has_pip);
    found.ok_or_else(|| advice("No python3 with pip was found.", "install python3 and python3-pip."))
}

/// Whether PATH has a program of this name.
pub fn is_command(name: &str) -> bool {
    which::which(name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_read_without_versions_and_alternatives() {
        let list = "locales | locales-all, libpq5 (>= 15.20), libc6 (>= 2.34), zlib1g\n";
        assert_eq!(dependency_names(list), ["locales", "libpq5", "libc6", "zlib1g"]);
        assert!(dependency_names("\n").is_empty());
    }

    #[test]
    fn a_package_is_found_by_its_whole_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("postgresql-15-pgtap_1.2.0-3_all.deb"), "").unwrap();
        assert!(find_deb(folder.path(), "postgresql-15").is_none());
        assert!(find_deb(folder.path(), "postgresql-15-pgtap").is_some());
    }
}

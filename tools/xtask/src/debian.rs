//! What comes from the operating system: root gets the missing packages from apt, anybody else is
//! told exactly what to install. Single packages can also be unpacked into the target folder,
//! which needs no rights.

use crate::failure::{AtPath, Failure, Result};
use crate::places::{Places, make_folder};
use crate::step::Step;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A Debian package and the way to see, on any system, that what it brings is there.
pub struct Need {
    /// The package.
    pub package: &'static str,
    /// True when nothing has to be installed.
    pub is_met: fn() -> bool,
}

/// What building the extension takes.
pub const BUILD: &[Need] = &[
    Need {
        package: "build-essential",
        is_met: || is_command("cc") && is_command("make"),
    },
    Need {
        package: "clang",
        is_met: || is_command("clang"),
    },
    Need {
        package: "libclang-dev",
        is_met: has_libclang,
    },
];

/// What building libFuzzer takes.
pub const CXX: &[Need] = &[Need {
    package: "build-essential",
    is_met: || is_command("c++"),
}];

/// What building cargo-pgrx takes besides.
pub const PGRX: &[Need] = &[
    Need {
        package: "pkg-config",
        is_met: || is_command("pkg-config"),
    },
    Need {
        package: "libssl-dev",
        is_met: || succeeds("pkg-config", &["--exists", "openssl"]),
    },
];

/// What fetching packages from PyPI takes.
pub const PIP: &[Need] = &[
    Need {
        package: "python3",
        is_met: || is_command("python3"),
    },
    Need {
        package: "python3-pip",
        is_met: || python().is_some(),
    },
];

/// What the npm packages take.
pub const NODE: &[Need] = &[
    Need {
        package: "nodejs",
        is_met: || is_command("node"),
    },
    Need {
        package: "npm",
        is_met: || is_command("npm"),
    },
];

/// What `cargo pgrx test --runas` takes.
pub const SUDO: &[Need] = &[Need {
    package: "sudo",
    is_met: || is_command("sudo"),
}];

/// Installs what is missing, or says what to install.
pub fn ensure(places: &Places, needs: &[&[Need]]) -> Result<()> {
    let missing = |needs: &[&[Need]]| -> Vec<&'static str> {
        let needs = needs.iter().flat_map(|group| group.iter());
        needs
            .filter(|need| !(need.is_met)())
            .map(|need| need.package)
            .collect()
    };
    let packages = missing(needs);
    if packages.is_empty() {
        return Ok(());
    }
    install(places, &packages)?;
    let packages = missing(needs);
    if packages.is_empty() {
        Ok(())
    } else {
        Err(tell(&packages))
    }
}

/// Installs packages by name when root, or says so.
pub fn install(places: &Places, packages: &[&str]) -> Result<()> {
    if !places.account.caller_is_root() || !is_command("apt-get") {
        return Err(tell(packages));
    }
    let list = packages.join(" ");
    Step::start(places, format!("Installing Debian packages: {list}")).work(|step| {
        let attempt = |step: &mut Step| {
            step.run(
                apt(&["install", "--yes", "--no-install-recommends"])
                    // Unpacking PostgreSQL must not start a server of the system's own.
                    .env("DEBIAN_FRONTEND", "noninteractive")
                    .args(packages),
            )
        };
        if attempt(step).is_err() {
            step.run(&mut apt(&["update"]))?;
            attempt(step)?;
        }
        Ok(())
    })
}

fn tell(packages: &[&str]) -> Failure {
    let list = packages.join(" ");
    Failure::new(format!(
        "These are missing: {list} (names of Debian packages)."
    ))
    .advise(format!(
        "as root, run `apt-get install {list}`; then repeat the command."
    ))
}

/// Downloads packages of this system's own release and unpacks them into a folder.
pub fn unpack(places: &Places, step: &mut Step, packages: &[&str], into: &Path) -> Result<()> {
    for command in ["apt-get", "dpkg-deb"] {
        if !is_command(command) {
            return Err(Failure::new(format!("`{command}` is not on this system.")));
        }
    }
    let folder = places.base.join("debs");
    make_folder(&folder)?;
    for package in packages {
        let deb = match find_deb(&folder, package) {
            Some(deb) => deb,
            None => download(places, step, &folder, package)?,
        };
        step.run(Command::new("dpkg-deb").arg("-x").arg(&deb).arg(into))?;
    }
    Ok(())
}

/// Downloads packages of another Debian release: apt with lists of its own beside the system's.
pub fn unpack_from(
    places: &Places,
    step: &mut Step,
    release: &str,
    packages: &[&str],
    into: &Path,
) -> Result<()> {
    let folder = places.base.join("debs");
    let state = places.base.join("apt").join(release);
    for part in ["lists/partial", "cache/archives/partial"] {
        make_folder(&state.join(part))?;
    }
    make_folder(&folder)?;
    let sources = state.join("sources.list");
    let archive = debian_archive(step)?;
    let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
    let line = format!("deb [signed-by={keyring}] {archive} {release} main\n");
    fs::write(&sources, line).at("write", &sources)?;
    let options = [
        format!("Dir::Etc::SourceList={}", sources.display()),
        "Dir::Etc::SourceParts=/dev/null".to_owned(),
        format!("Dir::State::Lists={}", state.join("lists").display()),
        format!("Dir::Cache={}", state.join("cache").display()),
        "APT::Update::Post-Invoke-Success::=".to_owned(),
        "APT::Sandbox::User=root".to_owned(),
    ];
    let with_options = |words: &[&str]| {
        let mut command = apt(&[]);
        for option in &options {
            command.args(["-o", option]);
        }
        command.args(words).current_dir(&folder);
        command
    };
    for package in packages {
        let deb = if let Some(deb) = find_deb(&folder, package) {
            deb
        } else {
            step.run(&mut with_options(&["update"]))?;
            step.run(&mut with_options(&["download", package]))?;
            find_deb(&folder, package)
                .ok_or_else(|| Failure::new(format!("apt did not download {package}.")))?
        };
        step.run(Command::new("dpkg-deb").arg("-x").arg(&deb).arg(into))?;
    }
    Ok(())
}

fn download(places: &Places, step: &mut Step, folder: &Path, package: &str) -> Result<PathBuf> {
    let own_lists = places.base.join("apt").join("own");
    for part in ["lists/partial", "cache/archives/partial"] {
        make_folder(&own_lists.join(part))?;
    }
    let options = [
        format!("Dir::State::Lists={}", own_lists.join("lists").display()),
        format!("Dir::Cache={}", own_lists.join("cache").display()),
    ];
    let mut first = apt(&["download", package]);
    if step.run(first.current_dir(folder)).is_err() {
        // No list of packages yet, or one too old: fetch one, beside the system's.
        let with_options = |words: &[&str]| {
            let mut command = apt(&["-o", "APT::Sandbox::User=root"]);
            for option in &options {
                command.args(["-o", option]);
            }
            command.args(words).current_dir(folder);
            command
        };
        step.run(&mut with_options(&["update"]))?;
        step.run(&mut with_options(&["download", package]))?;
    }
    find_deb(folder, package)
        .ok_or_else(|| Failure::new(format!("apt did not download {package}.")))
}

/// The Debian archive that this system's own sources name.
fn debian_archive(step: &mut Step) -> Result<String> {
    let format = "$(ORIGIN) $(LABEL) $(REPO_URI)";
    let mut command = apt(&["indextargets", "--format", format, "Created-By: Packages"]);
    if let Ok(list) = step.run(&mut command)
        && let Some(found) = list
            .lines()
            .find_map(|line| line.strip_prefix("Debian Debian "))
    {
        return Ok(found.to_owned());
    }
    // Without lists apt knows no origin: take the first archive whose path is Debian's own.
    let list = step.run(&mut apt(&["indextargets", "--format", "$(REPO_URI)"]))?;
    let archive = list
        .lines()
        .find(|line| line.trim_end_matches('/').ends_with("/debian"));
    archive.map(str::to_owned).ok_or_else(|| {
        Failure::new(
            "This system's apt sources name no Debian archive, so headers cannot be fetched.",
        )
    })
}

/// The newest `NAME_VERSION_ARCH.deb` in a folder.
fn find_deb(folder: &Path, package: &str) -> Option<PathBuf> {
    let prefix = format!("{package}_");
    let files = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()));
    files
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&prefix) && name.ends_with(".deb")
        })
        .max_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).ok())
}

/// The packages a downloaded package depends on, alternatives left out.
pub fn dependencies(places: &Places, step: &mut Step, package: &str) -> Result<Vec<String>> {
    let deb = find_deb(&places.base.join("debs"), package)
        .ok_or_else(|| Failure::new(format!("{package} has not been downloaded.")))?;
    let list = step.run(Command::new("dpkg-deb").arg("-f").arg(deb).arg("Depends"))?;
    Ok(dependency_names(&list))
}

fn dependency_names(list: &str) -> Vec<String> {
    let first_word = |item: &str| {
        item.split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    list.split(',')
        .map(first_word)
        .filter(|name| !name.is_empty())
        .collect()
}

fn apt(words: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.arg("-q").args(words).env("LC_ALL", "C.UTF-8");
    command
}

/// A Python that has pip: the first in PATH may be one without.
pub fn python() -> Option<&'static str> {
    ["python3", "/usr/bin/python3"]
        .into_iter()
        .find(|python| succeeds(python, &["-m", "pip", "--version"]))
}

/// Whether PATH has a program of this name.
pub fn is_command(name: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else {
        return false;
    };
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// Whether a program runs and ends well; its output is nobody's concern.
pub fn succeeds(program: &str, words: &[&str]) -> bool {
    let mut command = Command::new(program);
    command
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// bindgen loads libclang when it runs, from the folders that clang-sys searches.
fn has_libclang() -> bool {
    if std::env::var_os("LIBCLANG_PATH").is_some() || cfg!(target_os = "macos") {
        return true;
    }
    let children = |folder: &str| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten();
        entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect()
    };
    let mut folders = vec![PathBuf::from("/usr/lib"), PathBuf::from("/usr/lib64")];
    folders.extend(
        children("/usr/lib")
            .into_iter()
            .flat_map(|path| [path.join("lib"), path]),
    );
    folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .flatten()
        .any(|file| {
            let name = file.file_name().to_string_lossy().into_owned();
            name.starts_with("libclang.so") || name.starts_with("libclang-")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_read_without_versions_and_alternatives() {
        let list = "locales | locales-all, libpq5 (>= 15.20), libc6 (>= 2.34), zlib1g\n";
        assert_eq!(
            dependency_names(list),
            ["locales", "libpq5", "libc6", "zlib1g"]
        );
        assert!(dependency_names("\n").is_empty());
    }

    #[test]
    fn a_package_is_found_by_its_whole_name() {
        let folder = std::env::temp_dir().join(format!("xtask-debs-{}", std::process::id()));
        make_folder(&folder).unwrap();
        fs::write(folder.join("postgresql-15-pgtap_1.2.0-3_all.deb"), "").unwrap();
        assert!(find_deb(&folder, "postgresql-15").is_none());
        assert!(find_deb(&folder, "postgresql-15-pgtap").is_some());
        fs::remove_dir_all(&folder).unwrap();
    }
}

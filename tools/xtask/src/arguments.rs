//! The command line: words and `--option value` pairs, nothing clever.

use crate::failure::{Failure, Result};
use std::fmt;

/// Versions of Postgres that Chatkeep supports, oldest first.
pub const MAJORS: [u16; 3] = [15, 17, 18];
/// The version used when none is named.
pub const DEFAULT_MAJOR: u16 = 18;

/// Which implementation of the calls a database uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The pgrx extension.
    Native,
    /// The same functions in SQL and PL/pgSQL.
    Portable,
}

impl Engine {
    /// Both engines, in the order the suite runs them.
    pub const ALL: [Engine; 2] = [Engine::Native, Engine::Portable];

    /// The name used on the command line, in file names and by `chatkeep.engine()`.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Native => "native",
            Engine::Portable => "portable",
        }
    }

    /// Reads a name.
    pub fn parse(word: &str) -> Result<Self> {
        Engine::ALL
            .into_iter()
            .find(|engine| engine.name() == word)
            .ok_or_else(|| {
                Failure::new(format!("--engine: `{word}` is no engine."))
                    .advise("use --engine native or --engine portable.")
            })
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What stood on the command line after the command's own words.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// Words without a dash, in order.
    pub words: Vec<String>,
    /// `--name value` pairs, each at most once.
    options: Vec<(String, String)>,
    /// `--help` or `-h` stood anywhere.
    pub help: bool,
}

impl Arguments {
    /// Splits the words; an option takes its value after `=` or as the next word.
    pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut found = Arguments::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            if word == "--help" || word == "-h" {
                found.help = true;
                continue;
            }
            let Some(option) = word.strip_prefix("--") else {
                if word.starts_with('-') {
                    return Err(unknown(&word));
                }
                found.words.push(word);
                continue;
            };
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (option.to_owned(), words.next()),
            };
            let value = value.filter(|value| !value.is_empty() && !value.starts_with("--"));
            let value = value.ok_or_else(|| {
                Failure::new(format!("--{name} needs a value.")).advise(format!(
                    "write --{name} VALUE; `cargo xtask --help` lists them."
                ))
            })?;
            if found.options.iter().any(|(known, _)| *known == name) {
                return Err(Failure::new(format!("--{name} stands twice.")).advise("give it once."));
            }
            found.options.push((name, value));
        }
        Ok(found)
    }

    /// Refuses options and words that the command does not know.
    pub fn allow(&self, options: &[&str], words: usize) -> Result<()> {
        if let Some((name, _)) = self
            .options
            .iter()
            .find(|(name, _)| !options.contains(&name.as_str()))
        {
            return Err(unknown(&format!("--{name}")));
        }
        match self.words.get(words) {
            Some(word) => Err(unknown(word)),
            None => Ok(()),
        }
    }

    /// The value of an option.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// `--pg`: one version, 18 when absent.
    pub fn major(&self) -> Result<u16> {
        self.option("pg").map_or(Ok(DEFAULT_MAJOR), parse_major)
    }

    /// `--pg` where `all` is allowed.
    pub fn majors(&self) -> Result<Vec<u16>> {
        match self.option("pg") {
            Some("all") => Ok(MAJORS.to_vec()),
            _ => Ok(vec![self.major()?]),
        }
    }

    /// `--engine`: one engine, native when absent.
    pub fn engine(&self) -> Result<Engine> {
        self.option("engine")
            .map_or(Ok(Engine::Native), Engine::parse)
    }

    /// `--engine` where `all` is allowed, and meant when absent.
    pub fn engines(&self) -> Result<Vec<Engine>> {
        match self.option("engine") {
            None | Some("all") => Ok(Engine::ALL.to_vec()),
            Some(word) => Ok(vec![Engine::parse(word)?]),
        }
    }

    /// `--name`: it becomes a folder's name, so letters, digits, dashes, underscores and inner dots.
    pub fn name(&self) -> Result<Option<&str>> {
        let Some(name) = self.option("name") else {
            return Ok(None);
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let first_is_plain = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        if first_is_plain && name.len() <= 64 && name.chars().all(plain) {
            return Ok(Some(name));
        }
        Err(Failure::new(format!(
            "--name: `{name}` cannot be a database's name here."
        ))
        .advise(
            "use 1 to 64 letters, digits, dashes, underscores or dots, a letter or digit first.",
        ))
    }

    /// `--port`: 1024 to 65535, since the server runs without the right to a lower one.
    pub fn port(&self) -> Result<Option<u16>> {
        let Some(word) = self.option("port") else {
            return Ok(None);
        };
        match word.parse::<u16>() {
            Ok(port) if port >= 1024 => Ok(Some(port)),
            _ => Err(
                Failure::new(format!("--port: `{word}` is no port for the server."))
                    .advise("use a number from 1024 to 65535, or leave --port out."),
            ),
        }
    }
}

fn parse_major(word: &str) -> Result<u16> {
    word.parse()
        .ok()
        .filter(|major| MAJORS.contains(major))
        .ok_or_else(|| {
            Failure::new(format!("--pg: Postgres `{word}` is not supported."))
                .advise("use 15, 17 or 18.")
        })
}

fn unknown(word: &str) -> Failure {
    Failure::new(format!("`{word}` is not understood here."))
        .advise("add --help to the command to see what it takes.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Arguments> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_take_their_value_after_a_space_or_an_equals_sign() {
        let arguments = read("start --pg 15 --engine=portable --name a-1 --port 6000").unwrap();
        assert_eq!(arguments.words, ["start"]);
        assert_eq!(arguments.major().unwrap(), 15);
        assert_eq!(arguments.engine().unwrap(), Engine::Portable);
        assert_eq!(arguments.name().unwrap(), Some("a-1"));
        assert_eq!(arguments.port().unwrap(), Some(6000));
    }

    #[test]
    fn absent_options_mean_postgres_18_native_and_in_the_suite_both_engines() {
        let arguments = read("").unwrap();
        assert_eq!(arguments.majors().unwrap(), [18]);
        assert_eq!(arguments.engine().unwrap(), Engine::Native);
        assert_eq!(arguments.engines().unwrap(), Engine::ALL);
        assert_eq!(arguments.port().unwrap(), None);
    }

    #[test]
    fn all_means_every_version_and_every_engine() {
        let arguments = read("--pg all --engine all").unwrap();
        assert_eq!(arguments.majors().unwrap(), MAJORS);
        assert_eq!(arguments.engines().unwrap(), Engine::ALL);
    }

    #[test]
    fn bad_values_are_refused_by_name() {
        for (line, word) in [
            ("--pg 16", "16"),
            ("--engine fast", "fast"),
            ("--name ../x", "../x"),
            ("--name .hidden", ".hidden"),
            ("--port 80", "80"),
            ("--port 70000", "70000"),
        ] {
            let arguments = read(line).unwrap();
            let refusals = [
                arguments.majors().err(),
                arguments.engines().err(),
                arguments.name().err(),
                arguments.port().err(),
            ];
            let text: String = refusals
                .into_iter()
                .flatten()
                .map(|f| f.to_string())
                .collect();
            assert!(text.contains(word), "{line}: {text}");
        }
    }

    #[test]
    fn an_option_without_value_or_given_twice_is_refused() {
        assert!(read("--pg").is_err());
        assert!(read("--pg --engine native").is_err());
        assert!(read("--pg 15 --pg 17").is_err());
        assert!(read("-x").is_err());
    }

    #[test]
    fn a_command_refuses_what_it_does_not_know() {
        assert!(read("--port 5000").unwrap().allow(&["pg"], 0).is_err());
        assert!(read("one two").unwrap().allow(&[], 1).is_err());
        assert!(read("one --pg 15").unwrap().allow(&["pg"], 1).is_ok());
    }
}

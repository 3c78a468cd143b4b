//! What several commands take: versions, engines, databases by name.

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use local_postgres::{Engine, MAJORS};

/// A version and an engine.
#[derive(Args, Clone)]
pub struct Server {
    #[arg(long, value_name = "15|17|18", value_parser = major, default_value = "18")]
    pub pg: u16,
    #[arg(long, default_value = "native")]
    pub engine: Engine,
}

/// A database by its name.
#[derive(Args)]
pub struct Named {
    #[command(flatten)]
    pub server: Server,
    /// `pgN-ENGINE` unless given
    #[arg(long, value_parser = name)]
    pub name: Option<String>,
}

#[derive(Subcommand)]
pub enum Db {
    /// Makes the database if it is new, starts it and prints its URL
    ///
    /// Applies the migrations, selects the engine and prints the superuser's connection URL as the last line of stdout. The
    /// server goes on running. Started again it just prints its URL; stopped and started with the other engine it is
    /// switched and keeps its data.
    Start {
        #[command(flatten)]
        named: Named,
        /// A free one unless given
        #[arg(long, value_parser = clap::value_parser!(u16).range(1024..))]
        port: Option<u16>,
    },
    /// Stops the server and keeps the data
    Stop(Named),
    /// Prints the URL of a database that runs
    Url(Named),
    /// Stops the server and removes the data
    Drop(Named),
}

#[derive(Clone)]
pub struct Majors(pub Vec<u16>);

#[derive(Clone)]
pub struct Engines(pub Vec<Engine>);

pub fn major(word: &str) -> Result<u16, String> {
    let known = MAJORS.into_iter().find(|major| word == major.to_string());
    known.ok_or_else(|| format!("Postgres `{word}` is not supported: use 15, 17 or 18"))
}

pub fn majors(word: &str) -> Result<Majors, String> {
    Ok(Majors(if word == "all" { MAJORS.to_vec() } else { vec![major(word)?] }))
}

pub fn engines(word: &str) -> Result<Engines, String> {
    Ok(Engines(if word == "all" { Engine::ALL.to_vec() } else { vec![Engine::from_str(word, false)?] }))
}

/// It becomes a folder's name.
pub fn name(word: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if word.starts_with(|c: char| c.is_ascii_alphanumeric()) && word.len() <= 64 && word.chars().all(plain) {
        return Ok(word.to_owned());
    }
    Err("use 1 to 64 letters, digits, dashes, underscores or dots, a letter or digit first".to_owned())
}

/// Lines of a help text: names, and what each is.
pub fn list(entries: &[(&str, &str)]) -> String {
    entries.iter().map(|(name, what)| format!("  {name:11} {what}\n")).collect::<Vec<_>>().concat()
}

//! The program behind `cargo xtask bench NAME`. That command starts a server with both engines, or builds the npm
//! package, and passes their places in the environment. This program measures, prints tables to stdout and writes
//! plots. It compares each figure with its target. It fails only if it cannot measure.

// LangChain, PostgreSQL and others are names of projects, not of code.
#![allow(clippy::doc_markdown)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod backend;
mod clock;
mod connection;
mod documents;
mod edge;
mod host;
mod messages;
mod plot;
mod progress;
mod proxy;
mod random;
mod repetitions;
mod report;
mod scenarios;
mod server;
mod sessions;
mod statistics;
mod stores;
mod text;
mod users;

use crate::edge::Runtimes;
use crate::scenarios::{Length, Scenario};
use crate::server::Server;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "chatkeep-bench messages|sessions|documents|edge [--only NAME[,NAME…]] [--quick] [--plots FOLDER]";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nbench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The options after the benchmark's name.
struct Options {
    only: Vec<String>,
    length: Length,
    plots: Option<PathBuf>,
}

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            only: vec![],
            length: Length::Full,
            plots: None,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().context(USAGE);
            match word.as_str() {
                "--quick" => options.length = Length::Quick,
                "--only" => options.only.extend(value()?.split(',').map(str::to_owned)),
                "--plots" => options.plots = Some(PathBuf::from(value()?)),
                _ => bail!(USAGE),
            }
        }
        Ok(options)
    }
}

fn run() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    let options = Options::read(words)?;
    let scenarios = match name.as_str() {
        "messages" => messages::SCENARIOS,
        "sessions" => sessions::SCENARIOS,
        "documents" => documents::SCENARIOS,
        "edge" => {
            let runtimes = Runtimes::from_environment()?;
            let about = [&runtimes.describe()?, edge::METHOD];
            return measure(&name, edge::SCENARIOS, &runtimes, about, &options);
        }
        _ => bail!(USAGE),
    };
    host::punctual_timers();
    let server = Server::from_environment()?;
    let about = [&host::describe(&server)?, &*host::settings(&server)?];
    measure(&name, scenarios, &server, about, &options)
}

/// Runs the scenarios and prints a caption with the machine and the method.
fn measure<C>(
    name: &str,
    scenarios: &[(&str, Scenario<C>)],
    context: &C,
    [machine, method]: [&str; 2],
    options: &Options,
) -> Result<()> {
    let caption = format!("cargo xtask bench {name}. {machine}.");
    println!("{caption}\n{method}\n");
    let Options {
        only,
        length,
        plots,
    } = options;
    scenarios::run(scenarios, context, only, *length, |comparison| {
        println!("{}", comparison.table());
        match plots {
            Some(folder) => plot::write(folder, comparison, &caption),
            None => Ok(()),
        }
    })
}

//! What `cargo xtask bench NAME` runs. The command starts a server with both engines and says where it is; this program
//! measures, prints tables to stdout and writes plots. It judges each figure and fails only when it cannot measure.

// LangChain, PostgreSQL and their like are names of projects, not of code.
#![allow(clippy::doc_markdown)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod backend;
mod clock;
mod connection;
mod documents;
mod failure;
mod machine;
mod messages;
mod people;
mod plot;
mod progress;
mod proxy;
mod random;
mod report;
mod rounds;
mod scenarios;
mod server;
mod sessions;
mod statistics;
mod stores;
mod words;

use crate::failure::{Failure, Result};
use crate::scenarios::Length;
use crate::server::Server;
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str =
    "chatkeep-bench messages|sessions|documents [--only NAME[,NAME…]] [--quick] [--plots FOLDER]";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nbench: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut only = Vec::new();
    let mut length = Length::Full;
    let mut plots = None;
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    let scenarios = match name.as_str() {
        "messages" => messages::SCENARIOS,
        "sessions" => sessions::SCENARIOS,
        "documents" => documents::SCENARIOS,
        _ => return Err(Failure::new(USAGE)),
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| Failure::new(USAGE));
        match word.as_str() {
            "--quick" => length = Length::Quick,
            "--only" => only.extend(value()?.split(',').map(str::to_owned)),
            "--plots" => plots = Some(PathBuf::from(value()?)),
            _ => return Err(Failure::new(USAGE)),
        }
    }
    machine::punctual_timers();
    let server = Server::from_environment()?;
    let machine = machine::describe(&server)?;
    let caption = format!("cargo xtask bench {name}. {machine}.");
    println!("{caption}");
    println!("{}\n", machine::settings(&server)?);
    scenarios::run(scenarios, &server, &only, length, |comparison| {
        println!("{}", comparison.table());
        match &plots {
            Some(folder) => plot::write(folder, comparison, &caption),
            None => Ok(()),
        }
    })
}

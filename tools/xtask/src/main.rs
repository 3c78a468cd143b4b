//! `cargo xtask`: everything one does with this repository besides writing code. Each command is
//! one function; `help.rs` holds what they say about themselves.

// PostgreSQL and PyPI are names of projects, not of code.
#![allow(clippy::doc_markdown)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod account;
mod arguments;
mod backup;
mod bench;
mod clients;
mod commands;
mod contract;
mod counts;
mod crash;
mod database;
mod debian;
mod demo;
mod deno;
mod edge;
mod extension;
mod failure;
mod fuzz;
mod gateway;
mod help;
mod installation;
mod lint;
mod lite;
mod load;
mod pglite;
mod places;
mod postrust;
mod pypi;
mod released;
mod safeupdate;
mod server;
mod service;
mod settings;
mod sources;
mod step;
mod suite;
mod tap;
mod throwaway;
mod toolchain;
mod tree;
mod upgrade;

use crate::arguments::Arguments;
use crate::failure::{Failure, Result};
use crate::places::Places;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("\nxtask: {failure}");
            // 130 is what shells report of a program ended by Ctrl-C.
            ExitCode::from(if failure.is_interruption() { 130 } else { 1 })
        }
    }
}

fn run() -> Result<ExitCode> {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let arguments = Arguments::parse(words)?;
    if arguments.help || matches!(command.as_str(), "" | "help" | "--help" | "-h") {
        let topic = if command == "help" {
            arguments.words.first().cloned().unwrap_or_default()
        } else {
            command.clone()
        };
        print!("{}", help::text(&topic));
        return Ok(if command.is_empty() {
            ExitCode::from(2)
        } else {
            ExitCode::SUCCESS
        });
    }
    let work: fn(&Places, &Arguments) -> Result<ExitCode> = match command.as_str() {
        "setup" => commands::setup,
        "db" => commands::db,
        "serve" => commands::serve,
        "demo" => demo::run,
        "test" => suite::run,
        "edge" => edge::run,
        "bench" => bench::run,
        "fuzz" => fuzz::run,
        "load" => load::run,
        "lint" => lint::run,
        unknown => {
            return Err(Failure::new(format!("`{unknown}` is no command."))
                .advise("run `cargo xtask --help` for the list."));
        }
    };
    step::catch_interruptions()?;
    work(&Places::find()?, &arguments)
}

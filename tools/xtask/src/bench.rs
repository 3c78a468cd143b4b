//! `cargo xtask bench`: starts a server of its own, with each engine in a database, or builds the npm package, and runs what
//! `bench/` holds.

mod edge;

use crate::arguments::{Arguments, Engine};
use crate::database::{Database, Wanted};
use crate::failure::{Failure, Result};
use crate::places::Places;
use crate::server::{Durability, SUPERUSER};
use crate::step::{self, Step};
use crate::throwaway::Throwaway;
use std::fmt::Write;
use std::process::{Command, ExitCode};

/// What a benchmark measures with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Server,
    Package,
}

/// A benchmark: its name, what it measures, and its parts.
struct Bench {
    name: &'static str,
    needs: Needs,
    what: &'static str,
    parts: &'static [(&'static str, &'static str)],
}

const BENCHES: &[Bench] = &[MESSAGES, SESSIONS, DOCUMENTS, EDGE];

const MESSAGES: Bench = Bench {
    name: "messages",
    needs: Needs::Server,
    what: "conversations, beside the stores of LangChain, LangGraph, Mastra, Vercel's ai-chatbot and openai-agents",
    parts: &[
        (
            "append",
            "append_message on both engines, and as one bare statement",
        ),
        (
            "latency",
            "what a client waits for one turn behind a network of 1 ms",
        ),
        ("cpu", "the server's CPU time of one turn"),
        (
            "bytes",
            "what one turn adds to tables, indexes and the write-ahead log",
        ),
        (
            "pages",
            "the newest page of a chat, and one a million messages deep",
        ),
        (
            "growth",
            "append_message into two million messages, and into two thousand",
        ),
        ("rls", "what Row Level Security costs a call"),
        (
            "search",
            "search_messages over 100,000 messages, and what append pays for it",
        ),
    ],
};

const SESSIONS: Bench = Bench {
    name: "sessions",
    needs: Needs::Server,
    what: "sessions, beside what Supabase's auth server sends for the same",
    parts: &[
        ("rotate", "rotate_session over one connection"),
        ("rotate-8", "rotate_session over eight connections at once"),
        (
            "validate",
            "validate_session, and one bare SELECT by digest",
        ),
        ("growth", "what 100,000 rotations leave behind"),
        ("crowd", "64 connections that rotate one token at once"),
    ],
};

const DOCUMENTS: Bench = Bench {
    name: "documents",
    needs: Needs::Server,
    what: "documents, beside LangChain's record manager and LlamaIndex's document store, and other SHA-256",
    parts: &[
        (
            "checksum",
            "document_checksum, beside sha256() and pgcrypto's digest(): rate and memory",
        ),
        ("known", "10,000 known documents into a store of a million"),
        ("new", "10,000 new documents into a store of a million"),
    ],
};

const EDGE: Bench = Bench {
    name: "edge",
    needs: Needs::Package,
    what: "the npm package, in Deno, Node and workerd; no server",
    parts: &[
        ("size", "the WASM module, and with its glue, gzipped"),
        (
            "cold",
            "from the import to the first answer, beside an empty module",
        ),
        (
            "hash",
            "SHA-256 in pieces, beside hash-wasm and @noble/hashes",
        ),
        (
            "stream",
            "memory of a process that hashes a stream of 1 GiB",
        ),
        ("call", "CPU of a call, beside the same by supabase.rpc"),
        ("memory", "the module's memory after ten million calls"),
    ],
};

/// Settings of the server while it measures: memory for all of a scenario, and nothing that starts by itself.
const SETTINGS: &[&str] = &[
    "shared_buffers = '4GB'",
    "max_wal_size = '16GB'",
    "checkpoint_timeout = '1h'",
    "autovacuum = off",
];

/// What `bench --help` says.
pub fn help() -> String {
    let mut text = "\
cargo xtask bench NAME|all [--pg 15|17|18] [--only PART[,PART]] [--length full|quick]

Measures, prints a table with the figure that is asked of each line, and writes plots to docs/bench.
A database is new, on a server of its own, and is thrown away at the end. A figure that is not met
is no failure. --length quick shows in a few minutes that all of it works, and writes no plots.
"
    .to_owned();
    // Writing to a string cannot fail.
    for bench in BENCHES {
        let _ = writeln!(text, "\n  {:9} {}", bench.name, bench.what);
        for (part, what) in bench.parts {
            let _ = writeln!(text, "    {part:7} {what}");
        }
    }
    text
}

/// Runs one benchmark, or all.
pub fn run(places: &Places, arguments: &Arguments) -> Result<ExitCode> {
    arguments.allow(&["pg", "only", "length"], 1)?;
    let name = arguments.words.first().map_or("", String::as_str);
    let chosen: Vec<&Bench> = BENCHES
        .iter()
        .filter(|bench| name == "all" || name == bench.name)
        .collect();
    if chosen.is_empty() {
        let what = match name {
            "" => "bench needs the name of a benchmark.".to_owned(),
            name => format!("`{name}` is no benchmark."),
        };
        return Err(Failure::new(what).advise(known_names()));
    }
    let runs = options(arguments, &chosen)?;
    let major = arguments.major()?;
    build(places)?;
    // Before a server is started: nothing else shall be at work while they measure.
    let (alone, served): (Vec<_>, Vec<_>) =
        { runs.into_iter() }.partition(|(bench, _)| bench.needs == Needs::Package);
    if !alone.is_empty() {
        let programs = edge::prepare(places)?;
        measure(alone, || edge::driver(places, &programs))?;
    }
    if !served.is_empty() {
        let database = start(places, major)?;
        add_portable(places, &database.0)?;
        measure(served, || driver(places, &database.0))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Has the driver run each benchmark.
fn measure(runs: Vec<(&Bench, Vec<String>)>, driver: impl Fn() -> Command) -> Result<()> {
    for (bench, options) in runs {
        let status = step::show(driver().arg(bench.name).args(&options))?;
        if !status.success() {
            return Err(Failure::new(format!(
                "The benchmark {} ended with {status}.",
                bench.name
            )));
        }
    }
    Ok(())
}

/// Reads `--only` and `--length`: the benchmarks that have a wanted part, each with the options of its driver.
fn options<'a>(
    arguments: &Arguments,
    chosen: &[&'a Bench],
) -> Result<Vec<(&'a Bench, Vec<String>)>> {
    let length = match arguments.option("length") {
        None | Some("full") => vec!["--plots".to_owned(), "docs/bench".to_owned()],
        Some("quick") => vec!["--quick".to_owned()],
        Some(word) => {
            return Err(Failure::new(format!("--length: `{word}` is no length."))
                .advise("use --length full or --length quick."));
        }
    };
    let Some(only) = arguments.option("only") else {
        return Ok(chosen
            .iter()
            .map(|bench| (*bench, length.clone()))
            .collect());
    };
    let has = |bench: &Bench, wanted: &str| bench.parts.iter().any(|(part, _)| *part == wanted);
    if let Some(unknown) = only
        .split(',')
        .find(|wanted| !chosen.iter().any(|bench| has(bench, wanted)))
    {
        let parts = chosen.iter().flat_map(|bench| bench.parts);
        let known: Vec<&str> = parts.map(|(part, _)| *part).collect();
        return Err(
            Failure::new(format!("--only: `{unknown}` is no part of it."))
                .advise(format!("use {}.", known.join(", "))),
        );
    }
    let mut runs = Vec::new();
    for bench in chosen {
        let parts: Vec<&str> = only.split(',').filter(|part| has(bench, part)).collect();
        if !parts.is_empty() {
            let mut options = vec!["--only".to_owned(), parts.join(",")];
            options.extend(length.clone());
            runs.push((*bench, options));
        }
    }
    Ok(runs)
}

fn build(places: &Places) -> Result<()> {
    Step::start(places, "Building the benchmarks").work(|step| {
        let mut build = places.cargo();
        step.run(build.args(["build", "--release", "--package", "chatkeep-bench"]))
            .map(drop)
    })
}

/// A new server with the native engine in its database `postgres`, tuned for measuring. Its commits are durable where
/// a connection does not say otherwise, so that the write-ahead log is a real one.
fn start(places: &Places, major: u16) -> Result<Throwaway> {
    let wanted = Wanted {
        name: format!("bench-pg{major}-{}", std::process::id()),
        major,
        engine: Engine::Native,
        port: None,
        durability: Durability::Full,
    };
    let database = Throwaway(Database::start(places, &wanted)?);
    Step::start(places, "Tuning the server").work(|step| {
        for setting in SETTINGS {
            let sql = format!("alter system set {setting}");
            step.run(database.0.psql(SUPERUSER).args(["--command", &sql]))?;
        }
        database.0.stop()
    })?;
    // Started again under its name it is the same database.
    Database::start(places, &wanted)?;
    Ok(database)
}

/// A second database on the same server, with the portable engine.
fn add_portable(places: &Places, database: &Database) -> Result<()> {
    Step::start(places, "Adding a database with the portable engine").work(|step| {
        let create = "create database portable template postgres";
        step.run(database.psql(SUPERUSER).args(["--command", create]))?;
        let engine = places.root.join("sql").join("engines").join("portable.sql");
        let mut select = database.psql(SUPERUSER);
        select.args(["--dbname", "portable", "--file"]).arg(engine);
        step.run(&mut select).map(drop)
    })
}

/// The program that measures; it finds the server as psql does.
fn driver(places: &Places, database: &Database) -> Command {
    let mut driver = bare_driver(places);
    step::inherit(&mut driver, &database.psql(SUPERUSER));
    driver
}

/// The same, which has been told of nothing yet.
fn bare_driver(places: &Places) -> Command {
    let mut driver = places.cargo();
    driver.args(["run", "--release", "--quiet", "--package", "chatkeep-bench"]);
    driver.arg("--");
    driver
}

fn known_names() -> String {
    let names: Vec<&str> = BENCHES.iter().map(|bench| bench.name).collect();
    format!("There are: {}.", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Vec<(&'static str, String)>> {
        let words = line.split_whitespace().map(str::to_owned);
        let chosen: Vec<&Bench> = BENCHES.iter().collect();
        let runs = options(&Arguments::parse(words).unwrap(), &chosen)?;
        let named = runs
            .into_iter()
            .map(|(bench, options)| (bench.name, options.join(" ")));
        Ok(named.collect())
    }

    #[test]
    fn only_full_runs_write_plots() {
        for (line, options) in [("", "--plots docs/bench"), ("--length quick", "--quick")] {
            let all = ["messages", "sessions", "documents", "edge"]
                .map(|bench| (bench, options.to_owned()));
            assert_eq!(read(line).unwrap(), all, "{line}");
        }
    }

    #[test]
    fn each_benchmark_is_given_its_own_parts() {
        let quick = |name, parts: &str| (name, format!("--only {parts} --quick"));
        for (only, runs) in [
            (
                "cpu,rotate",
                vec![quick("messages", "cpu"), quick("sessions", "rotate")],
            ),
            ("crowd,rotate", vec![quick("sessions", "crowd,rotate")]),
            (
                "growth",
                vec![quick("messages", "growth"), quick("sessions", "growth")],
            ),
            ("new,checksum", vec![quick("documents", "new,checksum")]),
            (
                "size,known",
                vec![quick("documents", "known"), quick("edge", "size")],
            ),
        ] {
            assert_eq!(
                read(&format!("--length quick --only {only}")).unwrap(),
                runs
            );
        }
    }

    #[test]
    fn unknown_parts_and_lengths_are_refused_by_name() {
        for (line, word) in [("--only append,fun", "fun"), ("--length long", "long")] {
            let refusal = read(line).unwrap_err().to_string();
            assert!(refusal.contains(&format!("`{word}`")), "{refusal}");
        }
    }

    #[test]
    fn help_names_every_benchmark_and_part() {
        let text = help();
        for bench in BENCHES {
            assert!(text.contains(bench.name));
            assert!(bench.parts.iter().all(|(part, _)| text.contains(part)));
        }
    }
}

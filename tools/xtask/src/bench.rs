//! `cargo xtask bench`: starts a server of its own, with each engine in a database, or builds the npm package, and runs what
//! `bench/` holds.

use crate::arguments::{self, list};
use crate::edge;
use anyhow::{Result, bail, ensure};
use clap::builder::PossibleValuesParser;
use fs_err as fs;
use local_postgres::console::{inherit, run as run_program, show, step};
use local_postgres::{Database, Durability, Engine, SUPERUSER, Temporary, Wanted, Workspace, advice, remove_folder};
use std::process::Command;

/// A benchmark: its name, what it measures, and its parts.
type Bench = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// What measures the npm package; everything else measures a server.
const PACKAGE: &str = "edge";
const BENCHES: &[Bench] = &[
    (
        "messages",
        "conversations, beside the stores of LangChain, LangGraph, Mastra, Vercel's ai-chatbot and openai-agents",
        &[
            ("append", "append_message on both engines, and as one bare statement"),
            ("latency", "what a client waits for one turn behind a network of 1 ms"),
            ("cpu", "the server's CPU time of one turn"),
            ("bytes", "what one turn adds to tables, indexes and the write-ahead log"),
            ("pages", "the newest page of a chat, and one a million messages deep"),
            ("chats", "list_chats for a user with 100,000 chats"),
            ("growth", "append_message into two million messages, and into two thousand"),
            ("rls", "what Row Level Security costs a call"),
            ("search", "search_messages over 100,000 messages, and what append pays for it"),
        ],
    ),
    (
        "sessions",
        "sessions, beside what Supabase's auth server sends for the same",
        &[
            ("rotate", "rotate_session over one connection"),
            ("rotate-8", "rotate_session over eight connections at once"),
            ("validate", "validate_session, and one bare SELECT by digest"),
            ("pre_request", "pre_request with a session token and with a JWT, and the same request without it"),
            ("growth", "what 100,000 rotations leave behind"),
            ("crowd", "64 connections that rotate one token at once"),
        ],
    ),
    (
        "documents",
        "documents, beside LangChain's record manager and LlamaIndex's document store, and other SHA-256",
        &[
            ("checksum", "document_checksum, beside sha256() and pgcrypto's digest(): rate and memory"),
            ("known", "10,000 known documents into a store of a million"),
            ("new", "10,000 new documents into a store of a million"),
        ],
    ),
    (
        PACKAGE,
        "the npm package, in Deno, Node and workerd; no server",
        &[
            ("size", "the WASM module, and with its glue, gzipped"),
            ("cold", "from the import to the first answer, beside an empty module"),
            ("hash", "SHA-256 in pieces, beside hash-wasm and @noble/hashes"),
            ("stream", "memory of a process that hashes a stream of 1 GiB"),
            ("call", "CPU of a call, beside the same by supabase.rpc"),
            ("memory", "the module's memory after ten million calls"),
        ],
    ),
];

/// Settings of the server while it measures: memory for all of a scenario, and nothing that starts by itself.
const SETTINGS: [&str; 4] =
    ["shared_buffers = '4GB'", "max_wal_size = '16GB'", "checkpoint_timeout = '1h'", "autovacuum = off"];

#[derive(clap::Args)]
pub struct Options {
    #[arg(hide_possible_values = true, value_name = "NAME|all",
        value_parser = PossibleValuesParser::new(BENCHES.iter().map(|(name, ..)| *name).chain(["all"])))]
    name: String,
    #[arg(long, value_name = "15|17|18", value_parser = arguments::major, default_value = "18")]
    pg: u16,
    #[arg(long, value_name = "PART,PART", value_delimiter = ',')]
    only: Vec<String>,
    /// `quick` shows in a few minutes that all of it works, and writes no plots
    #[arg(long, default_value = "full", value_parser = ["full", "quick"])]
    length: String,
}

/// What `bench --help` says of the benchmarks.
pub fn parts() -> String {
    let texts = BENCHES.iter().map(|(name, what, parts)| format!("{name}: {what}\n{}", list(parts)));
    texts.collect::<Vec<_>>().join("\n")
}

/// Runs one benchmark, or all.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let runs = runs(options)?;
    step("Building the benchmarks", || {
        run_program(&mut workspace.cargo(&["build", "--release", "--package", "chatkeep-bench"]))
    })?;
    // Before a server is started: nothing else shall be at work while they measure.
    let (alone, served): (Vec<_>, Vec<_>) = runs.into_iter().partition(|(name, _)| *name == PACKAGE);
    if !alone.is_empty() {
        let mut told = programs(workspace)?;
        measure(workspace, alone, &mut told)?;
    }
    if !served.is_empty() {
        let database = start(workspace, options.pg)?;
        // It finds the server as psql does.
        measure(workspace, served, &mut database.0.psql(SUPERUSER))?;
    }
    Ok(())
}

/// Has the driver run each benchmark, with the environment of another command.
fn measure(workspace: &Workspace, runs: Vec<(&str, Vec<String>)>, told: &mut Command) -> Result<()> {
    for (name, options) in runs {
        let mut driver = workspace.cargo(&["run", "--release", "--quiet", "--package", "chatkeep-bench", "--", name]);
        inherit(&mut driver, told);
        let status = show(driver.args(&options))?;
        ensure!(status.success(), "The benchmark {name} ended with {status}.");
    }
    Ok(())
}

/// The benchmarks that have a wanted part, each with the options of its driver.
fn runs(options: &Options) -> Result<Vec<(&'static str, Vec<String>)>> {
    let Options { name, only, length, .. } = options;
    let length: &[&str] = if length == "full" { &["--plots", "docs/bench"] } else { &["--quick"] };
    let chosen = || BENCHES.iter().filter(|(bench, ..)| name == "all" || name == bench);
    let known: Vec<&str> = chosen().flat_map(|(.., parts)| parts.iter().map(|(part, _)| *part)).collect();
    if let Some(unknown) = only.iter().find(|part| !known.contains(&part.as_str())) {
        let todo = format!("use {}.", known.join(", "));
        bail!(advice(format_args!("--only: `{unknown}` is no part of it."), todo));
    }
    let mut runs = Vec::new();
    for (bench, _, parts) in chosen() {
        let mut words = Vec::new();
        if !only.is_empty() {
            let own = only.iter().filter(|wanted| parts.iter().any(|(part, _)| part == wanted));
            let own: Vec<&str> = own.map(String::as_str).collect();
            if own.is_empty() {
                continue;
            }
            words = vec!["--only".to_owned(), own.join(",")];
        }
        words.extend(length.iter().map(|word| (*word).to_owned()));
        runs.push((*bench, words));
    }
    Ok(runs)
}

/// A new server with the native engine in its database `postgres` and the portable one in another, tuned for measuring. Its
/// commits are durable where a connection does not say otherwise, so that the write-ahead log is a real one.
fn start(workspace: &Workspace, major: u16) -> Result<Temporary> {
    let wanted = Wanted::temporary("bench", major, Engine::Native, Durability::Full);
    let database = Temporary(Database::start(workspace, &wanted)?);
    step("Tuning the server", || {
        for setting in SETTINGS {
            database.0.execute("postgres", &format!("alter system set {setting}"))?;
        }
        database.0.stop()
    })?;
    // Started again under its name it is the same database.
    Database::start(workspace, &wanted)?;
    step("Adding a database with the portable engine", || {
        database.0.execute("template1", "create database portable template postgres")?;
        database.0.execute_file("portable", &database.0.engine_file(Engine::Portable)).map(drop)
    })?;
    Ok(database)
}

/// What measures the npm package is told where everything is: the package, an empty one beside it, and the programs that use
/// them, which lie beside the npm packages, so that their imports resolve.
fn programs(workspace: &Workspace) -> Result<Command> {
    let empty = edge::build_empty(workspace)?;
    let folder = workspace.base.join("npm/bench");
    remove_folder(&folder)?;
    fs::create_dir_all(&folder)?;
    // workerd is started as the tests start it.
    let mut files = vec![workspace.root.join("tests/runtimes/serving.mjs")];
    for entry in fs::read_dir(workspace.root.join("bench/edge"))? {
        files.push(entry?.path());
    }
    for path in files.iter().filter(|path| path.is_file()) {
        fs::copy(path, folder.join(path.file_name().unwrap_or_default()))?;
    }
    // A command that carries the environment; it is not run.
    let mut told = workspace.deno("deno");
    told.env("CHATKEEP_TOOLS", workspace.node_modules()).env("CHATKEEP_PROGRAMS", &folder);
    told.env("CHATKEEP_PACKAGE", workspace.package()).env("CHATKEEP_EMPTY", empty);
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, only: &str, length: &str) -> Result<Vec<(&'static str, String)>> {
        let only = only.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let options = Options { name: name.to_owned(), pg: 18, only, length: length.to_owned() };
        Ok(runs(&options)?.into_iter().map(|(bench, words)| (bench, words.join(" "))).collect())
    }

    #[test]
    fn each_benchmark_is_given_its_own_parts_and_only_full_runs_write_plots() {
        let quick = |name, parts: &str| (name, format!("--only {parts} --quick"));
        let found = read("all", "growth,cpu", "quick").unwrap();
        assert_eq!(found, [quick("messages", "growth,cpu"), quick("sessions", "growth")]);
        assert_eq!(read("edge", "", "full").unwrap(), [("edge", "--plots docs/bench".to_owned())]);
        assert!(read("messages", "append,fun", "full").unwrap_err().to_string().contains("`fun`"));
    }
}

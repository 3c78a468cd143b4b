//! `cargo xtask`: everything one does with this repository besides writing code. Here is the command line; each command is
//! a function of a file of its name.

// PostgreSQL and PyPI are names of projects, not of code.
#![allow(clippy::doc_markdown)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod arguments;
mod bench;
mod circles;
mod contract;
mod counts;
mod databases;
mod demo;
mod deno;
mod edge;
mod fuzz;
mod gateway;
mod generate;
mod lint;
mod load;
mod new_call;
mod release_guard;
mod service;
mod suites;
mod test_programs;

use anyhow::Result;
use arguments::{Db, Engines, Majors, Server, engines, majors};
use clap::{Parser, Subcommand};
use local_postgres::{Workspace, console, is_interrupted};
use std::process::ExitCode;

/// Builds, runs, tests and shows Chatkeep. Everything generated lies in target/chatkeep.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", max_term_width = 100, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Stores real conversations and documents in a real Postgres, and shows them
    ///
    /// Installs what is missing, builds the extension and the WebAssembly module, starts PostgreSQL 18 with the native
    /// engine and the gateway, loads real conversations and documents through supabase-js, prints what happened, stops
    /// everything. The database is thrown away at the end.
    Demo,
    /// Runs the whole suite, or the contract of one call
    ///
    /// Runs the unit tests, `cargo pgrx test` (native engine only), the contract suite in a new database for each engine,
    /// the supabase-js tests through the gateway, those of what two gateways answer, those of installation, upgrade, dump
    /// and restore, and ten seconds of each part of `load`. Without options: PostgreSQL 18, both engines. What needs no
    /// server (unit tests, npm package, PGlite) runs beside PostgreSQL 18 only. Exits 0 only if every test passed; the last
    /// line counts them.
    ///
    /// With a NAME it runs that part of tests/contract alone, in a new database for each engine: a call, such as
    /// append_message, another file, such as operator_policies, or a folder: chats, sessions, documents, rules, access.
    Test {
        /// Run only this call, file or folder of tests/contract
        name: Option<String>,
        #[arg(long, value_name = "15|17|18|all", value_parser = majors, default_value = "18")]
        pg: Majors,
        #[arg(long, value_name = "native|portable|all", value_parser = engines, default_value = "all")]
        engine: Engines,
    },
    /// Starts, stops, names or removes a database of its own
    #[command(subcommand)]
    Db(Db),
    /// Runs a database and its gateway until Ctrl-C
    ///
    /// Starts the database `serve-pgN-ENGINE` and a gateway that speaks to supabase-js, prints its URL and keys, and stops
    /// both at Ctrl-C. The data are kept for the next time.
    Serve(Server),
    /// Builds the npm package `chatkeep`
    ///
    /// Builds the WebAssembly module and the npm package `chatkeep` in target/chatkeep/package, where `npm pack` makes a
    /// tarball of it.
    Edge,
    /// Runs a benchmark
    ///
    /// Measures, prints a table with the figure that is asked of each line, and writes plots to docs/bench. A database is
    /// new, on a server of its own, and is thrown away at the end. A figure that is not met is no failure.
    #[command(after_help = bench::parts())]
    Bench(bench::Options),
    /// Gives the rules random input
    ///
    /// Runs the fuzz targets one after the other and stops at the first input that breaks one. It begins with the inputs of
    /// fuzz/corpus; what it finds besides stays in target/chatkeep/fuzz and is where the next run goes on. The targets need
    /// a nightly compiler, the rest of the repository does not.
    #[command(after_help = fuzz::targets())]
    Fuzz(fuzz::Options),
    /// Makes calls under load, against each other, across crashes
    ///
    /// Runs calls under load on a database of its own, and then checks every invariant of the store. Every part prints its
    /// seed; the same seed makes the same choices again, though not the same moments. `engines` needs the native engine.
    #[command(after_help = load::parts())]
    Load {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        options: load::Options,
    },
    /// Writes what is derived: migrations, grants, types, signatures, tables of calls
    ///
    /// Writes what is derived from other files, and `cargo xtask lint` fails where one of them is out of date:
    ///
    /// - sql/supabase/migrations from sql/supabase/schemas: one migration for each folder, its files in the order of
    ///   schema_paths in sql/supabase/config.toml. After a release its migrations stay as they are;
    ///
    /// - from a database that the migrations have made: sql/grants.tsv, extension/src/policies/fingerprints.tsv,
    ///   edge/js/database.types.ts, edge/js/lib/signatures.js, docs/reference.md and the table of calls in README.md.
    ///
    /// Look at the difference before you commit it.
    Generate,
    /// Checks formatting, clippy, and the SQL by Supabase's judges and our own
    ///
    /// Checks the formatting (`cargo fmt --check`), runs clippy with every warning an error on all crates, checks the text of
    /// the SQL files, and has a database judged that the migrations alone have made: by `supabase db advisors` and `supabase
    /// db lint`, and by rules of its own about policies, views and triggers. The privileges of every role must be those of
    /// sql/grants.tsv, whatever is granted by default, and the types those of edge/js/database.types.ts.
    ///
    /// `cargo xtask generate` writes these files anew. Hints of the advisors that are meant are listed in sql/advisors.tsv.
    Lint,
    /// Lays out the files of a new call
    ///
    /// Lays out the files of a new call, such as chats/rename_chat: its declaration with a portable body in
    /// sql/supabase/schemas, and its contract test. Both pass as they are; write over them.
    NewCall {
        /// The family is chats, sessions, documents, people or operations
        #[arg(value_name = "FAMILY/NAME", value_parser = new_call::address)]
        address: new_call::Address,
    },
    /// Installs what the other commands would install
    ///
    /// Installs the tools and the Postgres servers that the other commands need, and builds the extension. They would do it
    /// themselves; this does it ahead.
    Setup {
        #[arg(long, value_name = "15|17|18|all", value_parser = majors, default_value = "18")]
        pg: Majors,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("\nxtask: {failure:#}");
            // 130 is what shells report of a program ended by Ctrl-C.
            ExitCode::from(if is_interrupted() { 130 } else { 1 })
        }
    }
}

/// False where a test has failed.
fn run(task: Task) -> Result<bool> {
    let workspace = &Workspace::find()?;
    console::open(workspace.base.join("logs"))?;
    workspace.install_rust()?;
    match task {
        Task::Demo => demo::run(workspace)?,
        Task::Test { name, pg, engine } => return suites::run(workspace, &pg.0, &engine.0, name.as_deref()),
        Task::Db(db) => databases::run(workspace, db)?,
        Task::Serve(server) => databases::serve(workspace, &server)?,
        Task::Edge => {
            edge::build(workspace)?;
            eprintln!("The package is ready for `npm pack` in:");
            println!("{}", workspace.package().display());
        }
        Task::Bench(options) => bench::run(workspace, &options)?,
        Task::Fuzz(options) => fuzz::run(workspace, &options)?,
        Task::Load { server, options } => return load::run(workspace, &server, &options),
        Task::Generate => generate::run(workspace)?,
        Task::Lint => lint::run(workspace)?,
        Task::NewCall { address } => new_call::run(workspace, &address)?,
        Task::Setup { pg } => databases::set_up(workspace, &pg.0)?,
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use local_postgres::{Engine, MAJORS};

    fn read(line: &str) -> Result<Task, String> {
        let words = std::iter::once("xtask").chain(line.split_whitespace());
        Arguments::try_parse_from(words).map(|arguments| arguments.task).map_err(|error| error.to_string())
    }

    #[test]
    fn the_command_line_is_sound_and_its_defaults_are_postgres_18_and_native() {
        Arguments::command().debug_assert();
        let Ok(Task::Test { pg, engine, .. }) = read("test") else { panic!() };
        assert_eq!((pg.0, engine.0), (vec![18], Engine::ALL.to_vec()));
        let Ok(Task::Db(Db::Start { named, port: Some(6000) })) = read("db start --pg=15 --name a-1 --port 6000")
        else {
            panic!()
        };
        assert_eq!((named.server.pg, named.server.engine, named.name.as_deref()), (15, Engine::Native, Some("a-1")));
        let Ok(Task::Test { pg, .. }) = read("test --pg all --engine native append_message") else { panic!() };
        assert_eq!(pg.0, MAJORS);
    }

    #[test]
    fn bad_values_are_refused_by_name() {
        for (line, word) in [
            ("test --pg 16", "16"),
            ("serve --engine fast", "fast"),
            ("db start --name ../x", "../x"),
            ("db start --name .hidden", ".hidden"),
            ("db start --port 80", "80"),
            ("test --pg 15 --pg 17", "--pg"),
            ("lint renew", "renew"),
            ("new-call rename_chat", "rename_chat"),
            ("new-call chats/../x", "chats/../x"),
            ("bench speed", "speed"),
            ("fuzz tag", "tag"),
            ("fuzz --seconds 0", "0"),
            ("load --seed long", "long"),
            ("edge --pg 15", "--pg"),
            ("tset", "tset"),
        ] {
            let refusal = read(line).map(|_| ()).unwrap_err();
            assert!(refusal.contains(word), "{line}: {refusal}");
        }
    }
}

//! What each command says of itself.

const OVERVIEW: &str = "\
cargo xtask COMMAND [OPTIONS]

  demo                 stores real conversations and documents in a real Postgres, and shows them
  test                 runs the whole suite: [--pg 15|17|18|all] [--engine native|portable|all]
  db start|stop|url|drop
                       a database of its own: [--pg N] [--engine E] [--name NAME] [--port P]
  serve                a database and its gateway until Ctrl-C: [--pg N] [--engine E]
  edge                 builds the npm package `chatkeep`
  bench NAME|all       runs a benchmark
  fuzz [TARGET|all]    random input for the rules: [--seconds N]
  load                 calls under load, against each other, across crashes: [--pg N] [--engine E] [--seconds N]
  lint [renew]         formatting, clippy, and Supabase's and our own judges of the SQL
  setup                installs what the other commands would install: [--pg N|all]

`cargo xtask COMMAND --help` tells more. Everything generated lies in target/chatkeep.
";

const DEMO: &str = "\
cargo xtask demo

Installs what is missing, builds the extension and the WebAssembly module, starts PostgreSQL 18 with
the native engine and the gateway, loads real conversations and documents through supabase-js,
prints what happened, stops everything. The database is thrown away at the end.
";

const TEST: &str = "\
cargo xtask test [--pg 15|17|18|all] [--engine native|portable|all]

Runs the unit tests, `cargo pgrx test` (native engine only), the contract suite in a new database
for each engine, the supabase-js tests through the gateway, those of what two gateways answer, those of
installation, upgrade, dump and restore, and ten seconds of each part of `load`. Without options: PostgreSQL 18, both
engines. Exits 0 only if every test passed; the last line counts them.
";

const DB: &str = "\
cargo xtask db start [--pg 15|17|18] [--engine native|portable] [--name NAME] [--port PORT]
cargo xtask db stop  [--pg N] [--engine E] [--name NAME]
cargo xtask db url   [--pg N] [--engine E] [--name NAME]
cargo xtask db drop  [--pg N] [--engine E] [--name NAME]

start makes the database if it is new, applies the migrations, selects the engine and prints the
superuser's connection URL as the last line of stdout. The server goes on running. Started again it
just prints its URL; stopped and started with the other engine it is switched and keeps its data.
stop keeps the data, drop removes them.

Without options: PostgreSQL 18, native. NAME is `pgN-ENGINE` unless given.
";

const SERVE: &str = "\
cargo xtask serve [--pg 15|17|18] [--engine native|portable]

Starts the database `serve-pgN-ENGINE` and a gateway that speaks to supabase-js, prints its URL and
keys, and stops both at Ctrl-C. The data are kept for the next time.
";

const EDGE: &str = "\
cargo xtask edge

Builds the WebAssembly module and the npm package `chatkeep` in target/chatkeep/package, where
`npm pack` makes a tarball of it.
";

const LINT: &str = "\
cargo xtask lint
cargo xtask lint renew

Checks the formatting (`cargo fmt --check`), runs clippy with every warning an error on all crates, checks the text of
the SQL files, and has a database judged that the migrations alone have made: by `supabase db advisors` and
`supabase db lint`, and by rules of its own about policies, views and triggers. The privileges of every role must be
those of sql/grants.tsv, whatever is granted by default, and the types those of edge/js/database.types.ts.

renew writes both files anew from the database, and then judges it. Hints of the advisors that are meant are listed in
sql/advisors.tsv.
";

const SETUP: &str = "\
cargo xtask setup [--pg 15|17|18|all]

Installs the tools and the Postgres servers that the other commands need, and builds the extension.
They would do it themselves; this does it ahead.
";

/// The text of one command, or the list of all.
pub fn text(topic: &str) -> String {
    match topic {
        "demo" => DEMO.into(),
        "test" => TEST.into(),
        "db" => DB.into(),
        "serve" => SERVE.into(),
        "edge" => EDGE.into(),
        "lint" => LINT.into(),
        "setup" => SETUP.into(),
        "bench" => crate::bench::help(),
        "fuzz" => crate::fuzz::help(),
        "load" => crate::load::help(),
        _ => OVERVIEW.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_the_list_has_a_text_of_its_own() {
        for command in [
            "demo", "test", "db", "serve", "edge", "bench", "fuzz", "load", "lint", "setup",
        ] {
            assert!(OVERVIEW.contains(&format!("  {command} ")), "{command}");
            let text = text(command);
            assert!(
                text.starts_with(&format!("cargo xtask {command}")),
                "{command}: {text}"
            );
        }
    }
}

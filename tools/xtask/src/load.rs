//! `cargo xtask load`: calls under load, against each other, on both engines side by side and across crashes. The program
//! is `tests/load`; here is the database that it runs on.

use crate::arguments::{Arguments, Engine};
use crate::counts::Counts;
use crate::database::Database;
use crate::failure::{AtPath, Failure, Result};
use crate::places::Places;
use crate::server::SUPERUSER;
use crate::step::{Ran, Step};
use crate::suite;
use crate::throwaway::Throwaway;
use std::path::Path;
use std::process::{Command, ExitCode};

/// The parts, and what each of them does.
const PARTS: [(&str, &str); 4] = [
    (
        MIXED,
        "12 clients make calls of every kind while users are disabled, moved and deleted",
    ),
    (
        PAIRS,
        "every pair of calls on shared rows, stopped at every lock; less time takes a sample",
    ),
    (
        ENGINES,
        "5,000 random calls on a native and on a portable database, with equal answers",
    ),
    (
        KILL,
        "what was acknowledged outlives backends and servers that are killed",
    ),
];
const MIXED: &str = "mixed";
const PAIRS: &str = "pairs";
const ENGINES: &str = "engines";
const KILL: &str = "kill";

/// How long each part runs unless told otherwise, and in the suite.
const SECONDS: u32 = 10;
/// The database beside the native one, which the migrations alone have made.
const PORTABLE: &str = "chatkeep_portable";

/// What `load --help` says.
pub fn help() -> String {
    let parts = PARTS.map(|(part, what)| format!("  {part:8} {what}\n"));
    format!(
        "\
cargo xtask load [--pg 15|17|18] [--engine native|portable] [--seconds N] [--seed N] [--only PART,PART]

Runs calls under load on a database of its own, each part for N seconds ({SECONDS} unless given), and then checks every
invariant of the store. Every part prints its seed; the same seed makes the same choices again, though not the same
moments. `engines` needs the native engine.

{}",
        parts.concat()
    )
}

/// Runs the parts, and shows what they say.
pub fn run(places: &Places, arguments: &Arguments) -> Result<ExitCode> {
    arguments.allow(&["pg", "engine", "seconds", "seed", "only"], 0)?;
    let (major, engine) = (arguments.major()?, arguments.engine()?);
    let wanted = Wanted {
        parts: parts(arguments, engine)?,
        seconds: number(arguments, "seconds")?.unwrap_or_else(|| SECONDS.to_string()),
        seed: number(arguments, "seed")?,
    };
    let title = format!("Load on PostgreSQL {major}, {engine}");
    let counts = play(places, major, engine, &wanted, &title, show)?;
    Ok(if counts.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Runs every part for the suite.
pub fn test(places: &Places, major: u16, engine: Engine, title: &str) -> Result<Counts> {
    let wanted = Wanted {
        parts: parts(&Arguments::default(), engine)?,
        seconds: SECONDS.to_string(),
        seed: None,
    };
    play(places, major, engine, &wanted, title, count)
}

/// Counts as any suite does, and says the seed.
fn count(ran: &Ran) -> Counts {
    if let Some(seed) = ran.stdout.lines().find(|line| line.contains(": seed ")) {
        eprintln!("  {seed}");
    }
    suite::judge(ran)
}

/// Counts what the parts came to, and shows all that they say.
fn show(ran: &Ran) -> Counts {
    print!("{}", ran.stdout);
    let counts = Counts::read(&ran.stdout);
    if counts == Counts::default() {
        // It did not even begin.
        eprintln!("{}", ran.tail.join("\n"));
    }
    counts.judged(ran.status.success())
}

struct Wanted {
    parts: Vec<&'static str>,
    seconds: String,
    seed: Option<String>,
}

fn play(
    places: &Places,
    major: u16,
    engine: Engine,
    wanted: &Wanted,
    title: &str,
    judge: fn(&Ran) -> Counts,
) -> Result<Counts> {
    let database = Throwaway::start_durable(places, "load", major, engine)?;
    let database = &database.0;
    Step::start(places, title).count(|step| {
        let mut cargo = places.cargo();
        cargo.args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "chatkeep-load",
            "--",
        ]);
        cargo.args(["--only", &wanted.parts.join(",")]);
        cargo.args(["--seconds", &wanted.seconds]);
        if let Some(seed) = &wanted.seed {
            cargo.args(["--seed", seed]);
        }
        cargo.env("CHATKEEP_API_DB", database.url_of("authenticator"));
        cargo.env("CHATKEEP_SUPERUSER_DB", database.url_of(SUPERUSER));
        cargo.env("CHATKEEP_SERVER_START", start_again(database)?);
        if wanted.parts.contains(&ENGINES) {
            add_portable(places, database, step, &mut cargo)?;
        }
        Ok(judge(&step.try_run(&mut cargo)?))
    })
}

/// A second database on the server, with the portable engine.
fn add_portable(
    places: &Places,
    database: &Database,
    step: &mut Step,
    cargo: &mut Command,
) -> Result<()> {
    database.add(step, PORTABLE)?;
    database.supply_platform(places, step, PORTABLE)?;
    let sql = places.root.join("sql").join("supabase");
    database.migrate(places, step, &sql, PORTABLE)?;
    cargo.env(
        "CHATKEEP_PORTABLE_API_DB",
        database.url_in("authenticator", PORTABLE),
    );
    cargo.env(
        "CHATKEEP_PORTABLE_SUPERUSER_DB",
        database.url_in(SUPERUSER, PORTABLE),
    );
    Ok(())
}

/// What starts the server of a database again: this program, since the server may run under another account. The program
/// and its arguments, one a line.
fn start_again(database: &Database) -> Result<String> {
    let program = std::env::current_exe().at("find", Path::new("this program"))?;
    let major = database.settings.major.to_string();
    let engine = database.settings.engine.name();
    let program = program.to_string_lossy();
    let words = [
        program.as_ref(),
        "db",
        "start",
        "--pg",
        &major,
        "--engine",
        engine,
        "--name",
        &database.name,
    ];
    Ok(words.join("\n"))
}

/// The parts that `--only` names; all that the engine allows where it is absent.
fn parts(arguments: &Arguments, engine: Engine) -> Result<Vec<&'static str>> {
    let is_possible = |part: &str| part != ENGINES || engine == Engine::Native;
    let Some(words) = arguments.option("only") else {
        let parts = PARTS.iter().map(|(part, _)| *part);
        return Ok(parts.filter(|part| is_possible(part)).collect());
    };
    let named = words.split(',').map(|word| {
        let known = PARTS.iter().find(|(part, _)| *part == word);
        let (part, _) = known.ok_or_else(|| {
            let all = PARTS.map(|(part, _)| part).join(", ");
            Failure::new(format!("--only: `{word}` is no part of the load."))
                .advise(format!("There are: {all}."))
        })?;
        if !is_possible(part) {
            return Err(Failure::new(format!(
                "--only: `{part}` compares the native engine with the portable one."
            ))
            .advise("use --engine native, which is meant when --engine is left out."));
        }
        Ok(*part)
    });
    named.collect()
}

fn number(arguments: &Arguments, option: &str) -> Result<Option<String>> {
    let Some(word) = arguments.option(option) else {
        return Ok(None);
    };
    match word.parse::<u64>() {
        Ok(number) if number > 0 => Ok(Some(number.to_string())),
        _ => Err(
            Failure::new(format!("--{option}: `{word}` is no number to use."))
                .advise("use a whole number from 1 on."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Arguments {
        Arguments::parse(line.split_whitespace().map(str::to_owned)).unwrap()
    }

    #[test]
    fn all_parts_run_unless_some_are_named_and_engines_on_the_native_engine_only() {
        let names = |line: &str, engine| parts(&read(line), engine).unwrap();
        assert_eq!(names("", Engine::Native), [MIXED, PAIRS, ENGINES, KILL]);
        assert_eq!(names("", Engine::Portable), [MIXED, PAIRS, KILL]);
        assert_eq!(names("--only kill,pairs", Engine::Native), [KILL, PAIRS]);
        assert!(parts(&read("--only engines"), Engine::Portable).is_err());
    }

    #[test]
    fn unknown_parts_and_numbers_are_refused_by_name() {
        let refusal = parts(&read("--only fast"), Engine::Native).unwrap_err();
        assert!(refusal.to_string().contains("`fast`"));
        for word in ["0", "-1", "long"] {
            let refusal = number(&read(&format!("--seed={word}")), "seed").unwrap_err();
            assert!(refusal.to_string().contains(&format!("`{word}`")));
        }
    }
}

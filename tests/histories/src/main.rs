//! Random histories of sessions, played on a database by several connections and held against the model in
//! `chatkeep-core`: status, generation and identity of every token handed out, and the rows at the end.
//!
//! Environment: `CHATKEEP_API_DB` and `CHATKEEP_SUPERUSER_DB`, connection URLs of authenticator and of a superuser.
//! The superuser moves time: it shifts all times of a session into the past, so no test waits.

mod database;
mod history;
mod world;

use history::{Step, histories};
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use std::cell::{Cell, RefCell};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many histories are played.
const HISTORIES: u32 = 10_000;
/// How many are played at a time.
const STAGES: u32 = 2;

fn main() -> ExitCode {
    // Who fails first tells the others to stop.
    let failed = AtomicBool::new(false);
    let ends: Vec<Result<(), String>> = std::thread::scope(|scope| {
        let stages: Vec<_> = (0..STAGES).map(|_| scope.spawn(|| play(&failed))).collect();
        let joined = stages.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined
            .map(|end| end.unwrap_or_else(|_| Err("a stage broke down".to_owned())))
            .collect()
    });
    let failures: Vec<String> = ends.into_iter().filter_map(Result::err).collect();
    for failure in &failures {
        eprintln!("{failure}");
    }
    if failures.is_empty() {
        println!("{HISTORIES} histories agree with the model.\n1 passed, 0 failed");
        ExitCode::SUCCESS
    } else {
        println!("0 passed, 1 failed");
        ExitCode::FAILURE
    }
}

fn play(failed: &AtomicBool) -> Result<(), String> {
    let database = RefCell::new(database::Database::open()?);
    let mut runner = TestRunner::new(Config {
        cases: HISTORIES / STAGES,
        failure_persistence: None,
        max_shrink_iters: 300,
        ..Config::default()
    });
    let own = Cell::new(false);
    let end = runner.run(&histories(), |history| {
        if failed.load(Ordering::Relaxed) && !own.get() {
            return Ok(());
        }
        history::play(&mut database.borrow_mut(), &history).map_err(|problem| {
            failed.store(true, Ordering::Relaxed);
            own.set(true);
            TestCaseError::fail(problem)
        })
    });
    end.map_err(|error| match error {
        TestError::Fail(problem, steps) => format!("{problem}\nin the history\n{}", listed(&steps)),
        TestError::Abort(problem) => problem.to_string(),
    })
}

fn listed(history: &[Step]) -> String {
    let lines = history.iter().enumerate();
    let lines: Vec<String> = lines
        .map(|(place, step)| format!("  {place}: {step:?}"))
        .collect();
    lines.join("\n")
}

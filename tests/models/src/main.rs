//! Plays random histories on a database over several connections, and compares the results with the models in
//! `chatkeep-core`. For sessions it compares status, generation and identity of every issued token; for documents, the
//! result of every call; for both, the rows at the end.
//!
//! Environment: `CHATKEEP_API_DB` and `CHATKEEP_SUPERUSER_DB`, connection URLs of authenticator and of a superuser. The
//! superuser moves the stored times into the past, so no test waits.

mod connection;
mod documents;
mod sessions;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// The number of histories of each kind.
const SESSIONS: u32 = 10_000;
const DOCUMENTS: u32 = 2_000;
/// The number of histories that are played at the same time.
const STAGES: u32 = 2;

fn main() -> ExitCode {
    let sessions = Kind {
        name: "sessions",
        count: SESSIONS,
        open: sessions::Database::open,
        histories: sessions::histories,
        play: sessions::play,
    };
    let documents = Kind {
        name: "documents",
        count: DOCUMENTS,
        open: documents::Database::open,
        histories: documents::histories,
        play: documents::play,
    };
    let passed = [sessions.run(), documents.run()];
    let failed = passed.iter().filter(|passed| !**passed).count();
    println!("{} passed, {failed} failed", passed.len() - failed);
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Histories of one kind: their database, their steps, and the function that plays one.
struct Kind<D, H, S> {
    name: &'static str,
    count: u32,
    open: fn() -> Result<D, String>,
    histories: fn() -> H,
    play: fn(&mut D, &[S]) -> Result<(), String>,
}

impl<D, S: Debug, H: Strategy<Value = Vec<S>>> Kind<D, H, S> {
    /// Plays all of them. Returns whether they agree with the model.
    fn run(&self) -> bool {
        // The first failure stops the other threads.
        let failed = AtomicBool::new(false);
        let ends: Vec<Result<(), String>> = std::thread::scope(|scope| {
            let stages: Vec<_> = (0..STAGES)
                .map(|_| scope.spawn(|| self.play_some(&failed)))
                .collect();
            let joined = stages.into_iter().map(std::thread::ScopedJoinHandle::join);
            joined
                .map(|end| end.unwrap_or_else(|_| Err("a stage broke down".to_owned())))
                .collect()
        });
        for failure in ends.iter().filter_map(|end| end.as_ref().err()) {
            eprintln!("{}: {failure}", self.name);
        }
        let agree = ends.iter().all(Result::is_ok);
        if agree {
            println!(
                "{} histories of {} agree with the model.",
                self.count, self.name
            );
        }
        agree
    }

    fn play_some(&self, failed: &AtomicBool) -> Result<(), String> {
        let database = RefCell::new((self.open)()?);
        let mut runner = TestRunner::new(Config {
            cases: self.count / STAGES,
            failure_persistence: None,
            max_shrink_iters: 300,
            ..Config::default()
        });
        let own = Cell::new(false);
        let end = runner.run(&(self.histories)(), |history| {
            if failed.load(Ordering::Relaxed) && !own.get() {
                return Ok(());
            }
            (self.play)(&mut database.borrow_mut(), &history).map_err(|problem| {
                failed.store(true, Ordering::Relaxed);
                own.set(true);
                TestCaseError::fail(problem)
            })
        });
        end.map_err(|error| match error {
            TestError::Fail(problem, steps) => {
                format!("{problem}\nin the history\n{}", listed(&steps))
            }
            TestError::Abort(problem) => problem.to_string(),
        })
    }
}

fn listed(history: &[impl Debug]) -> String {
    let lines = history.iter().enumerate();
    let lines: Vec<String> = lines
        .map(|(place, step)| format!("  {place}: {step:?}"))
        .collect();
    lines.join("\n")
}

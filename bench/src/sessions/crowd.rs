//! Sixty-four connections that present one token at the same time: one rotation, and the same successor for all.

use super::chatkeep::{Session, load_others, open};
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use crate::server::{Engine, Server};
use anyhow::{Result, anyhow, ensure};
use std::sync::Barrier;
use std::time::Instant;

const CONNECTIONS: usize = 64;

pub fn run(server: &Server, length: Length) -> Result<Vec<Comparison>> {
    let rounds = length.choose(101, 9);
    server.with_databases(&[("crowd", Engine::Native)], |databases| {
        let Some(database) = databases.first() else {
            return Ok(vec![]);
        };
        load_others(database)?;
        let token = open(database)?;
        let mut sessions = (0..CONNECTIONS)
            .map(|_| Session::of(database, token.clone()))
            .collect::<Result<Vec<_>>>()?;
        let mut times = Vec::with_capacity(rounds * CONNECTIONS);
        for _ in 0..rounds {
            let answers = at_once(&mut sessions)?;
            let rotated = answers.iter().filter(|(_, status, _)| status == "rotated").count();
            let replayed = answers.iter().filter(|(_, status, _)| status == "replayed").count();
            let Some((_, _, successor)) = answers.first().cloned() else {
                continue;
            };
            ensure!(
                rotated == 1
                    && replayed == CONNECTIONS - 1
                    && answers.iter().all(|(_, _, token)| *token == successor),
                "{rotated} rotated and {replayed} replayed, or not with one successor"
            );
            times.extend(answers.iter().map(|(time, _, _)| *time));
            for session in &mut sessions {
                session.token.clone_from(&successor);
            }
        }
        times.sort_by(f64::total_cmp);
        let p99 = times.get(times.len() * 99 / 100).copied().unwrap_or(f64::NAN);
        let mut comparison = Comparison::new(
            "crowd",
            "Wait of one of 64 connections that rotate one token at once",
            Unit::Milliseconds,
        );
        comparison.side("all", &times, true);
        comparison.side("99th percentile", &[p99], true);
        comparison.alone("median and quartiles", &times, Target::Ratio);
        comparison.alone("99th percentile", &[p99], Target::Ratio);
        comparison.note(format!(
            "{rounds} rounds, in each one rotated and {} replayed with the identical token; no error, no deadlock.",
            CONNECTIONS - 1
        ));
        Ok(vec![comparison])
    })
}

/// Milliseconds, status and successor for every connection.
fn at_once(sessions: &mut [Session]) -> Result<Vec<(f64, String, String)>> {
    let barrier = Barrier::new(sessions.len());
    std::thread::scope(|scope| {
        let threads: Vec<_> = sessions
            .iter_mut()
            .map(|session| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    let start = Instant::now();
                    let (status, token) = session.present()?;
                    Ok((start.elapsed().as_secs_f64() * 1e3, status, token))
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(anyhow!("a thread of the bench panicked")))
            })
            .collect()
    })
}

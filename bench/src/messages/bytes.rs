//! The bytes that one turn adds to tables, indexes, TOAST and the write-ahead log.

use super::turn;
use crate::connection::Connection;
use crate::progress::Progress;
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use crate::server::{Engine, Server};
use crate::stores::Store;
use anyhow::Result;

/// The number of turns for stores whose turns do not depend on the conversation's length. Tables grow by pages, so more
/// turns are more precise.
const LINEAR: usize = 100;
/// For the other stores: turns 96 to 105, as in all scenarios.
const GROWING: usize = 10;

pub fn run(server: &Server, length: Length) -> Result<Vec<Comparison>> {
    let chats = length.choose(21, 3);
    let wanted = [
        ("bytes", Engine::Native),
        ("bytes_portable", Engine::Portable),
    ];
    server.with_databases(&wanted, |databases| {
        let [native, portable] = databases else {
            return Ok(vec![]);
        };
        let mut stores = turn::stores(native, portable, server.address)?;
        // It stores the same as with prepared statements.
        stores.retain(|store| !store.name().contains("drizzle"));
        let names: Vec<String> = stores.iter().map(|store| store.name().to_owned()).collect();
        let mut progress = Progress::start("bytes");
        let mut kept = Vec::new();
        let mut logged = Vec::new();
        for (index, store) in stores.iter_mut().enumerate() {
            progress.show(index, names.len());
            let is_portable = store.name().ends_with("portable");
            let database = if is_portable { portable } else { native };
            let mut admin = database.connect()?;
            admin.execute("checkpoint")?;
            let (table_bytes, log_bytes) = measure(store.as_mut(), &mut admin, chats)?;
            kept.push(vec![table_bytes]);
            logged.push(vec![log_bytes]);
        }
        drop(progress);
        let totals: Vec<Vec<f64>> = kept
            .iter()
            .zip(&logged)
            .map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect())
            .collect();
        // The target is for the sum. Tables and log alone show its parts.
        let judged = |part: &str, name: &str| match (part, turn::key(name)) {
            ("bytes", "S1") => Target::AtMost(1.3),
            ("bytes", "S2") => Target::AtMost(0.05),
            _ => Target::Ratio,
        };
        let mut comparisons = Vec::new();
        for (name, title, measured) in [
            ("bytes", "Bytes that one turn adds: heap, indexes, TOAST and WAL together", &totals),
            ("bytes-stored", "Bytes that one turn adds to heap, indexes and TOAST", &kept),
            ("bytes-logged", "Bytes that one turn adds to the write-ahead log", &logged),
        ] {
            let mut comparison = Comparison::new(name, title, Unit::Bytes);
            turn::compare(&mut comparison, &names, measured, |store| judged(name, store));
            comparison.note(format!(
                "{chats} conversations, {LINEAR} turns of each from its 96th; of S2, whose turns grow, {GROWING} turns. \
                 A checkpoint precedes each store; full_page_writes is on."
            ));
            comparisons.push(comparison);
        }
        Ok(comparisons)
    })
}

/// Bytes of tables and of the log, per turn.
#[allow(clippy::cast_precision_loss)]
fn measure(store: &mut dyn Store, admin: &mut Connection, chats: usize) -> Result<(f64, f64)> {
    let turns = match turn::key(store.name()) {
        "S2" => GROWING,
        _ => LINEAR,
    };
    let tables: Vec<String> = store
        .tables()
        .iter()
        .map(|table| format!("pg_total_relation_size('{table}')"))
        .collect();
    let size = format!("select {}", tables.join(" + "));
    let log = "select pg_current_wal_insert_lsn() - '0/0'";
    let (mut stored, mut logged) = (0.0, 0.0);
    for _ in 0..chats {
        store.open(turn::BEFORE)?;
        store.turn()?;
        let before = (admin.number(&size)?, admin.number(log)?);
        for _ in 0..turns {
            store.turn()?;
        }
        stored += admin.number(&size)? - before.0;
        logged += admin.number(log)? - before.1;
    }
    let all = (chats * turns) as f64;
    Ok((stored / all, logged / all))
}

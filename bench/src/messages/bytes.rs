//! What one turn adds: to tables, their indexes and TOAST, and to the write-ahead log.

use super::turn;
use crate::connection::Connection;
use crate::progress::Progress;
use crate::report::{Asked, Comparison, Unit};
use crate::scenarios::Length;
use crate::server::{Engine, Server};
use crate::stores::Store;
use anyhow::Result;

/// Stores whose turns do not depend on the conversation's length are measured over more of them: tables grow by pages.
const LINEAR: usize = 100;
/// Turns 96 to 105, as everywhere.
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
        // It stores what its prepared statements store.
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
        // The aims are for all of it; tables and log apart show where it goes.
        let judged = |part: &str, name: &str| match (part, turn::key(name)) {
            ("bytes", "S1") => Asked::AtMost(1.3),
            ("bytes", "S2") => Asked::AtMost(0.05),
            _ => Asked::Ratio,
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

/// Bytes of tables and of the log per turn.
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

//! The cost of a batch of known documents: time, round trips, written rows and bytes of the write-ahead log.

use super::corpus;
use super::document_store::{DocumentStore, time};
use super::stores::{Size, load};
use crate::connection::Connection;
use crate::random::{SEED, Seeded};
use crate::repetitions::alternate;
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use crate::server::{Database, Engine, Server};
use anyhow::Result;
use rand::SeedableRng;

/// The numbers of inserted, updated, deleted and dead rows in all tables of a store.
fn counters(schemas: &str) -> String {
    format!(
        "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0), coalesce(sum(n_dead_tup), 0)
         from pg_stat_user_tables where schemaname in ({schemas})"
    )
}

/// The effects of one registration besides its time.
struct Effects {
    round_trips: f64,
    written: f64,
    dead: f64,
    logged: f64,
}

pub fn run(server: &Server, length: Length) -> Result<Vec<Comparison>> {
    let size = Size::of(length);
    let rounds = length.choose(11, 3);
    let wanted = [
        ("known", Engine::Native),
        ("known_portable", Engine::Portable),
    ];
    server.with_databases(&wanted, |databases| {
        let [native, portable] = databases else {
            return Ok(vec![]);
        };
        // All sides have the same seed, so in a round they register the same documents.
        let mut sides: Vec<(Box<dyn DocumentStore>, Seeded)> =
            { load(native, portable, size)?.into_iter() }
                .map(|store| (store, Seeded::seed_from_u64(SEED)))
                .collect();
        let measure = |(store, random): &mut (Box<dyn DocumentStore>, Seeded)| {
            let documents = corpus::known(random, size.store, size.batch);
            time(store.as_mut(), &documents, true)
        };
        // The connections have worked before. A backend maps a page of shared memory at its first use, and a call uses
        // a third of the store's pages.
        for side in &mut sides {
            for _ in 0..length.choose(6, 1) {
                measure(side)?;
            }
        }
        let times = alternate("known", rounds, &mut sides, measure)?;
        let mut effects = Vec::new();
        for (store, random) in &mut sides {
            let database = if store.name() == "portable" {
                portable
            } else {
                native
            };
            let documents = corpus::known(random, size.store, size.batch);
            effects.push(measure_effects(database, store.as_mut(), &documents)?);
        }
        let names: Vec<&str> = sides.iter().map(|(store, _)| store.name()).collect();
        Ok(compare(&names, &times, &effects, size, rounds))
    })
}

fn measure_effects(
    database: &Database<'_>,
    store: &mut dyn DocumentStore,
    documents: &[corpus::Document],
) -> Result<Effects> {
    let schemas = match store.name() {
        "LangChain" => "'langchain'",
        "LlamaIndex" => "'llama_index'",
        _ => "'chatkeep', 'chatkeep_private'",
    };
    let mut admin = database.connect()?;
    let (counters, log) = (
        counters(schemas),
        "select pg_current_wal_insert_lsn() - '0/0'",
    );
    flush(store.connection())?;
    let (written, dead) = pair(&mut admin, &counters)?;
    let (logged, trips) = (admin.number(log)?, store.connection().round_trips);
    store.register(documents, true)?;
    let (logged_after, trips_after) = (admin.number(log)?, store.connection().round_trips);
    flush(store.connection())?;
    let (written_after, dead_after) = pair(&mut admin, &counters)?;
    #[allow(clippy::cast_precision_loss)]
    Ok(Effects {
        round_trips: (trips_after - trips) as f64,
        written: written_after - written,
        dead: dead_after - dead,
        logged: logged_after - logged,
    })
}

/// Makes the backend report its counters. Otherwise it reports them when it becomes idle, at most once a second.
fn flush(connection: &mut Connection) -> Result<()> {
    connection
        .query("select pg_stat_force_next_flush()")
        .map(drop)
}

/// The two numbers of a query.
fn pair(admin: &mut Connection, sql: &str) -> Result<(f64, f64)> {
    let rows = admin.query(sql)?;
    let mut numbers = rows
        .iter()
        .flatten()
        .flatten()
        .filter_map(|cell| cell.parse().ok());
    Ok((
        numbers.next().unwrap_or(f64::NAN),
        numbers.next().unwrap_or(f64::NAN),
    ))
}

fn compare(
    names: &[&str],
    times: &[Vec<f64>],
    effects: &[Effects],
    size: Size,
    rounds: usize,
) -> Vec<Comparison> {
    let Size { store, batch } = size;
    let comparison = |name, title: &str, unit| Comparison::new(name, title.to_owned(), unit);
    let mut time = comparison(
        "documents-known",
        &format!("Time to learn that {batch} documents are known"),
        Unit::Milliseconds,
    );
    let mut trips = comparison(
        "documents-known-trips",
        &format!("Round trips for {batch} known documents"),
        Unit::RoundTrips,
    );
    let mut rows = comparison(
        "documents-known-rows",
        &format!("Rows written for {batch} known documents"),
        Unit::Rows,
    );
    let mut log = comparison(
        "documents-known-log",
        &format!("Write-ahead log of {batch} known documents"),
        Unit::Bytes,
    );
    for ((name, list), effect) in names.iter().zip(times).zip(effects) {
        let is_ours = matches!(*name, "native" | "portable");
        time.side(*name, list, is_ours);
        trips.side(*name, &[effect.round_trips], is_ours);
        rows.side(*name, &[effect.written], is_ours);
        log.side(*name, &[effect.logged], is_ours);
    }
    if let ([native, portable, langchain, llama_index], [a, b, c, d]) = (times, effects) {
        time.pair("native vs portable", native, portable, Target::Speed);
        time.pair(
            "native vs LangChain",
            native,
            langchain,
            Target::Faster(20.0),
        );
        time.pair(
            "native vs LlamaIndex",
            native,
            llama_index,
            Target::Faster(20.0),
        );
        time.pair("portable vs LangChain", portable, langchain, Target::Speed);
        time.pair(
            "portable vs LlamaIndex",
            portable,
            llama_index,
            Target::Speed,
        );
        for (name, ours) in [("native", a), ("portable", b)] {
            trips.alone(name, &[ours.round_trips], Target::Limit(1.0));
            rows.alone(
                format!("{name}: written"),
                &[ours.written],
                Target::Limit(0.0),
            );
            rows.alone(
                format!("{name}: left dead"),
                &[ours.dead],
                Target::Limit(0.0),
            );
            log.alone(name, &[ours.logged], Target::Ratio);
        }
        trips.note(format!(
            "LangChain {}, LlamaIndex {}. Each is one Sync or one simple query.",
            c.round_trips, d.round_trips
        ));
        rows.note(format!(
            "Inserted, updated and deleted, and dead, by the server's counters of all tables of the store. LangChain \
             writes {} and leaves {} dead; LlamaIndex {} and {}.",
            c.written, c.dead, d.written, d.dead
        ));
        log.note(format!(
            "From the write-ahead log's position, with nobody else on the server. LangChain {}, LlamaIndex {}.",
            c.logged, d.logged
        ));
    }
    time.note(format!(
        "{rounds} rounds of {batch} documents out of {store}, the same for all sides; ours by their owner under the \
         policies, the others' statements by a superuser without them, without an interpreter and prepared. All clients \
         end up with ids and outcomes, or a dictionary of hashes. A round leaves LangChain {} dead \
         rows, which are not vacuumed away: all of them are fewer than autovacuum would begin at.",
        effects.get(2).map_or(f64::NAN, |effect| effect.dead)
    ));
    vec![time, trips, rows, log]
}

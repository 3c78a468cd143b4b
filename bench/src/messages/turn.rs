//! One turn, a user's message and its answer, on Chatkeep and on five other stores: the client's wait behind a network
//! of 1 ms, and the server's CPU time. All conversations have the same length: turns 96 to 105.

use super::load;
use crate::backend;
use crate::proxy::Proxy;
use crate::repetitions::alternate;
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use crate::server::{Database, Engine, Server};
use crate::stores::{
    Chatkeep, Driver, Ids, LangChain, LangGraph, Mastra, OpenAiAgents, Store, Texts, Vercel,
};
use anyhow::Result;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The turns of a conversation before the measured ones; one more is a warm-up.
pub const BEFORE: usize = 94;
/// The measured turns of each conversation.
const MEASURED: usize = 10;
const NETWORK: Duration = Duration::from_millis(1);

/// The stores, ours first, each with its own connection to this address, in tables with conversations of other users.
pub fn stores(
    native: &Database<'_>,
    portable: &Database<'_>,
    address: SocketAddr,
) -> Result<Vec<Box<dyn Store>>> {
    load::others(native)?;
    load::others(portable)?;
    let texts = Texts::new()?;
    let connect = || native.connect_at(address);
    let ours = |name, database, ids| Chatkeep::new(name, database, address, texts.clone(), ids);
    let vercel = |driver| Vercel::new(connect()?, texts.clone(), driver);
    let mut stores: Vec<Box<dyn Store>> = vec![
        Box::new(ours("Chatkeep", native, Ids::Client)?),
        Box::new(ours(
            "Chatkeep, ids by the database",
            native,
            Ids::Database,
        )?),
        Box::new(ours("Chatkeep, portable", portable, Ids::Client)?),
        Box::new(LangChain::new(connect()?, texts.clone())?),
        Box::new(LangGraph::new(connect()?, texts.clone())?),
        Box::new(Mastra::new(connect()?, texts.clone())?),
        Box::new(vercel(Driver::Prepared)?),
        Box::new(vercel(Driver::Drizzle)?),
        Box::new(OpenAiAgents::new(connect()?, texts.clone())?),
    ];
    for store in &mut stores {
        for _ in 0..10 {
            conversation(store.as_mut(), |store| store.turn())?;
        }
    }
    native.settle()?;
    portable.settle()?;
    Ok(stores)
}

/// The number of our stores. The first of them is compared.
pub const OURS: usize = 3;

/// Compares the first store with each of the others.
pub fn compare(
    comparison: &mut Comparison,
    names: &[String],
    measured: &[Vec<f64>],
    target: impl Fn(&str) -> Target,
) {
    let Some(ours) = measured.first() else { return };
    for (index, (name, list)) in names.iter().zip(measured).enumerate() {
        comparison.side(name, list, index < OURS);
        if index > 0 {
            comparison.pair(format!("Chatkeep vs {name}"), ours, list, target(name));
        }
    }
}

/// The first word of a store's name, such as S1, which the documents use.
pub fn key(name: &str) -> &str {
    // drizzle's real statements are shown without a target.
    if name.contains("drizzle") {
        return "";
    }
    name.split(' ').next().unwrap_or_default()
}

/// Opens a conversation, warms up, and measures turns 96 to 105 of it.
fn conversation<T>(
    store: &mut dyn Store,
    measure: impl FnOnce(&mut dyn Store) -> Result<T>,
) -> Result<T> {
    store.open(BEFORE)?;
    store.turn()?;
    measure(store)
}

fn turns(store: &mut dyn Store) -> Result<()> {
    for _ in 0..MEASURED {
        store.turn()?;
    }
    Ok(())
}

/// Round trips of one turn, as the connection counts them.
fn round_trips(store: &mut dyn Store) -> Result<u64> {
    conversation(store, |store| {
        let before = store.connection().round_trips;
        store.turn()?;
        Ok(store.connection().round_trips - before)
    })
}

#[allow(clippy::cast_precision_loss)]
pub fn latency(server: &Server, length: Length) -> Result<Vec<Comparison>> {
    let rounds = length.choose(41, 5);
    let wanted = [
        ("latency", Engine::Native),
        ("latency_portable", Engine::Portable),
    ];
    server.with_databases(&wanted, |databases| {
        let [native, portable] = databases else {
            return Ok(vec![]);
        };
        let proxy = Proxy::start(server.address, NETWORK)?;
        let added = proxy.calibrate(
            NETWORK,
            &mut native.connect()?,
            &mut native.connect_at(proxy.address)?,
        )?;
        let mut stores = stores(native, portable, proxy.address)?;
        let mut names = Vec::new();
        for store in &mut stores {
            let trips = round_trips(store.as_mut())?;
            let plural = if trips == 1 { "" } else { "s" };
            names.push(format!("{}, {trips} round trip{plural}", store.name()));
        }
        let measured = alternate("latency", rounds, &mut stores, |store| {
            conversation(store.as_mut(), |store| {
                let start = Instant::now();
                turns(store)?;
                Ok(start.elapsed().as_secs_f64() * 1e3 / MEASURED as f64)
            })
        })?;
        let mut comparison = Comparison::new(
            "latency",
            "What a client waits for one turn behind a network of 1 ms",
            Unit::Milliseconds,
        );
        compare(&mut comparison, &names, &measured, |name| match key(name) {
            "S1" => Target::Faster(1.7),
            "S2" | "S3" | "S6" => Target::Faster(2.5),
            "S5" => Target::Faster(4.0),
            _ => Target::Speed,
        });
        comparison.note(format!(
            "{rounds} rounds of turns 96 to 105 of a new conversation. The proxy adds {:.3} ms to a round trip (median \
             of 200 bare ones).",
            added.as_secs_f64() * 1e3
        ));
        Ok(vec![comparison])
    })
}

#[allow(clippy::cast_precision_loss)]
pub fn cpu(server: &Server, length: Length) -> Result<Vec<Comparison>> {
    let rounds = length.choose(151, 11);
    let wanted = [("cpu", Engine::Native), ("cpu_portable", Engine::Portable)];
    server.with_databases(&wanted, |databases| {
        let [native, portable] = databases else {
            return Ok(vec![]);
        };
        let mut stores = stores(native, portable, server.address)?;
        let names: Vec<String> = stores.iter().map(|store| store.name().to_owned()).collect();
        let measured = alternate("cpu", rounds, &mut stores, |store| {
            conversation(store.as_mut(), |store| {
                let process = store.connection().backend;
                Ok(backend::cpu_microseconds(process, || turns(store))? / MEASURED as f64)
            })
        })?;
        let mut comparison = Comparison::new(
            "cpu",
            "Server CPU of one turn: time of the backend, user and system",
            Unit::Microseconds,
        );
        compare(&mut comparison, &names, &measured, |name| match key(name) {
            "S1" => Target::AtMost(1.6),
            "S2" => Target::AtMost(0.5),
            "S3" | "S5" | "S6" => Target::AtMost(1.0),
            _ => Target::Ratio,
        });
        comparison.note(format!(
            "{rounds} rounds of turns 96 to 105 of a new conversation. Statements are prepared, except where drizzle's \
             are shown."
        ));
        Ok(vec![comparison])
    })
}

//! The cost of registering new documents in a large store.

use super::corpus;
use super::document_store::{DocumentStore, time};
use super::stores::{Size, load};
use crate::repetitions::alternate;
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use crate::server::{Engine, Server};
use anyhow::Result;

pub fn run(server: &Server, length: Length) -> Result<Vec<Comparison>> {
    let size = Size::of(length);
    let rounds = length.choose(11, 3);
    let wanted = [("new", Engine::Native), ("new_portable", Engine::Portable)];
    server.with_databases(&wanted, |databases| {
        let [native, portable] = databases else {
            return Ok(vec![]);
        };
        // Each side with the number of its next document.
        let mut sides: Vec<(Box<dyn DocumentStore>, usize)> = { load(native, portable, size)?.into_iter() }
            .map(|store| (store, size.store))
            .collect();
        let measure = |(store, next): &mut (Box<dyn DocumentStore>, usize)| {
            let documents = corpus::numbered(*next..*next + size.batch);
            *next += size.batch;
            time(store.as_mut(), &documents, false)
        };
        for side in &mut sides {
            measure(side)?;
        }
        let times = alternate("new", rounds, &mut sides, measure)?;
        let mut comparison = Comparison::new(
            "documents-new",
            format!("Time to register {} new documents", size.batch),
            Unit::Milliseconds,
        );
        for ((store, _), list) in sides.iter().zip(&times) {
            let is_ours = matches!(store.name(), "native" | "portable");
            comparison.side(store.name(), list, is_ours);
        }
        if let [native, portable, langchain, llama_index] = times.as_slice() {
            comparison.pair("native vs portable", native, portable, Target::Speed);
            comparison.pair("native vs LangChain", native, langchain, Target::Faster(1.0));
            comparison.pair("native vs LlamaIndex", native, llama_index, Target::Faster(10.0));
            comparison.pair("portable vs LangChain", portable, langchain, Target::Speed);
            comparison.pair("portable vs LlamaIndex", portable, llama_index, Target::Speed);
        }
        comparison.note(format!(
            "{rounds} rounds of {} documents, new each time, into a store of {}; ours by their owner under the policies, \
             the others' statements by a superuser without them, without an interpreter and prepared. LangChain keeps a \
             key and a time of each document, in batches of 100; LlamaIndex its hash and a node, a transaction for each.",
            size.batch, size.store
        ));
        Ok(vec![comparison])
    })
}

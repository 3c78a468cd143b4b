//! The newest page of a chat, and a page a million messages deep: the buffers and the time of both.

use super::load;
use crate::connection::Connection;
use crate::progress::Progress;
use crate::random::{self, SEED};
use crate::repetitions::alternate;
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use crate::server::{Engine, Server};
use crate::text::TextGenerator;
use crate::users;
use anyhow::{Context, Result, anyhow};
use std::time::Instant;

/// The number of pages at each depth. Many pages are needed, because 50 messages may happen to need five heap pages or
/// six.
const PLACES: usize = 20;
const APART: usize = 53;

/// The pages at one depth.
struct Depth {
    name: &'static str,
    calls: Vec<String>,
}

#[allow(clippy::cast_precision_loss)]
pub fn run(server: &Server, length: Length) -> Result<Vec<Comparison>> {
    let messages = length.choose(1_002_200, 102_200);
    let rounds = length.choose(41, 11);
    server.with_databases(&[("pages", Engine::Native)], |databases| {
        let Some(database) = databases.first() else {
            return Ok(vec![]);
        };
        let user = random::uuid();
        let mut admin = database.connect()?;
        users::add(&mut admin, &user)?;
        let progress = Progress::start("pages: loading");
        load::texts(&mut admin, &mut TextGenerator::new(SEED)?, 10_000)?;
        load::chats(&mut admin, &user, 1, messages)?;
        database.settle()?;
        drop(progress);
        let chat = admin.value(&format!(
            "select id from chatkeep.chats where user_id = '{user}'"
        ))?;
        let mut depths = depths(&mut admin, &chat, messages)?;
        drop(admin);

        let mut reader = database.connect()?;
        users::sign_in(&mut reader, &user)?;
        for depth in &depths {
            for call in &depth.calls {
                reader.query(call)?;
            }
        }
        let mut buffers = Vec::new();
        for depth in &depths {
            let read: Result<Vec<f64>> = depth
                .calls
                .iter()
                .map(|call| buffers_of(&mut reader, call))
                .collect();
            buffers.push(read?);
        }
        let times = alternate("pages", rounds, &mut depths, |depth| {
            let start = Instant::now();
            for call in &depth.calls {
                reader.execute(call)?;
            }
            Ok(start.elapsed().as_secs_f64() * 1e3 / depth.calls.len() as f64)
        })?;

        let deep = if messages > 1_000_000 { "a million" } else { "a hundred thousand" };
        let mut read = Comparison::new(
            "pages-buffers",
            format!("Buffers that a page of 50 messages reads, {deep} messages deep"),
            Unit::Buffers,
        );
        let mut waited = Comparison::new(
            "pages-time",
            format!("Time of a page of 50 messages, {deep} messages deep"),
            Unit::Milliseconds,
        );
        for (comparison, measured, target) in [
            (&mut read, &buffers, Target::AtMost(1.0)),
            (&mut waited, &times, Target::AtMost(1.2)),
        ] {
            for (depth, list) in depths.iter().zip(measured) {
                comparison.side(depth.name, list, true);
            }
            for (pair, lists) in depths.chunks(2).zip(measured.chunks(2)) {
                if let ([_, deep], [at_near, at_deep]) = (pair, lists) {
                    let name = format!("{} vs near the newest", deep.name);
                    comparison.pair(name, at_deep, at_near, target);
                }
            }
            comparison.note(format!(
                "One chat of {messages} messages, read by its owner; {PLACES} pages at each depth."
            ));
        }
        read.note("EXPLAIN (ANALYZE, BUFFERS), shared hit and read. `theirs` is the page near the newest message.");
        Ok(vec![read, waited])
    })
}

fn depths(admin: &mut Connection, chat: &str, messages: usize) -> Result<Vec<Depth>> {
    let mut call = |cursor: &str, seq: usize| -> Result<String> {
        let at = admin.value(&format!(
            "select created_at from chatkeep.messages where chat_id = '{chat}' and seq = {seq}"
        ))?;
        Ok(format!(
            "select * from chatkeep.list_messages(chat_id => '{chat}', {cursor} => '{at}')"
        ))
    };
    let mut newest = Vec::new();
    let mut before = Vec::new();
    let mut near = Vec::new();
    let mut after = Vec::new();
    for place in 0..PLACES {
        newest.push(call("before", messages - APART * place)?);
        before.push(call("before", 60 + APART * place)?);
        near.push(call("after", messages - 60 - APART * place)?);
        after.push(call("after", 1 + APART * place)?);
    }
    Ok(vec![
        Depth {
            name: "near the newest, by before",
            calls: newest,
        },
        Depth {
            name: "deep, by before",
            calls: before,
        },
        Depth {
            name: "near the newest, by after",
            calls: near,
        },
        Depth {
            name: "deep, by after",
            calls: after,
        },
    ])
}

fn buffers_of(reader: &mut Connection, call: &str) -> Result<f64> {
    let sql = format!("explain (analyze, buffers, timing off, format json) {call}");
    let text = reader.value(&sql)?;
    let plan: serde_json::Value = serde_json::from_str(&text).context("reading a plan")?;
    let blocks = |name: &str| {
        plan.pointer("/0/Plan")
            .and_then(|plan| plan.get(name)?.as_f64())
            .ok_or_else(|| anyhow!("the plan holds no {name}"))
    };
    Ok(blocks("Shared Hit Blocks")? + blocks("Shared Read Blocks")?)
}

//! Full-text search over a hundred thousand messages of one owner, and its cost for appends.

use super::append::Writer;
use super::load;
use crate::connection::Connection;
use crate::progress::Progress;
use crate::random::{self, SEED};
use crate::repetitions::alternate;
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use crate::server::{Database, Engine, Server};
use crate::stores::Texts;
use crate::text::TextGenerator;
use crate::users;
use anyhow::{Result, ensure};
use std::time::Instant;

const CHATS: usize = 100;

pub fn run(server: &Server, length: Length) -> Result<Vec<Comparison>> {
    let mut comparisons = vec![searches(server, length)?];
    comparisons.push(append(server, length)?);
    Ok(comparisons)
}

fn searches(server: &Server, length: Length) -> Result<Comparison> {
    let messages = length.choose(100_000, 10_000);
    let rounds = length.choose(21, 5);
    let mut comparison = Comparison::new(
        "search",
        format!("Time of one search_messages over {messages} indexed messages of one owner"),
        Unit::Milliseconds,
    );
    server.with_databases(&[("search", Engine::Native)], |databases| {
        let Some(database) = databases.first() else {
            return Ok(());
        };
        let user = random::uuid();
        let mut texts = TextGenerator::new(SEED)?;
        let progress = Progress::start("search: loading and indexing");
        let indexing = load_and_index(database, &user, &mut texts, messages)?;
        drop(progress);
        let mut reader = database.connect()?;
        users::sign_in(&mut reader, &user)?;
        let mut queries = queries(&texts);
        let statement = reader.prepare("select * from chatkeep.search_messages($1)")?;
        let mut found = Vec::new();
        for (name, query) in &queries {
            let count = format!("select count(*) from chatkeep.search_messages('{query}')");
            found.push(format!("{name}: {}", reader.value(&count)?));
        }
        let measured = alternate("search", rounds, &mut queries, |(_, query)| {
            let start = Instant::now();
            reader.run(&statement, &[(&*query).into()])?;
            Ok(start.elapsed().as_secs_f64() * 1e3)
        })?;
        for ((name, _), list) in queries.iter().zip(&measured) {
            comparison.side(*name, list, true);
            comparison.alone(*name, list, Target::Limit(150.0));
        }
        comparison.note(format!(
            "{rounds} rounds, through one signed-in connection. Rows of the first page: {}.",
            found.join(", ")
        ));
        comparison.note(format!(
            "index_messages took {indexing:.1} s for all of them, in batches of 10000."
        ));
        Ok(())
    })?;
    Ok(comparison)
}

/// Loads the messages of a user, indexes all of them, and returns the seconds of the indexing.
fn load_and_index(
    database: &Database<'_>,
    user: &str,
    texts: &mut TextGenerator,
    messages: usize,
) -> Result<f64> {
    let mut admin = database.connect()?;
    users::add(&mut admin, user)?;
    load::texts(&mut admin, texts, messages)?;
    load::chats(&mut admin, user, CHATS, messages / CHATS)?;
    // Each chat has the same texts. This gives every message its own text.
    admin.execute(
        "update chatkeep.messages m set content = t.content
         from (select id, row_number() over (order by id) - 1 as n from chatkeep.messages) o
         join texts t on t.n = o.n
         where m.id = o.id",
    )?;
    admin.execute("vacuum full chatkeep.messages")?;
    database.settle()?;
    let mut service = database.connect()?;
    users::act_as_service(&mut service)?;
    let start = Instant::now();
    let mut before = -1.0;
    loop {
        service.query("select * from chatkeep.index_messages(10000)")?;
        let indexed = admin.number("select count(*) from chatkeep.message_search")?;
        if indexed <= before {
            break;
        }
        before = indexed;
    }
    let took = start.elapsed().as_secs_f64();
    let missing = admin.value(
        "select (select count(*) from chatkeep.messages) - (select count(*) from chatkeep.message_search)",
    )?;
    ensure!(missing == "0", "index_messages left {missing} messages out");
    database.settle()?;
    Ok(took)
}

fn queries(texts: &TextGenerator) -> Vec<(&'static str, String)> {
    let word = |rank| texts.ranked(rank);
    vec![
        ("a rare word", word(15_000).to_owned()),
        ("a frequent word", word(2).to_owned()),
        ("two words", format!("{} {}", word(20), word(300))),
        ("a phrase", format!("\"{} {}\"", word(0), word(1))),
        ("no match", "nobodyeverwrotethis".to_owned()),
    ]
}

/// Appends with search, and without its indexes and tables.
fn append(server: &Server, length: Length) -> Result<Comparison> {
    let (rounds, messages) = length.choose((601, 40), (61, 40));
    let wanted = [
        ("searchable", Engine::Native),
        ("unsearchable", Engine::Native),
    ];
    let mut comparison = Comparison::new(
        "search-append",
        "Server CPU of one append_message, by whether search is there",
        Unit::Microseconds,
    );
    server.with_databases(&wanted, |databases| {
        let [with, without] = databases else {
            return Ok(());
        };
        load::others(with)?;
        load::others(without)?;
        take_search_away(&mut without.connect()?)?;
        let texts = Texts::new()?;
        let mut writers = [
            Writer::calling(with, &texts)?,
            Writer::calling(without, &texts)?,
        ];
        let name = "search: append";
        let measured = alternate(name, rounds, &mut writers, |writer| writer.cpu(messages))?;
        if let [with, without] = measured.as_slice() {
            comparison.side("with search", with, true);
            comparison.side("without", without, false);
            comparison.pair("with search vs without", with, without, Target::AtMost(1.03));
        }
        comparison.note(format!(
            "{rounds} rounds of {messages} messages. Without: no foreign key on messages, no index of what awaits \
             index_messages."
        ));
        Ok(())
    })?;
    Ok(comparison)
}

fn take_search_away(admin: &mut Connection) -> Result<()> {
    let keys = admin.query(
        "select conname from pg_constraint
         where conrelid = 'chatkeep.message_search'::regclass and contype = 'f'",
    )?;
    for key in keys.into_iter().flatten().flatten() {
        admin.execute(&format!(
            "alter table chatkeep.message_search drop constraint {key}"
        ))?;
    }
    admin.execute("drop index if exists chatkeep.chats_unindexed_idx")
}

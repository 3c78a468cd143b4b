//! Histories of the documents of two members and a stranger, and how they are played.

use super::database::{CALLERS, Database, Seen};
use chatkeep_core::documents::model::{Person, Registration, Shelf, Status};
use proptest::prelude::*;

/// A step of a history. It names documents by the order of their creation, so that a shorter history is still valid.
#[derive(Debug, Clone)]
pub enum Step {
    Register(Person, Registration),
    Batch(Person, Vec<Registration>),
    /// Several callers register at the same time.
    AtOnce(Vec<(Person, Registration)>),
    Status(Person, usize, Status),
    Delete(Person, usize),
    /// More than an hour passes.
    Hour,
}

pub fn histories() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(step(), 1..16)
}

fn step() -> impl Strategy<Value = Step> {
    let document = 0..6_usize;
    prop_oneof![
        6 => (person(), registration()).prop_map(|(who, new)| Step::Register(who, new)),
        3 => (person(), proptest::collection::vec(registration(), 1..7))
            .prop_map(|(who, batch)| Step::Batch(who, batch)),
        2 => proptest::collection::vec((person(), registration()), 2..=CALLERS).prop_map(Step::AtOnce),
        5 => (person(), document.clone(), status())
            .prop_map(|(who, document, status)| Step::Status(who, document, status)),
        1 => (person(), document).prop_map(|(who, document)| Step::Delete(who, document)),
        1 => Just(Step::Hour),
    ]
}

fn person() -> impl Strategy<Value = Person> {
    prop_oneof![4 => Just(Person::Ada), 3 => Just(Person::Bob), 1 => Just(Person::Eve)]
}

fn registration() -> impl Strategy<Value = Registration> {
    let title = proptest::option::weighted(0.3, 0..3_u8);
    (0..5_u8, 0..4_u8, proptest::bool::weighted(0.3), title).prop_map(
        |(source, bytes, shared, title)| Registration {
            source,
            bytes,
            shared,
            title,
        },
    )
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![
        1 => Just(Status::Pending),
        3 => Just(Status::Processing),
        3 => Just(Status::Ready),
        2 => Just(Status::Failed),
        1 => Just(Status::Archived),
    ]
}

/// Plays a history, and compares every answer and the stored rows with the model.
pub fn play(database: &mut Database, history: &[Step]) -> Result<(), String> {
    database.begin()?;
    let (mut shelf, mut ids) = (Shelf::default(), Vec::new());
    for (place, step) in history.iter().enumerate() {
        play_step(database, &mut shelf, &mut ids, step)
            .map_err(|problem| format!("step {place}: {problem}"))?;
        for (document, id) in shelf.documents.iter_mut().zip(&ids) {
            document.id.clone_from(id);
        }
    }
    stored_as(&shelf, &ids, &database.stored()?)
}

fn play_step(
    database: &mut Database,
    shelf: &mut Shelf,
    ids: &mut Vec<String>,
    step: &Step,
) -> Result<(), String> {
    match step {
        Step::Register(who, new) => {
            let seen = database.register(&[(*who, *new)])?;
            let answers = [Ok(shelf.register(*who, *new))];
            agree(ids, &answers, &seen)
        }
        Step::Batch(who, batch) => {
            let seen = database.register_all(*who, batch)?;
            let answers = shelf.register_all(*who, batch).into_iter().map(Ok);
            agree(ids, &answers.collect::<Vec<_>>(), &seen)
        }
        Step::AtOnce(calls) => {
            let seen = database.register(calls)?;
            let stored = database.stored()?;
            // The results must be those of the calls in some order.
            let mut problems = Vec::new();
            for order in orders(calls.len()) {
                let (mut after, mut named) = (shelf.clone(), ids.clone());
                let mut answers = vec![Err(""); calls.len()];
                for place in order {
                    let (who, new) = calls[place];
                    answers[place] = Ok(after.register(who, new));
                }
                let agreed = agree(&mut named, &answers, &seen)
                    .and_then(|()| stored_as(&after, &named, &stored));
                match agreed {
                    Ok(()) => {
                        (*shelf, *ids) = (after, named);
                        return Ok(());
                    }
                    Err(problem) => problems.push(problem),
                }
            }
            Err(format!("in no order:\n{}", problems.join("\n")))
        }
        Step::Status(who, document, status) => {
            let Some(id) = ids.get(*document).cloned() else {
                return Ok(());
            };
            let seen = database.set_status(*who, &id, status.name())?;
            agree(ids, &[shelf.set_status(*who, *document, *status)], &[seen])
        }
        Step::Delete(who, document) => {
            let Some(id) = ids.get(*document).cloned() else {
                return Ok(());
            };
            let seen = database.delete(*who, &id)?;
            agree(ids, &[shelf.delete(*who, *document)], &[seen])
        }
        Step::Hour => {
            shelf.pass_an_hour();
            database.pass_an_hour()
        }
    }
}

/// All orders of this number of things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for thing in 0..count {
        orders = orders
            .iter()
            .flat_map(|order: &Vec<usize>| {
                (0..=order.len()).map(move |place| {
                    let mut longer = order.clone();
                    longer.insert(place, thing);
                    longer
                })
            })
            .collect();
    }
    orders
}

/// Compares the answers with those of the model, and records the ids of new documents.
fn agree(
    ids: &mut Vec<String>,
    answers: &[chatkeep_core::documents::model::Answer],
    seen: &[Seen],
) -> Result<(), String> {
    let differ = || format!("the model says {answers:?}, the database {seen:?}");
    if answers.len() != seen.len() {
        return Err(differ());
    }
    let mut new: Vec<(usize, &String)> = Vec::new();
    for (answer, seen) in answers.iter().zip(seen) {
        match (answer, seen) {
            (Ok((says, document)), Ok((said, id))) if says == said => new.push((*document, id)),
            (Err(code), Err(refusal)) if code == refusal => {}
            _ => return Err(differ()),
        }
    }
    new.sort_unstable();
    for (document, id) in new {
        if document == ids.len() && !ids.contains(id) {
            ids.push(id.clone());
        }
        if ids.get(document) != Some(id) {
            return Err(format!("document {document} has another id: {}", differ()));
        }
    }
    Ok(())
}

/// Compares the rows with those of the model.
fn stored_as(shelf: &Shelf, ids: &[String], stored: &[(String, String)]) -> Result<(), String> {
    let name = |document: usize| ids.get(document).map_or("", String::as_str);
    let mut wanted: Vec<(String, String)> = shelf
        .documents
        .iter()
        .enumerate()
        .map(|(place, document)| {
            let sources: Vec<String> = document.sources.iter().map(u8::to_string).collect();
            let line = format!(
                "{:?} {} {} {} {} {} {} {}",
                document.owner,
                sources.join(","),
                document.bytes,
                document.shared,
                document
                    .title
                    .map_or_else(|| "-".to_owned(), |title| title.to_string()),
                document.status.name(),
                document.supersedes.map_or("-", name),
                document.deleted,
            );
            (name(place).to_owned(), line)
        })
        .collect();
    wanted.sort();
    if wanted == stored {
        return Ok(());
    }
    Err(format!(
        "the model has {wanted:#?}, the database {stored:#?}"
    ))
}

//! Checks that every acknowledged write exists once.

use super::writer::Written;
use crate::caller::Caller;
use crate::connection::{Outcome, Place, answer, rows, text, value};
use crate::report::Report;
use postgres::Client;

/// Runs the checks and returns the number of writes.
pub fn check(
    written: &[Written],
    place: &Place,
    superuser: &mut Client,
    report: &mut Report,
) -> Outcome<u64> {
    for refusal in written.iter().flat_map(|written| &written.refused) {
        report.fault("A writer was refused", refusal);
    }
    let messages = written
        .iter()
        .flat_map(|written| &written.messages)
        .map(|(id, content)| format!("('{id}', '{content}')"));
    let messages: Vec<String> = messages.collect();
    lost_or_doubled(
        superuser,
        report,
        "message",
        "content",
        "chatkeep.messages",
        &messages,
    )?;
    let documents = written
        .iter()
        .flat_map(|written| &written.checksums)
        .map(|checksum| format!("('{checksum}', '{checksum}')"));
    let documents: Vec<String> = documents.collect();
    lost_or_doubled(
        superuser,
        report,
        "document",
        "checksum",
        "chatkeep.documents",
        &documents,
    )?;
    tokens(written, place, report)?;
    let sum = written.iter().map(|written| {
        let rows = written.messages.len() + written.checksums.len();
        u64::try_from(rows).unwrap_or(0) + written.rotations
    });
    Ok(sum.sum())
}

/// Every write is one row of the table, and the table has no other rows, because each write was repeated until it was
/// acknowledged.
fn lost_or_doubled(
    superuser: &mut Client,
    report: &mut Report,
    what: &str,
    column: &str,
    table: &str,
    writes: &[String],
) -> Outcome<()> {
    let total = writes.len();
    for some in writes.chunks(1000) {
        let sql = format!(
            "select w.id, count(t.id) as stored
             from (values {}) w (id, content)
             left join {table} t on t.{column} = w.content
             group by w.id having count(t.id) <> 1",
            some.join(", ")
        );
        for row in rows(superuser, &sql)? {
            report.fault(
                format!("An acknowledged {what} is not stored once"),
                format!("{what} {}: {} rows", text(&row, "id"), text(&row, "stored")),
            );
        }
    }
    let stored = value(superuser, &format!("select count(*) from {table}"))?;
    if stored != total.to_string() {
        report.fault(
            format!("There are other {what}s than were acknowledged"),
            format!("{total} acknowledged, {stored} stored"),
        );
    }
    Ok(())
}

/// The newest token of each writer is live and has the generation of its answer.
fn tokens(written: &[Written], place: &Place, report: &mut Report) -> Outcome<()> {
    let mut anon = place.durable_caller()?;
    for written in written {
        let call = format!(
            "select * from chatkeep.validate_session('{}')",
            written.token
        );
        let status = match answer(&mut anon, &Caller::Anon.request(&call))? {
            Ok(rows) => rows.first().map_or(String::new(), |row| {
                format!("{} {}", text(row, "status"), text(row, "generation"))
            }),
            Err(refusal) => refusal.to_string(),
        };
        let expected = format!("valid {}", written.generation);
        if status != expected {
            report.fault(
                "The newest token of a writer is not live",
                format!("returned {status}, expected {expected}"),
            );
        }
    }
    Ok(())
}

//! Random calls, good and bad, on a native and a portable database side by side. They are committed, so later calls
//! meet a growing state. Both databases must give the same answer: the same rows, or the same SQLSTATE, message and
//! hint.

mod call;
mod callers;
mod choice;
mod conversations;
mod documents;
mod maker;
mod names;
mod sessions;
mod side;
mod values;

use crate::connection::{Outcome, Place, shortened};
use crate::dice::Dice;
use crate::report::Report;
use call::Call;
use maker::Known;
use side::{NamedAnswer, Side};
use std::time::{Duration, Instant};

/// The calls of one round. Every round begins with empty databases.
const CALLS: u64 = 5_000;
/// The run ends after this number of differences.
const MOST_DIFFERENCES: u64 = 20;

pub fn run(place: &Place, seed: u64, seconds: u64) -> Outcome<(String, Report)> {
    let portable = Place::read("CHATKEEP_PORTABLE_API_DB", "CHATKEEP_PORTABLE_SUPERUSER_DB")?;
    let mut sides = [
        Side::open(place, "native")?,
        Side::open(&portable, "portable")?,
    ];
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut report = Report::default();
    let (mut calls, mut refused, mut differences) = (0, 0, 0);
    let mut round = 0;
    // The first round is always complete. Later ones end with the time.
    while calls < CALLS || Instant::now() < end {
        let people = callers::People::new(seed, round);
        for side in &mut sides {
            side.begin(&people)?;
        }
        let mut known = Known::new(seed, round);
        for number in 0..CALLS {
            if calls >= CALLS && Instant::now() >= end {
                break;
            }
            known.pass(number);
            let mut dice = Dice::at(seed, &[round, number]);
            let call = choice::next(&mut known, &people, &mut dice);
            let [native, portable] = both(&mut sides, |side| side.answer(&call))?;
            calls += 1;
            refused += u64::from(native.is_refused());
            for answer in [&native, &portable]
                .into_iter()
                .filter(|answer| answer.is_raw())
            {
                report.fault(
                    format!("{} was refused with {answer}", call.name),
                    shortened(&call.request),
                );
            }
            if native == portable || is_either(&call, &native, &portable) {
                known.remember(&call, &native, number);
                continue;
            }
            differences += 1;
            report.fault(
                format!("{} is answered differently", call.name),
                difference(&call.request, &native, &portable),
            );
            // If only one database has written, all later answers differ.
            if !(native.is_refused() && portable.is_refused()) {
                break;
            }
        }
        let [native, portable] = both(&mut sides, Side::rows)?;
        if native != portable {
            differences += 1;
            report.fault(
                "The rows of the two databases differ",
                difference(&format!("round {round}"), &native, &portable),
            );
        }
        if differences >= MOST_DIFFERENCES {
            break;
        }
        round += 1;
    }
    Ok((
        format!("{calls} calls on both engines, {refused} of them refused"),
        report,
    ))
}

/// Whether both databases refuse a call with an unreadable caller, one of them because of a bad argument.
fn is_either(call: &Call, native: &NamedAnswer, portable: &NamedAnswer) -> bool {
    let is_about_arguments = |answer: &NamedAnswer| matches!(answer, NamedAnswer::Refused { code, .. } if code == "22023" || code == "22004");
    call.is_unreadable
        && native.is_refused()
        && portable.is_refused()
        && (is_about_arguments(native) || is_about_arguments(portable))
}

/// Does the same on both databases at the same time.
fn both(
    sides: &mut [Side; 2],
    work: impl Fn(&mut Side) -> Outcome<NamedAnswer> + Sync,
) -> Outcome<[NamedAnswer; 2]> {
    let [first, second] = sides;
    std::thread::scope(|scope| {
        let beside = scope.spawn(|| work(second));
        let first = work(first);
        let second = beside
            .join()
            .unwrap_or_else(|_| Err("a side broke down".to_owned()));
        Ok([first?, second?])
    })
}

/// The request, and the first difference of the two answers.
fn difference(request: &str, native: &NamedAnswer, portable: &NamedAnswer) -> String {
    let (native, portable) = match (native, portable) {
        (NamedAnswer::Rows(native), NamedAnswer::Rows(portable)) => {
            (first_alone(native, portable), first_alone(portable, native))
        }
        _ => (native.to_string(), portable.to_string()),
    };
    format!(
        "{}\n      native:   {}\n      portable: {}",
        shortened(request),
        shortened(&native),
        shortened(&portable)
    )
}

/// The number of rows, and the first row that the other database lacks at that place.
fn first_alone(rows: &[String], others: &[String]) -> String {
    let alone = rows.iter().find(|row| !others.contains(row));
    let misplaced = || {
        let pairs = rows.iter().zip(others);
        pairs
            .filter(|(row, other)| row != other)
            .map(|(row, _)| row)
            .next()
    };
    let first = alone.or_else(misplaced);
    format!(
        "{} rows, {}",
        rows.len(),
        first.map_or("all of which the other has", String::as_str)
    )
}

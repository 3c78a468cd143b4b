//! Random calls, good and bad, on two databases side by side, a native and a portable one. They are committed, so the
//! state that the next call meets evolves; both must answer alike: the same rows, or the same SQLSTATE, message and hint.

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
use side::{Said, Side};
use std::time::{Duration, Instant};

/// The calls of one round; every round begins with empty databases.
const CALLS: u64 = 5_000;
/// So many differences say enough.
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
    // The first round is whole, however long it takes; later ones end with the time.
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
            for said in [&native, &portable]
                .into_iter()
                .filter(|said| said.is_raw())
            {
                report.fault(
                    format!("{} was refused with {said}", call.name),
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
            // What only one has written makes all that follows different.
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

/// Whether a call whose caller cannot be told is refused by both, by one of them for a bad argument.
fn is_either(call: &Call, native: &Said, portable: &Said) -> bool {
    let is_about_arguments = |said: &Said| matches!(said, Said::Refused { code, .. } if code == "22023" || code == "22004");
    call.is_unreadable
        && native.is_refused()
        && portable.is_refused()
        && (is_about_arguments(native) || is_about_arguments(portable))
}

/// The same done to both at once.
fn both(
    sides: &mut [Side; 2],
    work: impl Fn(&mut Side) -> Outcome<Said> + Sync,
) -> Outcome<[Said; 2]> {
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

/// What was asked, and where the two answers part.
fn difference(request: &str, native: &Said, portable: &Said) -> String {
    let (native, portable) = match (native, portable) {
        (Said::Rows(native), Said::Rows(portable)) => {
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

/// How many rows there are, and the first that the others do not have, or not in its place.
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

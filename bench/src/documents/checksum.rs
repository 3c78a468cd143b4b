//! The speed and memory of `document_checksum`, compared with Postgres' own `sha256()` and, if the server has it,
//! pgcrypto's `digest()`.

use crate::backend;
use crate::connection::{Connection, Statement, Value};
use crate::progress::Progress;
use crate::random::{SEED, Seeded};
use crate::repetitions::alternate;
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use crate::server::{Database, Engine, Server};
use crate::statistics::Summary;
use crate::text::TextGenerator;
use anyhow::{Context, Result, ensure};
use rand::{RngExt, SeedableRng};
use std::time::Instant;

/// Bytes of a MiB.
const MEBI: usize = 1 << 20;

/// A hash function. `{}` stands for the bytes.
struct Function {
    name: &'static str,
    call: String,
}

/// Bytes to hash.
struct Case {
    name: &'static str,
    /// The row of the table that holds the bytes; `None` if they are the statement's parameter.
    row: Option<&'static str>,
    mebibytes: u32,
    /// Whether the case has a target, or only a comparison.
    has_target: bool,
}

impl Case {
    /// The number of hashes in one measurement: more for short bytes, so that the clock and the reader of memory are
    /// precise enough.
    fn calls(&self) -> u32 {
        (32 / self.mebibytes).max(1)
    }
}

const fn stored(name: &'static str, mebibytes: u32, has_target: bool) -> Case {
    Case {
        name,
        row: Some(name),
        mebibytes,
        has_target,
    }
}

const CASES: [Case; 6] = [
    stored("1 MiB", 1, true),
    stored("16 MiB", 16, true),
    stored("128 MiB", 128, true),
    stored("16 MiB, extended", 16, false),
    stored("16 MiB, compressed", 16, false),
    Case {
        name: "16 MiB, parameter",
        row: None,
        mebibytes: 16,
        has_target: false,
    },
];

/// A connection with a prepared function for one case.
struct Hasher {
    connection: Connection,
    statement: Statement,
}

impl Hasher {
    fn new(database: &Database<'_>, function: &Function, case: &Case) -> Result<Self> {
        let mut connection = database.connect()?;
        let sql = |content: &str, from: String| {
            let call = function.call.replace("{}", content);
            format!("select {call} {from}")
        };
        let of_row = |row: &str| {
            sql(
                "c.content",
                format!("from contents c where c.name = '{row}'"),
            )
        };
        // Libraries and caches are loaded now, so their cost is not measured.
        connection.query(&of_row("warm"))?;
        let statement = match case.row {
            Some(row) => connection.prepare(&of_row(row))?,
            None => connection.prepare(&sql("$1::bytea", String::new()))?,
        };
        Ok(Self {
            connection,
            statement,
        })
    }

    /// The digest in hexadecimal.
    fn hash(&mut self, parameter: Option<&[u8]>) -> Result<String> {
        let values: Vec<Value<'_>> = parameter.into_iter().map(Value::Bytes).collect();
        let rows = self.connection.fetch(&self.statement, &values)?;
        let digest = rows.into_iter().flatten().flatten().next();
        digest.context("a digest is missing")
    }

    /// Hashes as many times as the case needs.
    fn repeat(&mut self, case: &Case, parameter: Option<&[u8]>) -> Result<()> {
        (0..case.calls()).try_for_each(|_| self.hash(parameter).map(drop))
    }
}

pub fn run(server: &Server, length: Length) -> Result<Vec<Comparison>> {
    let (rounds, looks) = length.choose((41, 5), (5, 1));
    server.with_databases(&[("checksum", Engine::Native)], |databases| {
        let Some(database) = databases.first() else {
            return Ok(vec![]);
        };
        let (functions, remark) = functions(&mut database.connect()?)?;
        let parameter = fill(database)?;
        let mut rate = Comparison::new(
            "checksum",
            "Rate of hashing bytes that are in the database",
            Unit::MebibytesPerSecond,
        );
        let mut memory = Comparison::new(
            "checksum-memory",
            "Memory that hashing takes at its peak",
            Unit::Mebibytes,
        );
        for case in &CASES {
            let parameter = case.row.is_none().then_some(&parameter[..]);
            let mut hashers = { functions.iter() }
                .map(|function| Hasher::new(database, function, case))
                .collect::<Result<Vec<_>>>()?;
            agree(case, &mut hashers, parameter)?;
            let name = format!("checksum, {}", case.name);
            let rates = alternate(&name, rounds, &mut hashers, |hasher| time(hasher, case, parameter))?;
            drop(hashers);
            let peaks = peaks(database, &functions, case, parameter, looks)?;
            compare(&mut rate, case, &functions, &rates, Best::Most);
            compare(&mut memory, case, &functions, &peaks, Best::Least);
        }
        rate.note(format!(
            "{rounds} rounds, each side over a connection of its own, by a superuser. The bytes are random and stored \
             EXTERNAL, out of line and uncompressed; extended: the same with the default storage, which gains nothing by \
             compressing them; compressed: text; parameter: sent by the client, whose sending is part of the time. \
             {remark}"
        ));
        memory.note(format!(
            "Growth of the backend's anonymous memory (RssAnon), read every few microseconds, over that of a new \
             connection which has hashed 64 KiB; medians of {looks} connections."
        ));
        Ok(vec![rate, memory])
    })
}

/// Our function first, then those that this server has, and a sentence that names them.
fn functions(admin: &mut Connection) -> Result<(Vec<Function>, String)> {
    let mut functions = vec![
        Function {
            name: "document_checksum",
            call: "chatkeep.document_checksum({})".to_owned(),
        },
        Function {
            name: "sha256()",
            call: "encode(sha256({}), 'hex')".to_owned(),
        },
    ];
    // A server that was built without OpenSSL has no pgcrypto, and a sha256() in portable C.
    let has_openssl =
        admin.value("select coalesce(current_setting('ssl_library', true), '')")? == "OpenSSL";
    let remark = if admin
        .execute("create extension if not exists pgcrypto")
        .is_ok()
    {
        let schema = admin.value(
            "select extnamespace::regnamespace from pg_extension where extname = 'pgcrypto'",
        )?;
        functions.push(Function {
            name: "digest()",
            call: format!("encode({schema}.digest({{}}, 'sha256'), 'hex')"),
        });
        "Beside sha256() and pgcrypto's digest(); the better one is named"
    } else {
        "Beside sha256() alone: pgcrypto cannot be created here"
    };
    let built = if has_openssl { "with" } else { "without" };
    Ok((
        functions,
        format!("{remark}. The server was built {built} OpenSSL."),
    ))
}

/// Fills the table, and returns bytes for the parameter.
fn fill(database: &Database<'_>) -> Result<Vec<u8>> {
    let mut random = Seeded::seed_from_u64(SEED);
    let mut admin = database.connect()?;
    admin.execute(
        "create table contents (name text primary key, content bytea not null);
         alter table contents alter column content set storage external",
    )?;
    let insert = admin.prepare("insert into contents values ($1, $2)")?;
    let mebibyte = bytes(&mut random, MEBI);
    let warm = bytes(&mut random, 64 << 10);
    let text = TextGenerator::new(SEED)?.text(MEBI);
    for (name, bytes) in [
        ("1 MiB", &mebibyte[..]),
        ("warm", &warm),
        ("text", text.as_bytes()),
    ] {
        admin.run(&insert, &[name.into(), bytes.into()])?;
    }
    // The repetition begins after a MiB, which is more than the compressor looks back.
    let repeat = |name: &str, count: u32, of: &str| {
        format!(
            "insert into contents select '{name}', string_agg(content, '')
             from contents, generate_series(1, {count}) where name = '{of}'"
        )
    };
    admin.execute(&repeat("16 MiB", 16, "1 MiB"))?;
    admin.execute(&repeat("128 MiB", 128, "1 MiB"))?;
    admin.execute("alter table contents alter column content set storage extended")?;
    admin.execute(&repeat("16 MiB, extended", 16, "1 MiB"))?;
    admin.execute(&repeat("16 MiB, compressed", 16, "text"))?;
    database.settle()?;
    Ok(bytes(&mut random, 16 * MEBI))
}

/// This number of bytes, which do not compress.
fn bytes(random: &mut Seeded, count: usize) -> Vec<u8> {
    random.random_iter().take(count).collect()
}

/// Fails unless all functions return the same digest.
fn agree(case: &Case, hashers: &mut [Hasher], parameter: Option<&[u8]>) -> Result<()> {
    let digests = hashers
        .iter_mut()
        .map(|hasher| hasher.hash(parameter))
        .collect::<Result<Vec<_>>>()?;
    ensure!(
        digests.windows(2).all(|pair| pair.first() == pair.last()),
        "{}: the digests differ: {}",
        case.name,
        digests.join(", ")
    );
    Ok(())
}

/// MiB per second.
fn time(hasher: &mut Hasher, case: &Case, parameter: Option<&[u8]>) -> Result<f64> {
    let start = Instant::now();
    hasher.repeat(case, parameter)?;
    Ok(f64::from(case.calls() * case.mebibytes) / start.elapsed().as_secs_f64())
}

/// The growth of a new connection's memory in MiB: a list for each function.
fn peaks(
    database: &Database<'_>,
    functions: &[Function],
    case: &Case,
    parameter: Option<&[u8]>,
    looks: usize,
) -> Result<Vec<Vec<f64>>> {
    let mut progress = Progress::start(&format!("checksum-memory, {}", case.name));
    let mut peaks = vec![Vec::with_capacity(looks); functions.len()];
    for look in 0..looks {
        progress.show(look, looks);
        for (function, list) in functions.iter().zip(&mut peaks) {
            let mut hasher = Hasher::new(database, function, case)?;
            let backend = hasher.connection.backend;
            let bytes = backend::peak_memory(backend, || hasher.repeat(case, parameter))?;
            list.push(bytes / f64::from(1 << 20));
        }
    }
    Ok(peaks)
}

/// The better direction of a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Best {
    Most,
    Least,
}

impl Best {
    /// The place of the best list after the first, which is ours.
    fn rival(self, measured: &[Vec<f64>]) -> Option<usize> {
        let median = |(place, list): (usize, &Vec<f64>)| (place, Summary::of(list).median);
        let rivals = measured.iter().enumerate().skip(1).map(median);
        let best = match self {
            Best::Most => rivals.max_by(|a, b| a.1.total_cmp(&b.1)),
            Best::Least => rivals.min_by(|a, b| a.1.total_cmp(&b.1)),
        };
        best.map(|(place, _)| place)
    }

    fn target(self, case: &Case) -> Target {
        match self {
            _ if !case.has_target => Target::Ratio,
            Best::Most => Target::AtLeast(0.95),
            Best::Least => Target::AtMost(1.1),
        }
    }
}

fn compare(
    comparison: &mut Comparison,
    case: &Case,
    functions: &[Function],
    measured: &[Vec<f64>],
    best: Best,
) {
    for (place, (function, list)) in functions.iter().zip(measured).enumerate() {
        let name = format!("{}, {}", function.name, case.name);
        comparison.side(name, list, place == 0);
    }
    let rival = best.rival(measured);
    if let (Some(ours), Some(place)) = (measured.first(), rival)
        && let (Some(theirs), Some(function)) = (measured.get(place), functions.get(place))
    {
        let name = format!("{} vs {}", case.name, function.name);
        comparison.pair(name, ours, theirs, best.target(case));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rival_is_the_best_of_the_others() {
        let measured = [vec![9.0], vec![2.0, 3.0, 4.0], vec![1.0, 5.0, 6.0]];
        assert_eq!(Best::Most.rival(&measured), Some(2));
        assert_eq!(Best::Least.rival(&measured), Some(1));
        assert_eq!(Best::Most.rival(&measured[..1]), None);
    }
}

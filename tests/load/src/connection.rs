//! Connections, and the answers to calls on them.

use postgres::{Client, Config, NoTls, SimpleQueryMessage, SimpleQueryRow};
use std::fmt;

pub type Outcome<T> = Result<T, String>;

/// The place of a database: its URLs for the API's login and for a superuser.
#[derive(Clone)]
pub struct Place {
    pub api: String,
    pub superuser: String,
}

impl Place {
    /// Reads both URLs from the environment.
    pub fn read(api: &str, superuser: &str) -> Outcome<Self> {
        let read = |name: &str| {
            std::env::var(name).map_err(|_| {
                format!("{name} is not set: this needs a database, see cargo xtask load")
            })
        };
        Ok(Self {
            api: read(api)?,
            superuser: read(superuser)?,
        })
    }

    /// Connects as the API's login. A statement that runs longer than `timeout` is cancelled, and counts as an endless
    /// wait.
    pub fn caller(&self, timeout: &str) -> Outcome<Client> {
        connect(
            &self.api,
            &format!("-c statement_timeout={timeout} -c synchronous_commit=off -c timezone=UTC"),
        )
    }

    /// Connects as the API's login. Its commits are on disk before they are acknowledged.
    pub fn durable_caller(&self) -> Outcome<Client> {
        connect(&self.api, "-c statement_timeout=20s")
    }

    pub fn superuser(&self, timeout: &str) -> Outcome<Client> {
        connect(
            &self.superuser,
            &format!(
                "-c statement_timeout={timeout} -c synchronous_commit=off -c deadlock_timeout=50ms -c timezone=UTC"
            ),
        )
    }
}

fn connect(url: &str, options: &str) -> Outcome<Client> {
    let mut config: Config = url.parse().map_err(|error| format!("{error}"))?;
    config.options(options);
    config.connect(NoTls).map_err(|error| error.to_string())
}

/// The error of a refused call.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: String,
    pub message: String,
    pub hint: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.code, self.message)
    }
}

/// Rows, or a refusal.
pub type Answer = Result<Vec<SimpleQueryRow>, Refusal>;

/// Sends one message of one or several statements. Fails only if the connection is lost.
pub fn answer(client: &mut Client, sql: &str) -> Outcome<Answer> {
    let error = match client.simple_query(sql) {
        Ok(messages) => return Ok(Ok(only_rows(messages))),
        Err(error) => error,
    };
    let Some(refused) = error.as_db_error() else {
        return Err(error.to_string());
    };
    let refusal = Refusal {
        code: refused.code().code().to_owned(),
        message: refused.message().to_owned(),
        hint: refused.hint().unwrap_or_default().to_owned(),
    };
    client
        .simple_query("rollback")
        .map_err(|_| refusal.to_string())?;
    Ok(Err(refusal))
}

/// The rows of a message that must succeed.
pub fn rows(client: &mut Client, sql: &str) -> Outcome<Vec<SimpleQueryRow>> {
    answer(client, sql)?.map_err(|refusal| format!("{refusal}, in: {}", shortened(sql)))
}

/// The first value of the first row of a message that must succeed.
pub fn value(client: &mut Client, sql: &str) -> Outcome<String> {
    let rows = rows(client, sql)?;
    let value = rows.first().and_then(|row| row.try_get(0).ok().flatten());
    Ok(value.unwrap_or_default().to_owned())
}

/// A column of a row; empty if it is missing or NULL.
pub fn text<'a>(row: &'a SimpleQueryRow, column: &str) -> &'a str {
    row.try_get(column).ok().flatten().unwrap_or_default()
}

/// Whether all columns of a row are NULL. A call without a result must return no row.
pub fn is_all_null(row: &SimpleQueryRow) -> bool {
    !row.is_empty() && (0..row.len()).all(|column| row.get(column).is_none())
}

/// The beginning of a long text, for a report.
pub fn shortened(text: &str) -> String {
    const MOST: usize = 600;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(MOST).collect();
    short.push('…');
    short
}

fn only_rows(messages: Vec<SimpleQueryMessage>) -> Vec<SimpleQueryRow> {
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.collect()
}

//! Connections, and the answers to messages on them.

use postgres::{Client, NoTls, SimpleQueryMessage, SimpleQueryRow};

pub type Outcome<T> = Result<T, String>;

/// Connects to the URL in an environment variable.
fn connect(name: &str) -> Outcome<Client> {
    let url = std::env::var(name)
        .map_err(|_| format!("{name} is not set: this needs a database, see cargo xtask test"))?;
    Client::connect(&url, NoTls).map_err(|error| error.to_string())
}

/// This number of callers, each with its own connection.
pub fn callers(count: usize) -> Outcome<Vec<Client>> {
    (0..count).map(|_| connect("CHATKEEP_API_DB")).collect()
}

/// A superuser without guards and foreign keys, who prepares rows that no call could make.
pub fn superuser() -> Outcome<Client> {
    let mut superuser = connect("CHATKEEP_SUPERUSER_DB")?;
    run(
        &mut superuser,
        "set session_replication_role = replica; set time zone 'UTC'",
    )?;
    Ok(superuser)
}

/// The rows of one message.
pub fn run(client: &mut Client, sql: &str) -> Outcome<Vec<SimpleQueryRow>> {
    let messages = client.simple_query(sql);
    messages.map(only_rows).map_err(|error| error.to_string())
}

/// The rows of a transaction in one message, or the SQLSTATE of its refusal.
pub fn answer(client: &mut Client, sql: &str) -> Outcome<Result<Vec<SimpleQueryRow>, String>> {
    match client.simple_query(sql) {
        Ok(messages) => Ok(Ok(only_rows(messages))),
        Err(error) => {
            let refusal = error.code().map(|code| code.code().to_owned());
            run(client, "rollback")?;
            Ok(Err(refusal.ok_or_else(|| error.to_string())?))
        }
    }
}

fn only_rows(messages: Vec<SimpleQueryMessage>) -> Vec<SimpleQueryRow> {
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.collect()
}

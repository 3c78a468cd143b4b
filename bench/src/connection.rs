//! A connection that sends exactly the given protocol messages and waits only for their answers. It prepares statements
//! once and runs them by name. Several statements may share one Sync, as in the pipelines of the measured stores. It
//! counts round trips.

use anyhow::{Context, Error, Result, anyhow, bail};
use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::IsNull;
use postgres_protocol::authentication::sasl::{ChannelBinding, ScramSha256};
use postgres_protocol::message::backend::{DataRowBody, ErrorResponseBody, Message};
use postgres_protocol::message::frontend;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// A role and its password.
#[derive(Debug, Clone)]
pub struct Login {
    pub user: String,
    pub password: String,
}

/// A parameter: text in its text form, or bytes.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    Null,
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Value::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Value::Bytes(bytes)
    }
}

/// A statement prepared in one connection.
#[derive(Debug, Clone)]
pub struct Statement {
    name: String,
}

/// The rows of a simple query, in text form.
pub type Rows = Vec<Vec<Option<String>>>;

pub struct Connection {
    stream: TcpStream,
    received: BytesMut,
    sending: BytesMut,
    scratch: Vec<u8>,
    /// The process id of the backend.
    pub backend: i32,
    /// How many times the connection has sent messages and waited.
    pub round_trips: u64,
    prepared: usize,
}

impl Connection {
    /// Logs in with SCRAM.
    pub fn open(address: SocketAddr, database: &str, login: &Login) -> Result<Self> {
        let stream = TcpStream::connect(address).context("connecting to the server")?;
        stream.set_nodelay(true).context("setting up the socket")?;
        let mut connection = Self {
            stream,
            received: BytesMut::with_capacity(1 << 16),
            sending: BytesMut::with_capacity(1 << 16),
            scratch: vec![0; 1 << 16],
            backend: 0,
            round_trips: 0,
            prepared: 0,
        };
        let parameters = [
            ("user", login.user.as_str()),
            ("database", database),
            ("client_encoding", "UTF8"),
            ("application_name", "chatkeep-bench"),
        ];
        frontend::startup_message(parameters, &mut connection.sending).context("logging in")?;
        connection.log_in(&login.password)?;
        Ok(connection)
    }

    fn log_in(&mut self, password: &str) -> Result<()> {
        self.send()?;
        let channel = ChannelBinding::unsupported();
        let mut scram = ScramSha256::new(password.as_bytes(), channel);
        loop {
            match self.receive()? {
                Message::AuthenticationSasl(_) => {
                    let first = scram.message();
                    frontend::sasl_initial_response("SCRAM-SHA-256", first, &mut self.sending)
                        .context("logging in")?;
                    self.send()?;
                }
                Message::AuthenticationSaslContinue(body) => {
                    scram.update(body.data()).context("logging in")?;
                    frontend::sasl_response(scram.message(), &mut self.sending)
                        .context("logging in")?;
                    self.send()?;
                }
                Message::AuthenticationSaslFinal(body) => {
                    scram.finish(body.data()).context("logging in")?;
                }
                Message::BackendKeyData(body) => self.backend = body.process_id(),
                Message::ErrorResponse(body) => return Err(refusal(&body)),
                Message::ReadyForQuery(_) => return Ok(()),
                _ => {}
            }
        }
    }

    /// Runs SQL text as one simple query and returns the rows of all its statements.
    pub fn query(&mut self, sql: &str) -> Result<Rows> {
        frontend::query(sql, &mut self.sending).context("sending a query")?;
        self.send()?;
        self.answer_to(sql, true)
    }

    /// Runs SQL text as one simple query and waits, as clients do for BEGIN and COMMIT.
    pub fn execute(&mut self, sql: &str) -> Result<()> {
        frontend::query(sql, &mut self.sending).context("sending a query")?;
        self.send()?;
        self.answer_to(sql, false).map(drop)
    }

    /// The single value of a query.
    pub fn value(&mut self, sql: &str) -> Result<String> {
        let rows = self.query(sql)?;
        let cell = rows
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next());
        cell.flatten()
            .ok_or_else(|| anyhow!("no value came from: {}", shortened(sql)))
    }

    /// The single number of a query.
    pub fn number(&mut self, sql: &str) -> Result<f64> {
        self.value(sql)?.parse().context("reading a number")
    }

    /// Prepares a statement, which lives as long as the connection.
    pub fn prepare(&mut self, sql: &str) -> Result<Statement> {
        self.prepared += 1;
        let name = format!("s{}", self.prepared);
        frontend::parse(&name, sql, [], &mut self.sending).context("preparing")?;
        frontend::sync(&mut self.sending);
        self.send()?;
        self.answer_to(sql, false)?;
        Ok(Statement { name })
    }

    /// Runs one prepared statement and waits for its rows.
    pub fn run(&mut self, statement: &Statement, values: &[Value<'_>]) -> Result<()> {
        self.pipeline(&[(statement, values)])
    }

    /// Runs one prepared statement and returns its rows in text form.
    pub fn fetch(&mut self, statement: &Statement, values: &[Value<'_>]) -> Result<Rows> {
        self.bind_and_execute(&statement.name, values)?;
        frontend::sync(&mut self.sending);
        self.send()?;
        self.answer(true)
    }

    /// Runs one prepared statement and passes each row of `COLUMNS` values to `see`, without a copy. NULL is an empty
    /// value.
    pub fn visit<const COLUMNS: usize>(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>],
        mut see: impl FnMut(&[&[u8]; COLUMNS]),
    ) -> Result<()> {
        self.bind_and_execute(&statement.name, values)?;
        frontend::sync(&mut self.sending);
        self.send()?;
        self.rows(|body| {
            let mut row = [&[][..]; COLUMNS];
            let mut ranges = body.ranges();
            for value in &mut row {
                let range = ranges.next().context("reading a row")?.flatten();
                *value = range
                    .and_then(|range| body.buffer().get(range))
                    .unwrap_or_default();
            }
            see(&row);
            Ok(())
        })
    }

    /// Runs prepared statements with one Sync after the last, and waits for all of them. Outside BEGIN they are one
    /// transaction.
    pub fn pipeline(&mut self, statements: &[(&Statement, &[Value<'_>])]) -> Result<()> {
        for (statement, values) in statements {
            self.bind_and_execute(&statement.name, values)?;
        }
        frontend::sync(&mut self.sending);
        self.send()?;
        self.answer(false).map(drop)
    }

    /// Runs unprepared SQL text in two round trips: Parse, Describe and Flush, then the other messages.
    pub fn run_described(&mut self, sql: &str, values: &[Value<'_>]) -> Result<()> {
        frontend::parse("", sql, [], &mut self.sending).context("preparing")?;
        frontend::describe(b'S', "", &mut self.sending).context("describing")?;
        frontend::flush(&mut self.sending);
        self.send()?;
        loop {
            match self.receive()? {
                Message::RowDescription(_) | Message::NoData => break,
                Message::ErrorResponse(body) => return Err(refusal(&body)),
                _ => {}
            }
        }
        self.bind_and_execute("", values)?;
        frontend::sync(&mut self.sending);
        self.send()?;
        self.answer(false).map(drop)
    }

    /// Sends only a Sync and waits: the shortest possible round trip.
    pub fn ping(&mut self) -> Result<()> {
        frontend::sync(&mut self.sending);
        self.send()?;
        self.answer(false).map(drop)
    }

    fn bind_and_execute(&mut self, statement: &str, values: &[Value<'_>]) -> Result<()> {
        let formats = values.iter().map(|value| match value {
            Value::Bytes(_) => 1,
            Value::Null | Value::Text(_) => 0,
        });
        let serializer = |value: &Value<'_>, buffer: &mut BytesMut| {
            match value {
                Value::Null => return Ok(IsNull::Yes),
                Value::Text(text) => buffer.extend_from_slice(text.as_bytes()),
                Value::Bytes(bytes) => buffer.extend_from_slice(bytes),
            }
            Ok(IsNull::No)
        };
        let binary_results = [1];
        frontend::bind(
            "",
            statement,
            formats,
            values,
            serializer,
            binary_results,
            &mut self.sending,
        )
        .map_err(|_| anyhow!("a parameter is too long for the protocol"))?;
        frontend::execute("", 0, &mut self.sending).context("sending a statement")
    }

    fn send(&mut self) -> Result<()> {
        self.round_trips += 1;
        self.stream
            .write_all(&self.sending)
            .context("sending to the server")?;
        self.sending.clear();
        Ok(())
    }

    fn receive(&mut self) -> Result<Message> {
        loop {
            if let Some(message) =
                Message::parse(&mut self.received).context("reading the server's answer")?
            {
                return Ok(message);
            }
            let length = self
                .stream
                .read(&mut self.scratch)
                .context("reading the server's answer")?;
            if length == 0 {
                bail!("the server closed the connection");
            }
            self.received
                .extend_from_slice(self.scratch.get(..length).unwrap_or_default());
        }
    }

    /// Reads up to ReadyForQuery and returns the first error.
    fn answer(&mut self, keep_rows: bool) -> Result<Rows> {
        let mut rows = Rows::new();
        self.rows(|row| {
            if keep_rows {
                rows.push(texts(row)?);
            }
            Ok(())
        })?;
        Ok(rows)
    }

    /// Reads up to ReadyForQuery, and names the statement in an error.
    fn answer_to(&mut self, sql: &str, keep_rows: bool) -> Result<Rows> {
        self.answer(keep_rows)
            .map_err(|error| anyhow!("{error:#}\n  in: {}", shortened(sql)))
    }

    /// Reads up to ReadyForQuery, row by row.
    fn rows(&mut self, mut see: impl FnMut(&DataRowBody) -> Result<()>) -> Result<()> {
        let mut refused = None;
        loop {
            match self.receive()? {
                Message::DataRow(body) => see(&body)?,
                Message::ErrorResponse(body) => refused = refused.or(Some(refusal(&body))),
                Message::ReadyForQuery(_) => return refused.map_or(Ok(()), Err),
                _ => {}
            }
        }
    }
}

fn texts(row: &DataRowBody) -> Result<Vec<Option<String>>> {
    let cell = |range: Option<std::ops::Range<usize>>| {
        let bytes = range.and_then(|range| row.buffer().get(range));
        Ok(bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
    };
    row.ranges().map(cell).collect().context("reading a row")
}

fn refusal(body: &ErrorResponseBody) -> Error {
    let mut code = String::new();
    let mut message = String::new();
    let mut fields = body.fields();
    while let Ok(Some(field)) = fields.next() {
        let text = String::from_utf8_lossy(field.value_bytes()).into_owned();
        match field.type_() {
            b'C' => code = text,
            b'M' => message = text,
            _ => {}
        }
    }
    anyhow!("the server answers {code}: {message}")
}

/// The beginning of a long statement.
fn shortened(sql: &str) -> String {
    let mut short: String = sql.chars().take(300).collect();
    if short.len() < sql.len() {
        short.push('…');
    }
    short
}

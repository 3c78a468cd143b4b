//! One of the two databases, and its answers.

use super::call::{Call, Level, Order};
use super::callers::People;
use super::names::Names;
use crate::connection::{Answer, Outcome, Place, answer, rows, value};
use crate::store;
use postgres::{Client, SimpleQueryRow};
use std::fmt;

/// The `statement_timeout`. No call takes so long unless it is stuck.
const TIMEOUT: &str = "20s";

pub struct Side {
    name: &'static str,
    caller: Client,
    superuser: Client,
    names: Names,
}

/// An answer with names in place of the database's values.
#[derive(PartialEq, Eq)]
pub enum NamedAnswer {
    Rows(Vec<String>),
    Refused {
        code: String,
        message: String,
        hint: String,
    },
}

impl NamedAnswer {
    pub const fn is_refused(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    /// Whether it is an error that should have been a refusal.
    pub fn is_raw(&self) -> bool {
        let Self::Refused { code, .. } = self else {
            return false;
        };
        RAW.iter().any(|class| code.starts_with(class))
    }
}

/// Classes of SQLSTATE that no call may end with, whatever its arguments: constraint violation, transaction rollback,
/// insufficient resources, operator intervention, internal error.
const RAW: [&str; 5] = ["23", "40", "53", "57", "XX"];

impl fmt::Display for NamedAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(rows) => write!(formatter, "{} rows: {}", rows.len(), rows.join("; ")),
            Self::Refused {
                code,
                message,
                hint,
            } => write!(formatter, "{code} {message} ({hint})"),
        }
    }
}

impl Side {
    pub fn open(place: &Place, engine: &'static str) -> Outcome<Self> {
        let mut side = Self {
            name: engine,
            caller: place.caller(TIMEOUT)?,
            superuser: place.superuser(TIMEOUT)?,
            names: Names::default(),
        };
        let found = value(&mut side.superuser, "select engine from chatkeep.engine()")?;
        if found != engine {
            return Err(format!(
                "this is to be a {engine} database, and is a {found} one"
            ));
        }
        Ok(side)
    }

    /// Empties the database and makes the users.
    pub fn begin(&mut self, people: &People) -> Outcome<()> {
        store::empty(&mut self.superuser)?;
        rows(&mut self.superuser, &people.sql())?;
        // All times of the run are in this range: a session lives at most 400 days, and midnight may pass.
        let day = |client: &mut Client, days: i32| {
            value(client, &format!("select (current_date + {days})::text"))
        };
        self.names = Names::new(
            day(&mut self.superuser, -1)?,
            day(&mut self.superuser, 440)?,
        );
        Ok(())
    }

    pub fn answer(&mut self, call: &Call) -> Outcome<NamedAnswer> {
        let request = self.names.resolved(&call.request);
        let client = match call.level {
            Level::Caller => &mut self.caller,
            Level::Superuser => &mut self.superuser,
        };
        let answered = answer(client, &request);
        let answered = answered.map_err(|error| format!("{}: {error}, in {request}", self.name))?;
        Ok(self.name_answer(answered, call.order))
    }

    /// Every row of the store.
    pub fn rows(&mut self) -> Outcome<NamedAnswer> {
        let answered = answer(&mut self.superuser, include_str!("rows.sql"))?;
        Ok(self.name_answer(answered, Order::Any))
    }

    fn name_answer(&mut self, answered: Answer, order: Order) -> NamedAnswer {
        let refusal = match answered {
            Ok(rows) => {
                let mut lines: Vec<String> = rows.iter().map(|row| self.row(row, order)).collect();
                if order == Order::Any {
                    lines.sort_unstable();
                }
                return NamedAnswer::Rows(lines);
            }
            Err(refusal) => refusal,
        };
        NamedAnswer::Refused {
            code: refusal.code,
            message: self.names.named(&refusal.message),
            hint: self.names.named(&refusal.hint),
        }
    }

    /// A row as text. If rows may come in any order, their names would too, so all ids get the same name.
    fn row(&mut self, row: &SimpleQueryRow, order: Order) -> String {
        let columns = row.columns().iter().enumerate().map(|(place, column)| {
            let name = column.name();
            match (row.get(place), order) {
                (None, _) => format!("{name} is null"),
                (Some(text), Order::Given) => format!("{name}={}", self.names.named(text)),
                (Some(text), Order::Any) => format!("{name}={}", self.names.masked(text)),
            }
        });
        columns.collect::<Vec<_>>().join(", ")
    }
}

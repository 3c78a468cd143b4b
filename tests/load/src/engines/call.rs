//! A call: its request, whose connection it takes, and what its answer holds.

pub struct Call {
    pub name: &'static str,
    pub request: String,
    pub level: Level,
    /// What ids in its answer are of.
    pub makes: Option<Kind>,
    pub order: Order,
    /// Its caller cannot be told: a call that has bad arguments too may be refused for either.
    pub is_unreadable: bool,
}

/// What an id is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Chat,
    Message,
    Session,
    Token,
    Document,
}

/// Whether the order of the rows is a part of the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Given,
    /// Rows of one time may come in any order.
    Any,
}

/// Whose connection a call takes.
pub enum Level {
    Caller,
    Superuser,
}

/// What is asked, by whomever.
pub struct Asked {
    pub name: &'static str,
    pub sql: String,
    pub makes: Option<Kind>,
    pub order: Order,
}

/// The literal of an argument; none where it is left out.
pub type Argument = Option<String>;

impl Asked {
    /// A call that returns rows, whose ids are of a kind.
    pub fn rows<const COUNT: usize>(
        name: &'static str,
        arguments: [(&str, Argument); COUNT],
        makes: Option<Kind>,
    ) -> Self {
        Self {
            name,
            sql: format!("select * from {}", written(name, arguments)),
            makes,
            order: Order::Given,
        }
    }

    /// A call that returns one value.
    pub fn scalar<const COUNT: usize>(
        name: &'static str,
        arguments: [(&str, Argument); COUNT],
    ) -> Self {
        Self {
            name,
            sql: format!("select {}", written(name, arguments)),
            makes: None,
            order: Order::Given,
        }
    }

    pub const fn in_any_order(mut self) -> Self {
        self.order = Order::Any;
        self
    }
}

fn written<const COUNT: usize>(name: &str, arguments: [(&str, Argument); COUNT]) -> String {
    let given = arguments
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name} => {}", value?)));
    format!("chatkeep.{name}({})", given.collect::<Vec<_>>().join(", "))
}

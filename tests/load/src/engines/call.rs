//! A call: its request, its connection, and the ids in its answer.

pub struct Call {
    pub name: &'static str,
    pub request: String,
    pub level: Level,
    /// The kind of the ids in its answer.
    pub makes: Option<Kind>,
    pub order: Order,
    /// Whether the caller's claims are unreadable. If such a call has bad arguments too, it may be refused for either
    /// reason.
    pub is_unreadable: bool,
}

/// The kind of an id.
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
    /// Rows with the same time may come in any order.
    Any,
}

/// The connection of a call.
pub enum Level {
    Caller,
    Superuser,
}

/// The request of a call, without its caller.
pub struct Statement {
    pub name: &'static str,
    pub sql: String,
    pub makes: Option<Kind>,
    pub order: Order,
}

/// The literal of an argument; none if it is left out.
pub type Argument = Option<String>;

impl Statement {
    /// A call that returns rows with ids of a kind.
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

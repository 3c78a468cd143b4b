//! A store of conversations in a benchmark, and the messages to store.

use crate::connection::Connection;
use crate::random::SEED;
use crate::text::TextGenerator;
use anyhow::Result;
use std::rc::Rc;

/// The characters of a message.
pub const MESSAGE: usize = 500;

pub trait Store {
    /// The store's name in the table.
    fn name(&self) -> &str;

    /// The connection of its turns.
    fn connection(&mut self) -> &mut Connection;

    /// Opens a new conversation that already has `turns` turns.
    fn open(&mut self, turns: usize) -> Result<()>;

    /// Stores one turn of the conversation opened last.
    fn turn(&mut self) -> Result<()>;

    /// The tables that a turn writes.
    fn tables(&self) -> &'static [&'static str];
}

/// Messages to store. They are made in advance and used in turn.
#[derive(Clone)]
pub struct Texts {
    pool: Rc<[Rc<str>]>,
    next: usize,
}

impl Texts {
    pub fn new() -> Result<Self> {
        let mut texts = TextGenerator::new(SEED)?;
        Ok(Self {
            pool: (0..512).map(|_| texts.text(MESSAGE).into()).collect(),
            next: 0,
        })
    }

    pub fn next(&mut self) -> Rc<str> {
        self.next += 1;
        self.pool
            .get(self.next % self.pool.len())
            .map_or_else(|| "".into(), Rc::clone)
    }
}

/// Makes a store's tables in a new schema, and sets the connection's search path to it.
pub fn create_tables(connection: &mut Connection, schema: &str, sql: &str) -> Result<()> {
    connection.execute(&format!(
        "create schema {schema}; set search_path = {schema}; {sql}"
    ))
}

//! What a store of conversations does in a benchmark, and the messages that it stores.

use crate::connection::Connection;
use crate::random::SEED;
use crate::text::TextGenerator;
use anyhow::Result;
use std::rc::Rc;

/// Characters of a message.
pub const MESSAGE: usize = 500;

pub trait Store {
    /// What the table calls it.
    fn name(&self) -> &str;

    /// The connection that its turns run on.
    fn connection(&mut self) -> &mut Connection;

    /// Begins a new conversation, `turns` of which are there already.
    fn open(&mut self, turns: usize) -> Result<()>;

    /// Stores one turn of the conversation that was opened last.
    fn turn(&mut self) -> Result<()>;

    /// The tables that a turn writes.
    fn tables(&self) -> &'static [&'static str];
}

/// Messages to store, made beforehand and handed out in a circle.
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

/// Makes a store's tables in a schema of their own, and looks them up there from now on.
pub fn create_tables(connection: &mut Connection, schema: &str, sql: &str) -> Result<()> {
    connection.execute(&format!(
        "create schema {schema}; set search_path = {schema}; {sql}"
    ))
}

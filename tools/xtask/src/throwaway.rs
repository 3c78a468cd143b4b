//! Databases of tests and demo: made anew, mostly without flushing to disk, and gone at the end.

use crate::arguments::Engine;
use crate::database::{Database, Wanted};
use crate::failure::Result;
use crate::places::Places;
use crate::server::Durability;
use crate::step::Step;

/// A database that is removed when it goes out of scope, also after an error or Ctrl-C.
pub struct Throwaway(pub Database);

impl Throwaway {
    /// Makes a new one; the name tells who made it and carries the process id.
    pub fn start(places: &Places, purpose: &str, major: u16, engine: Engine) -> Result<Self> {
        Database::start(places, &wanted(purpose, major, engine)).map(Self)
    }

    /// Makes a new one that keeps what it acknowledged when it is killed.
    pub fn start_durable(
        places: &Places,
        purpose: &str,
        major: u16,
        engine: Engine,
    ) -> Result<Self> {
        let wanted = Wanted {
            durability: Durability::Full,
            ..wanted(purpose, major, engine)
        };
        Database::start(places, &wanted).map(Self)
    }

    /// Makes a new one with what the caller puts into it: no engine is selected, nothing is built for it.
    pub fn start_with(
        places: &Places,
        purpose: &str,
        major: u16,
        prepare: impl FnOnce(&Database, &Places, &mut Step) -> Result<()>,
    ) -> Result<Self> {
        // The migrations by themselves are the portable engine.
        let wanted = wanted(purpose, major, Engine::Portable);
        Database::start_with(places, &wanted, prepare).map(Self)
    }
}

fn wanted(purpose: &str, major: u16, engine: Engine) -> Wanted {
    Wanted {
        name: format!("{purpose}-pg{major}-{engine}-{}", std::process::id()),
        major,
        engine,
        port: None,
        durability: Durability::None,
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        if let Err(failure) = self.0.remove() {
            eprintln!("Database {} could not be removed: {failure}", self.0.name);
        }
    }
}

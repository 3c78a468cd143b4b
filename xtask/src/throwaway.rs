//! Databases of tests and demo: made anew, without flushing to disk, and gone at the end.

use crate::arguments::Engine;
use crate::database::{Database, Wanted};
use crate::failure::Result;
use crate::places::Places;
use crate::server::Durability;

/// A database that is removed when it goes out of scope, also after an error or Ctrl-C.
pub struct Throwaway(pub Database);

impl Throwaway {
    /// Makes a new one; the name tells who made it and carries the process id.
    pub fn start(places: &Places, purpose: &str, major: u16, engine: Engine) -> Result<Self> {
        let name = format!("{purpose}-pg{major}-{engine}-{}", std::process::id());
        let durability = Durability::None;
        let wanted = Wanted {
            name,
            major,
            engine,
            port: None,
            durability,
        };
        Database::start(places, &wanted).map(Self)
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        if let Err(failure) = self.0.remove() {
            eprintln!("Database {} could not be removed: {failure}", self.0.name);
        }
    }
}

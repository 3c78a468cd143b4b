//! Random data. Texts and documents depend only on their seed, so all sides get the same ones. Ids are new in every
//! run.

use crate::clock;
use chatkeep_core::uuid as ids;

/// The generator of texts and documents. It is named because rand's standard generators may change with its version.
pub use rand::rngs::Xoshiro256PlusPlus as Seeded;

/// The seed of all texts and documents of a run. The report names it.
pub const SEED: u64 = 7;

/// A UUID of version 7, made now.
pub fn uuid() -> String {
    ids::format(&ids::v7(clock::milliseconds(), rand::random()))
}

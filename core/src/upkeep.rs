//! The rules for the arguments of upkeep calls: the minimum age of the rows, and the size of a batch.

use crate::Refusal;

/// The arguments of an upkeep call. For a call without `older_than`, pass zero.
#[derive(Clone, Copy, Debug)]
pub struct Upkeep {
    /// The minimum age of the rows, in microseconds: zero or more.
    pub older_than: Option<i64>,
    /// The most rows that one call processes: 1 to `most`.
    pub batch_size: Option<i32>,
    /// The largest batch of the call.
    pub most: i32,
}

impl Upkeep {
    /// Checks the arguments in the order of the signature and returns the first refusal: 22004 if one is missing, else 22023.
    pub fn check(&self) -> Result<(), Refusal> {
        let older_than = self
            .older_than
            .ok_or_else(|| Refusal::missing("older_than"))?;
        if older_than < 0 {
            return Err(Refusal::invalid(
                "older_than",
                "must not be negative",
                "Pass an interval such as '15 minutes'.",
            ));
        }
        let batch_size = self
            .batch_size
            .ok_or_else(|| Refusal::missing("batch_size"))?;
        if (1..=self.most).contains(&batch_size) {
            return Ok(());
        }
        Err(Refusal::invalid(
            "batch_size",
            &format!("must be between 1 and {}", self.most),
            "Call again until nothing is left.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_not_negative_and_a_batch_is_bounded() {
        for (older_than, batch_size, message) in [
            (Some(0), Some(1), ""),
            (Some(1), Some(1_000), ""),
            (None, Some(1), "older_than is missing"),
            (Some(-1), Some(1), "older_than must not be negative"),
            (Some(0), None, "batch_size is missing"),
            (Some(0), Some(0), "batch_size must be between 1 and 1000"),
            (
                Some(0),
                Some(1_001),
                "batch_size must be between 1 and 1000",
            ),
        ] {
            let run = Upkeep {
                older_than,
                batch_size,
                most: 1_000,
            };
            let refusal = run.check().err();
            assert_eq!(
                refusal.map_or(String::new(), |refusal| refusal.message),
                message
            );
        }
    }
}

//! Repeats measurements in rounds. Each round measures every side once, in alternating order, so that a disturbance of
//! the machine affects all sides.

use crate::progress::Progress;
use anyhow::Result;

/// Measures each side once per round. The result holds one list per side, one entry per round.
pub fn alternate<S>(
    name: &str,
    rounds: usize,
    sides: &mut [S],
    mut measure: impl FnMut(&mut S) -> Result<f64>,
) -> Result<Vec<Vec<f64>>> {
    let mut measured = vec![Vec::with_capacity(rounds); sides.len()];
    let mut progress = Progress::start(name);
    for round in 0..rounds {
        progress.show(round, rounds);
        let mut order: Vec<usize> = (0..sides.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for index in order {
            if let (Some(side), Some(list)) = (sides.get_mut(index), measured.get_mut(index)) {
                list.push(measure(side)?);
            }
        }
    }
    Ok(measured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_alternate_and_keep_their_own_measurements() {
        let mut order = Vec::new();
        let measured = alternate("test", 2, &mut [1.0, 2.0], |side| {
            order.push(*side);
            Ok(*side)
        });
        assert_eq!(measured.unwrap(), [[1.0, 1.0], [2.0, 2.0]]);
        assert_eq!(order, [1.0, 2.0, 2.0, 1.0]);
    }
}

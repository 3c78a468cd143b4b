//! Random choices from a seed: the same seed and place give the same choices on every machine.

/// `SplitMix64` (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    /// The dice for a place, for instance for the third turn of the second client. Throws at one place do not change
    /// those at another place.
    pub fn at(seed: u64, place: &[u64]) -> Self {
        let mut dice = Self(seed);
        for number in place {
            let mixed = dice.number() ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93);
            dice.0 = mixed;
        }
        dice
    }

    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `limit` - 1; 0 if the limit is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = limit.max(1) as u64;
        usize::try_from(self.number() % limit).unwrap_or(0)
    }

    /// True once in this number of throws, on average.
    pub fn once_in(&mut self, throws: usize) -> bool {
        self.below(throws) == 0
    }

    /// One of several.
    pub fn of<T: Copy, const COUNT: usize>(&mut self, items: [T; COUNT]) -> T {
        items[self.below(COUNT)]
    }

    /// One of a list that may be empty.
    pub fn among<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in (1..items.len()).rev() {
            items.swap(place, self.below(place + 1));
        }
    }

    /// A UUID with the form of version 4.
    pub fn uuid(&mut self) -> String {
        let (high, low) = (self.number(), self.number());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            (low >> 48) & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_depend_on_the_place() {
        let throw = |place: &[u64]| Dice::at(7, place).uuid();
        assert_eq!(throw(&[1, 2]), throw(&[1, 2]));
        assert_ne!(throw(&[1, 2]), throw(&[2, 1]));
        assert_ne!(throw(&[1, 2]), throw(&[1, 3]));
    }

    #[test]
    fn a_uuid_has_the_form_of_version_4() {
        let uuid = Dice::at(1, &[]).uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.get(14..15), Some("4"));
    }
}

//! Text to store. The words are invented, and their frequencies follow Zipf's law as in real languages, so that
//! compression and full-text search behave as with real conversations.

use crate::random::Seeded;
use anyhow::{Context, Result};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_distr::Zipf;
use std::collections::HashSet;

/// The number of different words.
const VOCABULARY: u16 = 20_000;

pub struct TextGenerator {
    by_rank: Vec<String>,
    ranks: Zipf<f64>,
    random: Seeded,
}

impl TextGenerator {
    /// The same seed gives the same words and texts.
    pub fn new(seed: u64) -> Result<Self> {
        let mut random = Seeded::seed_from_u64(seed);
        let mut by_rank = Vec::new();
        let mut known = HashSet::new();
        while by_rank.len() < usize::from(VOCABULARY) {
            let word = invent(&mut random, by_rank.len());
            if known.insert(word.clone()) {
                by_rank.push(word);
            }
        }
        Ok(Self {
            by_rank,
            ranks: Zipf::new(f64::from(VOCABULARY), 1.0).context("weighing words")?,
            random,
        })
    }

    /// The word with this rank. Rank 0 is the most frequent word.
    pub fn ranked(&self, rank: usize) -> &str {
        self.by_rank.get(rank).map_or("", String::as_str)
    }

    /// A text of exactly this many characters, all of them ASCII.
    pub fn text(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length + 16);
        while text.len() < length {
            // The distribution returns ranks from 1, as whole numbers.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let rank = self.random.sample(self.ranks) as usize - 1;
            text.push_str(self.ranked(rank));
            text.push(' ');
        }
        text.truncate(length);
        text
    }
}

/// Two to five syllables. Frequent words are short.
fn invent(random: &mut Seeded, rank: usize) -> String {
    const SYLLABLES: [&str; 24] = [
        "ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu",
        "an", "el", "is", "or", "un", "tha", "gre", "plo", "sti",
    ];
    let count = 2 + usize::from(rank > 100) + usize::from(rank > 2_000) + random.random_range(0..2);
    (0..count)
        .filter_map(|_| SYLLABLES.choose(random))
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_given_length_and_depend_on_the_seed_alone() {
        let text = |seed| TextGenerator::new(seed).unwrap().text(500);
        assert_eq!(text(1).len(), 500);
        assert_eq!(text(1), text(1));
        assert_ne!(text(1), text(2));
    }

    #[test]
    fn a_frequent_word_is_more_frequent_than_a_rare_one() {
        let mut texts = TextGenerator::new(3).unwrap();
        let text = texts.text(200_000);
        let count = |rank| {
            let word = texts.ranked(rank).to_owned();
            text.split(' ').filter(|found| **found == word).count()
        };
        assert!(count(0) > 20 * count(500).max(1));
    }
}

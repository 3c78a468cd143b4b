//! Text to store: words of a made-up language, as often used as words are (Zipf), so that
//! compression and full-text search meet what they meet in real conversations.

use crate::random::Random;

/// TextGenerator of the language.
pub const VOCABULARY: usize = 20_000;

pub struct TextGenerator {
    by_rank: Vec<String>,
    /// Sums of 1/rank up to each word.
    weights: Vec<f64>,
    random: Random,
}

impl TextGenerator {
    /// The same seed gives the same words and texts.
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut words = Vec::with_capacity(VOCABULARY);
        let mut weights = Vec::with_capacity(VOCABULARY);
        let mut known = std::collections::HashSet::new();
        let (mut sum, mut rank) = (0.0, 0.0);
        while words.len() < VOCABULARY {
            let word = invent(&mut random, words.len());
            if known.insert(word.clone()) {
                words.push(word);
                rank += 1.0;
                sum += 1.0 / rank;
                weights.push(sum);
            }
        }
        Self {
            by_rank: words,
            weights,
            random,
        }
    }

    /// The word of a rank: 0 is the most frequent one.
    pub fn ranked(&self, rank: usize) -> &str {
        self.by_rank.get(rank).map_or("", String::as_str)
    }

    fn next(&mut self) -> &str {
        let sum = self.weights.last().copied().unwrap_or_default();
        let place = self.random.share() * sum;
        let rank = self.weights.partition_point(|weight| *weight < place);
        self.ranked(rank)
    }

    /// A text of exactly this many characters, all of them ASCII.
    pub fn text(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length + 16);
        while text.len() < length {
            let word = self.next().to_owned();
            text.push_str(&word);
            text.push(' ');
        }
        text.truncate(length);
        text
    }
}

/// Two to five syllables; the frequent words are short, as they are.
fn invent(random: &mut Random, rank: usize) -> String {
    const SYLLABLES: [&str; 24] = [
        "ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu",
        "an", "el", "is", "or", "un", "tha", "gre", "plo", "sti",
    ];
    let count = 2 + usize::from(rank > 100) + usize::from(rank > 2_000) + random.below(2);
    (0..count)
        .filter_map(|_| SYLLABLES.get(random.below(SYLLABLES.len())))
        .copied()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_the_length_asked_for_and_repeat_with_the_seed() {
        let text = TextGenerator::new(1).text(500);
        assert_eq!(text.len(), 500);
        assert_eq!(text, TextGenerator::new(1).text(500));
        assert_ne!(text, TextGenerator::new(2).text(500));
    }

    #[test]
    fn a_frequent_word_is_more_frequent_than_a_rare_one() {
        let mut words = TextGenerator::new(3);
        let text = words.text(200_000);
        let count = |rank| {
            let word = words.ranked(rank).to_owned();
            text.split(' ').filter(|found| **found == word).count()
        };
        assert!(count(0) > 20 * count(500).max(1));
    }
}

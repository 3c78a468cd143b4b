//! Makes arguments: mostly good ones from known values, sometimes odd ones.

use super::call::{Argument, Call, Kind};
use super::callers::{People, chosen};
use super::names::{Names, placeholder};
use super::side::NamedAnswer;
use super::values;
use crate::dice::Dice;
use crate::literal;

/// The number of calls for which a token is used. They take far less than the ten seconds of grace, and older spent
/// tokens are not used: at the end of the grace the two databases might judge one differently.
const TOKEN_LIFE: u64 = 300;

/// The values that both databases have.
pub struct Known {
    /// The ids and tokens by kind and name, and the call that returned them first.
    made: Vec<(Kind, usize, u64)>,
    chats: Vec<String>,
    messages: Vec<String>,
}

impl Known {
    pub fn new(seed: u64, round: u64) -> Self {
        let mut dice = Dice::at(seed, &[round, 8000]);
        let mut some = |count: usize| (0..count).map(|_| chosen(&mut dice)).collect();
        Self {
            made: Vec::new(),
            chats: some(12),
            messages: some(60),
        }
    }

    /// Records the number of the current call.
    pub fn pass(&mut self, number: u64) {
        self.made
            .retain(|(kind, _, seen)| *kind != Kind::Token || seen + TOKEN_LIFE > number);
    }

    /// Records the new ids and tokens of an answer.
    pub fn remember(&mut self, call: &Call, answer: &NamedAnswer, number: u64) {
        let (Some(kind), NamedAnswer::Rows(rows)) = (call.makes, answer) else {
            return;
        };
        for row in rows {
            for field in row.split(", ") {
                let kind = match field.split_once('=') {
                    Some(("token", _)) => Kind::Token,
                    Some(("id" | "session_id", _)) => kind,
                    _ => continue,
                };
                for name in Names::numbers(field) {
                    if !self.made.iter().any(|(_, known, _)| *known == name) {
                        self.made.push((kind, name, number));
                    }
                }
            }
        }
    }
}

pub struct Maker<'a> {
    pub known: &'a mut Known,
    pub people: &'a People,
    pub dice: &'a mut Dice,
}

impl Maker<'_> {
    /// Usually the good value, and sometimes a bad one.
    fn mostly(&mut self, good: String, bad: impl FnOnce(&mut Dice) -> String) -> String {
        if self.dice.once_in(12) {
            bad(self.dice)
        } else {
            good
        }
    }

    /// An argument that is often left out.
    pub fn perhaps(&mut self, value: impl FnOnce(&mut Self) -> String) -> Argument {
        let is_given = self.dice.once_in(3);
        is_given.then(|| value(self))
    }

    /// An id of a kind that a database has made, by its name.
    fn made(&mut self, kind: Kind) -> Option<String> {
        let made = self.known.made.iter().filter(|(known, ..)| *known == kind);
        // Only the latest ones, because older ones may be deleted and then always give the same answer.
        let names: Vec<usize> = made.rev().take(12).map(|(_, name, _)| *name).collect();
        let name = self.dice.among(&names)?;
        Some(format!("'{}'", placeholder(*name)))
    }

    fn id(&mut self, kind: Kind) -> String {
        let made = self.made(kind);
        let unknown = format!("'{}'", chosen(self.dice));
        self.mostly(made.unwrap_or(unknown), values::bad_uuid)
    }

    pub fn chat(&mut self) -> String {
        let chosen = self.chosen_chat();
        let made = self.made(Kind::Chat).filter(|_| self.dice.once_in(5));
        self.mostly(made.unwrap_or(format!("'{chosen}'")), values::bad_uuid)
    }

    pub fn chosen_chat(&mut self) -> String {
        self.dice
            .among(&self.known.chats)
            .cloned()
            .unwrap_or_default()
    }

    pub fn message(&mut self) -> String {
        let chosen = self.chosen_message();
        let made = self.made(Kind::Message).filter(|_| self.dice.once_in(3));
        self.mostly(made.unwrap_or(format!("'{chosen}'")), values::bad_uuid)
    }

    pub fn chosen_message(&mut self) -> String {
        self.dice
            .among(&self.known.messages)
            .cloned()
            .unwrap_or_default()
    }

    pub fn session(&mut self) -> String {
        self.id(Kind::Session)
    }

    pub fn document(&mut self) -> String {
        self.id(Kind::Document)
    }

    pub fn token(&mut self) -> String {
        let made = self.made(Kind::Token);
        self.mostly(made.unwrap_or("'cks_'".to_owned()), values::bad_token)
    }

    pub fn person(&mut self) -> String {
        format!("'{}'", self.people.any(self.dice))
    }

    pub fn text(&mut self) -> String {
        literal::text(&values::text(self.dice))
    }

    pub fn object(&mut self) -> String {
        let good = values::object(self.dice);
        let json = self.mostly(good, values::bad_json);
        literal::text(&json)
    }

    pub fn array(&mut self) -> String {
        let good = self
            .dice
            .of(["[]", "[1, null]", r#"[{"type": "text", "text": "ä"}]"#]);
        let json = self.mostly(good.to_owned(), values::bad_json);
        literal::text(&json)
    }

    /// One of these words, or sometimes another one.
    pub fn word<const COUNT: usize>(&mut self, words: [&str; COUNT]) -> String {
        let good = self.dice.of(words).to_owned();
        let word = self.mostly(good, values::text);
        literal::text(&word)
    }

    pub fn number(&mut self, good: [i64; 4]) -> String {
        let good = self.dice.of(good).to_string();
        self.mostly(good, values::number)
    }

    pub fn time(&mut self) -> String {
        values::time(self.dice)
    }

    pub fn age(&mut self) -> String {
        let good = self
            .dice
            .of(["'0 s'", "'0 s'", "'1 day'", "'400 days'"])
            .to_owned();
        self.mostly(good, values::interval)
    }

    pub fn batch_size(&mut self) -> Argument {
        self.perhaps(|maker| maker.number([1, 5, 100, 1000]))
    }
}

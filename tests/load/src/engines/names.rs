//! Names for the values that each database makes: ids, tokens and times. Two answers are equal if they are the same
//! under these names, which are given in the order of appearance.

use std::collections::HashMap;

/// The prefix of ids that the caller chose, which are the same in both databases.
pub const CHOSEN: &str = "c11e0000-";
const UUID: usize = 36;
const TOKEN: usize = 74;
const MARK: char = '\u{1}';

#[derive(Default)]
pub struct Names {
    known: HashMap<String, usize>,
    values: Vec<String>,
    /// The first and the last day of times that the server has made.
    days: (String, String),
}

/// The placeholder in a call for an id or token that a database has made.
pub fn placeholder(number: usize) -> String {
    format!("{MARK}{number}{MARK}")
}

impl Names {
    pub fn new(first_day: String, last_day: String) -> Self {
        Self {
            days: (first_day, last_day),
            ..Self::default()
        }
    }

    /// The text with names in place of this database's values.
    pub fn named(&mut self, text: &str) -> String {
        self.rewritten(text, Self::push_name)
    }

    /// The text with one name in place of all of this database's values.
    pub fn masked(&mut self, text: &str) -> String {
        self.rewritten(text, |_, _, named| named.push_str("<own>"))
    }

    fn rewritten(&mut self, text: &str, push: impl Fn(&mut Self, &str, &mut String)) -> String {
        let mut named = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = self.own_value(rest, &mut named, &push);
            let length = length.unwrap_or_else(|| {
                named.push(first);
                first.len_utf8()
            });
            rest = rest.get(length..).unwrap_or_default();
        }
        named
    }

    /// The call with this database's values in place of the placeholders.
    pub fn resolved(&self, call: &str) -> String {
        let mut parts = call.split(MARK);
        let mut resolved = parts.next().unwrap_or_default().to_owned();
        while let (Some(number), Some(plain)) = (parts.next(), parts.next()) {
            let value = number
                .parse()
                .ok()
                .and_then(|number: usize| self.values.get(number));
            resolved.push_str(value.map_or("", String::as_str));
            resolved.push_str(plain);
        }
        resolved
    }

    /// The numbers of the names in a text from `named`.
    pub fn numbers(named: &str) -> impl Iterator<Item = usize> {
        let numbers = named.split(MARK).skip(1).step_by(2);
        numbers.filter_map(|number| number.parse().ok())
    }

    /// The length of the value at the beginning of the text. Its name is added to `named`.
    fn own_value(
        &mut self,
        text: &str,
        named: &mut String,
        push: impl Fn(&mut Self, &str, &mut String),
    ) -> Option<usize> {
        if let Some(value) = text.get(..UUID).filter(|value| is_uuid(value)) {
            if value.starts_with(CHOSEN) {
                named.push_str(value);
            } else {
                push(self, value, named);
            }
            return Some(UUID);
        }
        if let Some(value) = text.get(..TOKEN).filter(|value| value.starts_with("cks_")) {
            push(self, value, named);
            return Some(TOKEN);
        }
        let length = time(text)?;
        let day = text.get(..10)?;
        if day < self.days.0.as_str() || day > self.days.1.as_str() {
            named.push_str(text.get(..length)?);
        } else {
            named.push_str("<time>");
        }
        Some(length)
    }

    fn push_name(&mut self, value: &str, named: &mut String) {
        let next = self.values.len();
        let number = *self.known.entry(value.to_owned()).or_insert(next);
        if number == next {
            self.values.push(value.to_owned());
        }
        named.push_str(&placeholder(number));
    }
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(place, byte)| match place {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
    })
}

/// The length of a time as the server writes it, `2026-01-31 12:00:00.123456+00`.
fn time(text: &str) -> Option<usize> {
    const FORM: &[u8] = b"0000-00-00 00:00:00";
    let start = text.as_bytes().get(..FORM.len())?;
    let fits = start.iter().zip(FORM).all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        _ => byte == form,
    });
    let rest = text.get(FORM.len()..).filter(|_| fits)?;
    let fraction = rest
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
        .count();
    let zone = rest.get(fraction..)?.strip_prefix("+00").map(|_| 3)?;
    Some(FORM.len() + fraction + zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::new("2026-01-01".to_owned(), "2027-01-01".to_owned())
    }

    #[test]
    fn two_databases_give_the_same_answer_under_their_names() {
        let (mut one, mut other) = (names(), names());
        let text = |digit: &str| {
            let id = format!("{}-0000-7000-8000-000000000000", digit.repeat(8));
            format!("(\"{id}\", 2026-05-0{digit} 12:00:00.{digit}+00, {id})")
        };
        assert_eq!(one.named(&text("1")), other.named(&text("2")));
        assert_eq!(
            one.named(&text("1")),
            format!("(\"{0}\", <time>, {0})", placeholder(0))
        );
        assert_eq!(
            other.resolved(&format!("f('{}')", placeholder(0))),
            "f('22222222-0000-7000-8000-000000000000')"
        );
    }

    #[test]
    fn ids_that_the_caller_chose_are_not_replaced() {
        let text = format!("{CHOSEN}0000-4000-8000-00000000000a at 2001-01-01 00:00:00+00 ä");
        assert_eq!(names().named(&text), text);
    }
}

//! The options of the command line.

use std::time::{SystemTime, UNIX_EPOCH};

pub struct Settings {
    pub seconds: u64,
    pub seed: u64,
    only: Option<Vec<String>>,
}

impl Settings {
    /// Reads the options. `known` lists the parts.
    pub fn read(words: impl IntoIterator<Item = String>, known: &[&str]) -> Result<Self, String> {
        let mut settings = Self {
            seconds: 10,
            seed: random_seed(),
            only: None,
        };
        let mut words = words.into_iter();
        while let Some(option) = words.next() {
            let value = words.next().ok_or(format!("{option} needs a value"))?;
            match option.as_str() {
                "--seconds" => settings.seconds = number(&option, &value)?,
                "--seed" => settings.seed = number(&option, &value)?,
                "--only" => {
                    let parts: Vec<String> = value.split(',').map(str::to_owned).collect();
                    if let Some(part) = parts.iter().find(|part| !known.contains(&part.as_str())) {
                        return Err(format!(
                            "there is no part {part}; there are {}",
                            known.join(", ")
                        ));
                    }
                    settings.only = Some(parts);
                }
                _ => return Err(format!("{option} is not understood")),
            }
        }
        Ok(settings)
    }

    pub fn wants(&self, part: &str) -> bool {
        let only = self.only.as_ref();
        only.is_none_or(|only| only.iter().any(|wanted| wanted == part))
    }
}

fn number(option: &str, value: &str) -> Result<u64, String> {
    let parsed = value.parse();
    parsed.map_err(|_| format!("{option}: {value} is no number"))
}

/// A new seed, short enough to be typed again.
fn random_seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(1, |since| {
        u64::from(since.subsec_nanos()) / 100 + since.as_secs() % 1000
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Settings, String> {
        Settings::read(
            line.split_whitespace().map(str::to_owned),
            &["mixed", "kill"],
        )
    }

    #[test]
    fn options_choose_time_seed_and_parts() {
        let settings = read("--seconds 5 --seed 7 --only kill").unwrap();
        assert_eq!((settings.seconds, settings.seed), (5, 7));
        assert!(settings.wants("kill") && !settings.wants("mixed"));
        assert!(read("").unwrap().wants("mixed"));
    }

    #[test]
    fn unknown_options_are_refused() {
        for line in ["--only fast", "--seconds", "--seed x", "--more 1"] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}

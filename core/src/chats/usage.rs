//! What a message cost: the object `usage`.

use serde_json::value::RawValue;
use std::collections::BTreeMap;

use crate::{Refusal, json};

/// The keys that hold a number of tokens.
const TOKENS: [&str; 4] = [
    "input_tokens",
    "output_tokens",
    "cached_input_tokens",
    "reasoning_tokens",
];
/// The highest cost of one message, in units of its currency.
const MOST: f64 = 1e12;

/// Checks the usage of a message (22023): an object with any of the keys of [`KEYS_HINT`]. Tokens are whole numbers of 31 bits. A cost is
/// not negative and has a currency, three capital letters (ISO 4217).
pub fn usage(text: &str) -> Result<(), Refusal> {
    json::object("usage", text)?;
    let refused = |rule: &str, hint| Err(Refusal::invalid("usage", rule, hint));
    let Ok(usage) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) else {
        return refused("must be a JSON object", "Wrap the value in one.");
    };
    for (key, value) in &usage {
        let value = value.get();
        match key.as_str() {
            key if TOKENS.contains(&key) => {
                if !value.bytes().all(|byte| byte.is_ascii_digit()) || value.parse::<i32>().is_err()
                {
                    return refused(
                        "has a number of tokens that is not a whole number",
                        "Pass whole numbers from 0 to 2147483647.",
                    );
                }
            }
            "cost" => {
                if !value
                    .parse::<f64>()
                    .is_ok_and(|cost| (0.0..=MOST).contains(&cost))
                {
                    return refused(
                        "has a cost that is no amount",
                        "Pass a number from 0 to 1000000000000, in units of the currency.",
                    );
                }
            }
            "currency" => {
                let code = value.trim_matches('"');
                if value.len() != 5 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
                    return refused(
                        "has a currency that is no code",
                        "Pass three capital letters (ISO 4217), such as USD.",
                    );
                }
            }
            _ => return refused("has an unknown key", KEYS_HINT),
        }
    }
    if usage.contains_key("cost") != usage.contains_key("currency") {
        return refused(
            "has only one of cost and currency",
            "Pass both, or neither.",
        );
    }
    Ok(())
}

/// The hint for an unknown key.
const KEYS_HINT: &str = "The keys are input_tokens, output_tokens, cached_input_tokens, reasoning_tokens, cost and currency.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_of_any_keys_is_accepted() {
        for good in [
            "{}",
            r#"{"input_tokens": 0}"#,
            r#"{"input_tokens": 2147483647, "output_tokens": 1, "cached_input_tokens": 0, "reasoning_tokens": 9, "cost": 0.0001, "currency": "USD"}"#,
            r#"{"cost":1e-7,"currency":"EUR"}"#,
        ] {
            assert_eq!(usage(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn each_fault_is_named() {
        for (bad, rule) in [
            ("[]", "must be a JSON object"),
            (r#"{"inputTokens":1}"#, "has an unknown key"),
            (
                r#"{"input_tokens":-1}"#,
                "has a number of tokens that is not a whole number",
            ),
            (
                r#"{"input_tokens":1.5}"#,
                "has a number of tokens that is not a whole number",
            ),
            (
                r#"{"input_tokens":"1"}"#,
                "has a number of tokens that is not a whole number",
            ),
            (
                r#"{"input_tokens":null}"#,
                "has a number of tokens that is not a whole number",
            ),
            (
                r#"{"output_tokens":2147483648}"#,
                "has a number of tokens that is not a whole number",
            ),
            (
                r#"{"cost":-0.1,"currency":"USD"}"#,
                "has a cost that is no amount",
            ),
            (
                r#"{"cost":"1","currency":"USD"}"#,
                "has a cost that is no amount",
            ),
            (
                r#"{"cost":1e13,"currency":"USD"}"#,
                "has a cost that is no amount",
            ),
            (
                r#"{"cost":1,"currency":"usd"}"#,
                "has a currency that is no code",
            ),
            (
                r#"{"cost":1,"currency":12345}"#,
                "has a currency that is no code",
            ),
            (r#"{"cost":1}"#, "has only one of cost and currency"),
            (r#"{"currency":"USD"}"#, "has only one of cost and currency"),
        ] {
            assert_eq!(
                usage(bad).unwrap_err().message,
                format!("usage {rule}"),
                "{bad}"
            );
        }
    }
}

//! Refusals as JavaScript objects.

use chatkeep_core::Refusal;
use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

/// The refusal, or `undefined` if the rule is satisfied.
pub fn of<T>(judged: Result<T, Refusal>) -> Option<Object> {
    judged
        .err()
        .map(|refusal| object(&refusal, &refusal.argument, &refusal.message))
}

/// A refusal with the name of its argument, for rules about JavaScript values, where core does not know the name.
/// `refusal` was made for the argument `""`, so its message begins with the space after the name.
pub fn named(argument: &str, refusal: &Refusal) -> Object {
    object(refusal, argument, &sentence(argument, refusal))
}

fn sentence(argument: &str, refusal: &Refusal) -> String {
    format!("{argument}{}", refusal.message)
}

fn object(refusal: &Refusal, argument: &str, message: &str) -> Object {
    let object = Object::new();
    for (key, value) in [
        ("code", JsValue::from(refusal.code.sqlstate())),
        ("status", JsValue::from(refusal.code.http_status())),
        ("argument", JsValue::from(argument)),
        ("message", JsValue::from(message)),
        ("hint", JsValue::from(refusal.hint)),
    ] {
        // A new object is extensible, so setting a key cannot fail.
        let _ = Reflect::set(&object, &JsValue::from(key), &value);
    }
    object
}

/// A refusal of the JavaScript value of `argument`. `rule` completes the sentence; `hint` is the remedy.
#[wasm_bindgen]
pub fn invalid(argument: &str, rule: &str, hint: &str) -> Object {
    let object = named(argument, &Refusal::invalid("", rule, ""));
    let _ = Reflect::set(&object, &JsValue::from("hint"), &JsValue::from(hint));
    object
}

/// The refusal of an argument that may not be null.
#[wasm_bindgen]
pub fn missing(argument: &str) -> Object {
    named(argument, &Refusal::missing(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_refusal_has_the_form_of_cores() {
        assert_eq!(
            sentence("chat_id", &Refusal::missing("")),
            Refusal::missing("chat_id").message
        );
        assert_eq!(
            sentence("ip", &Refusal::invalid("", "is odd", "")),
            Refusal::invalid("ip", "is odd", "").message
        );
    }
}

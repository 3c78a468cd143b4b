//! A module with one function that does nothing: what loading WASM costs before there is any of ours.

use wasm_bindgen::prelude::*;

/// Gives back what it got.
#[wasm_bindgen]
pub fn same(number: f64) -> f64 {
    number
}

//! A module with one function that does nothing. It shows the cost of loading any WASM.

use wasm_bindgen::prelude::*;

/// Returns its argument.
#[wasm_bindgen]
pub fn same(number: f64) -> f64 {
    number
}

// The rules: what the WASM module exports. Whoever needs one imports it from here, never from wasm/. An entry of the
// package (index.js, workerd.js) loads the module before anything else is evaluated.

import { initSync } from "../wasm/rules.js";

/** Makes the rules of the module's bytes, or of a module that the runtime compiled. */
export function load(module) {
  initSync({ module });
}

export * from "../wasm/rules.js";

// The rules that the WASM module exports. Import them from here, never from wasm/. The entries of the package (index.js,
// workerd.js) load the module before they evaluate anything else.

import { initSync } from "../wasm/rules.js";

/** Instantiates the module from its bytes, or from a module that the runtime has compiled. */
export function load(module) {
  initSync({ module });
}

export * from "../wasm/rules.js";

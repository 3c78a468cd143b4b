// Loads the WASM module. Its bytes are embedded, so every runtime that may compile WASM at start-up needs no path, no
// fetch, no permission and no static_files. Whoever needs a rule imports it from here, never from ./wasm/.

import bytes from "./wasm/bytes.js";
import { initSync } from "./wasm/rules.js";

initSync({ module: Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0)) });

export * from "./wasm/rules.js";

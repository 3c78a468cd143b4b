// The entry for Cloudflare's workerd, which compiles WASM before it runs a worker, and never after.

import "./lib/compiled.js";

export * from "./lib/api.js";

// The entry for Cloudflare's workerd, which compiles WASM only before it starts a worker.

import "./lib/compiled.js";

export * from "./lib/api.js";

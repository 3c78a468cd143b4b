// The entry for Deno, Supabase Edge Functions, Node, Bun and bundlers.

import "./lib/embedded.js";

export * from "./lib/api.js";

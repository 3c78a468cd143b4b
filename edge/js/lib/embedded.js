// Loads the WASM module from embedded bytes, for every runtime that may compile WASM. So it needs no path, fetch, permission
// or static_files.

import { load } from "./rules.js";
import encoded from "../wasm/bytes.js";

load(decode(encoded));

function decode(base64) {
  if (typeof Uint8Array.fromBase64 === "function") return Uint8Array.fromBase64(base64);
  // Node before 25. There the loop below needs 3 ms, most of the time to load the module.
  if (typeof globalThis.Buffer?.from === "function") return globalThis.Buffer.from(base64, "base64");
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

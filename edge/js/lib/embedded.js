// Loads the module from bytes that are embedded, so that it needs no path, no fetch, no permission and no static_files: for
// every runtime that may compile WASM.

import { load } from "./rules.js";
import encoded from "../wasm/bytes.js";

load(decode(encoded));

function decode(base64) {
  if (typeof Uint8Array.fromBase64 === "function") return Uint8Array.fromBase64(base64);
  // Node before 25. The loop below takes it 3 ms, which is most of what loading the module takes.
  if (typeof globalThis.Buffer?.from === "function") return globalThis.Buffer.from(base64, "base64");
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

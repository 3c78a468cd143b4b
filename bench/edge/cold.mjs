// From nothing to the first answer of the module, in milliseconds: cold.mjs ours|empty INDEX
//
// A process of its own for each measurement. The import is of a computed path, which no runtime can load in advance.

import process from "node:process";
import { pathToFileURL } from "node:url";

const [side, index] = process.argv.slice(2);
const path = pathToFileURL(index).href;
const start = performance.now();
const loaded = await import(path);
const first = side === "ours" ? await refused(loaded) : loaded.same(7);
const milliseconds = performance.now() - start;
if (first !== (side === "ours" ? "content contains a NUL character" : 7)) throw new Error(`the first call gave ${first}`);
console.log(JSON.stringify(milliseconds));

/** A call that the module refuses, so that no request is made. */
async function refused({ chatkeep }) {
  const ck = chatkeep({ url: "http://127.0.0.1:9", key: "key" });
  const chatId = "01890a5d-ac96-774b-bcce-b302099a8057";
  const { error } = await ck.appendMessage({ chatId, role: "user", content: "a\0b" });
  return error?.message;
}

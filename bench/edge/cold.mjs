// Time from the import to the first answer of the module, in milliseconds: cold.mjs ours|module|empty FOLDER
//
// Each measurement takes a new process. `module` is the module alone, without the rest of the package. The paths of the
// imports are computed, so no runtime can load them in advance.

import process from "node:process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [side, folder] = process.argv.slice(2);
const address = (...names) => pathToFileURL(join(folder, ...names)).href;
const paths = { index: address("index.js"), loader: address("lib", "embedded.js"), rules: address("lib", "rules.js") };
const sides = {
  ours: async () => refused(await import(paths.index)),
  module: async () => {
    await import(paths.loader);
    const { checkAppendMessage } = await import(paths.rules);
    return checkAppendMessage("user", "a\0b", "[]", "{}", "complete").message;
  },
  empty: async () => (await import(paths.index)).same(7),
};
const start = performance.now();
const first = await sides[side]();
const milliseconds = performance.now() - start;
if (first !== (side === "empty" ? 7 : "content contains a NUL character")) throw new Error(`the first call gave ${first}`);
console.log(JSON.stringify(milliseconds));

/** A call that the module refuses, so that no request is sent. */
async function refused({ chatkeep }) {
  const ck = chatkeep({ url: "http://127.0.0.1:9", key: "key" });
  const chatId = "01890a5d-ac96-774b-bcce-b302099a8057";
  const { error } = await ck.appendMessage({ chatId, role: "user", content: "a\0b" });
  return error?.message;
}

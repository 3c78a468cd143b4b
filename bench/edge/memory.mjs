// The module's memory after the first thousand calls, and after all of them, in bytes: memory.mjs PACKAGE CALLS

import process from "node:process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, calls] = process.argv.slice(2);
await import(pathToFileURL(join(folder, "index.js")).href);
const rules = await import(pathToFileURL(join(folder, "wasm", "rules.js")).href);
// The glue returns the module that it has loaded.
const { memory } = rules.initSync();

const content = "1 KB of content ".repeat(64);
const checks = [
  () => rules.checkAppendMessage("user", content, "[]", "{}", "complete", "model", 7),
  () => rules.checkAppendMessage("nobody", content, undefined, undefined, undefined, undefined, undefined),
  () => rules.checkCreateChat("Title", '{"a":1}', undefined),
  () => rules.checkRegisterDocument("https://example.org/a", rules.hex(new Uint8Array(32)), "t", "text/plain", 3, "{}", "tenant", "{}"),
  () => rules.checkRegisterDocument("", "sum", undefined, undefined, -1, "[]", "all", "7"),
  () => rules.checkText("ip", "a\0b"),
];
const work = (count) => {
  for (let call = 0; call < count; call += 1) checks[call % checks.length]();
};
work(1_000);
const before = memory.buffer.byteLength;
work(Number(calls) - 1_000);
console.log(JSON.stringify({ before, after: memory.buffer.byteLength }));

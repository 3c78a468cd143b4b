// The sizes that an application loads, in bytes: node size.mjs PACKAGE EMPTY

import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";

const sizes = ([folder]) => {
  const [wasm, glue] = ["rules.wasm", "rules.js"].map((name) => readFileSync(join(folder, "wasm", name)));
  return { module: wasm.length, gzipped: gzipSync(Buffer.concat([wasm, glue]), { level: 9 }).length };
};
console.log(JSON.stringify({ ours: sizes(process.argv.slice(2)), empty: sizes(process.argv.slice(3)) }));

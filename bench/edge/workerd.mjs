// Rates of the hashers in workerd, in MiB per second: node workerd.mjs PACKAGE ROUNDS
//
// Bundles the worker as wrangler does, starts workerd and times requests from outside. It also times a request that
// hashes nothing, and subtracts that time.

import { build } from "esbuild";
import { createSHA256 } from "hash-wasm";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import workerd from "workerd";
import { alternate, MEBIBYTES } from "./hashers.mjs";
import { serving } from "./serving.mjs";

/** How many times one request hashes the content. */
const REPEATED = 6;

const [folder, rounds] = process.argv.slice(2);
const sources = dirname(fileURLToPath(import.meta.url));
const home = mkdtempSync(join(tmpdir(), "chatkeep-bench-"));
try {
  await assemble();
  console.log(JSON.stringify(await serving(workerd, home, measureAt)));
} finally {
  rmSync(home, { recursive: true, force: true });
}

async function assemble() {
  const aside = {
    name: "aside",
    setup(build) {
      build.onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path: `./${path.split("/").pop()}`, external: true }));
      build.onResolve({ filter: /^chatkeep$/ }, () => ({ path: join(folder, "workerd.js") }));
    },
  };
  await build({
    absWorkingDir: sources, entryPoints: ["worker.mjs"], bundle: true, format: "esm", logLevel: "error",
    conditions: ["workerd"], outfile: join(home, "worker.js"), plugins: [aside],
  });
  copyFileSync(join(folder, "wasm", "rules.wasm"), join(home, "rules.wasm"));
  copyFileSync(join(sources, "worker.capnp"), join(home, "worker.capnp"));
  writeFileSync(join(home, "hash-wasm.wasm"), await moduleOfHashWasm());
}

/** The bytes of hash-wasm's module. */
async function moduleOfHashWasm() {
  const { compile } = WebAssembly;
  let found;
  WebAssembly.compile = (bytes) => compile((found = bytes));
  try {
    await createSHA256();
  } finally {
    WebAssembly.compile = compile;
  }
  if (!found) throw new Error("hash-wasm compiled no module");
  return new Uint8Array(found.buffer ?? found);
}

async function measureAt(address) {
  const names = ["chatkeep", "hash-wasm", "@noble/hashes"];
  const ask = async (side, times) => {
    const answer = await fetch(`${address}?side=${encodeURIComponent(side)}&times=${times}`);
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`the worker answered ${answer.status}: ${text}`);
    return text;
  };
  const time = async (side, times) => {
    const start = performance.now();
    await ask(side, times);
    return performance.now() - start;
  };
  const digests = [];
  for (const side of names) digests.push(await ask(side, 1));
  if (new Set(digests).size !== 1 || digests[0].length !== 64) throw new Error(`the digests differ: ${digests.join(", ")}`);
  const measure = async (side) => (REPEATED * MEBIBYTES * 1000) / ((await time(side, REPEATED)) - (await time(side, 0)));
  await alternate(names, 3, measure);
  return alternate(names, Number(rounds), measure);
}

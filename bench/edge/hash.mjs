// Rates of the hashers in this runtime, in MiB per second: hash.mjs PACKAGE ROUNDS

import process from "node:process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { alternate, content, hashers, MEBIBYTES } from "./hashers.mjs";

/** How many times one measurement hashes the content. */
const REPEATED = 4;

const [folder, rounds] = process.argv.slice(2);
// Without node:crypto, the package hashes with its module.
process.getBuiltinModule = undefined;
const { Hasher } = await import(pathToFileURL(join(folder, "index.js")).href);
const sides = await hashers(Hasher);
const pieces = content();

const digests = Object.values(sides).map((hash) => hash(pieces));
if (new Set(digests).size !== 1) throw new Error(`the digests differ: ${digests.join(", ")}`);
const measure = (side) => {
  const start = performance.now();
  for (let time = 0; time < REPEATED; time += 1) sides[side](pieces);
  return (REPEATED * MEBIBYTES * 1000) / (performance.now() - start);
};
// Warms up until the compilers have finished.
await alternate(Object.keys(sides), 3, measure);
console.log(JSON.stringify(await alternate(Object.keys(sides), Number(rounds), measure)));

// Growth of the process while it streams bytes: stream.mjs PACKAGE MEBIBYTES WAY HASHER
//
// WAY is `checksum`, `hashing`, or `read`, which hashes nothing. HASHER is `node`, or `wasm`, which hides node:crypto
// from the package as in a runtime without it. Prints the largest growth of resident memory in bytes.

import process from "node:process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const PIECE = 64 * 1024;
/** The MiB that are streamed before the measurement, so that all code is compiled. */
const WARM = 128;

const [folder, mebibytes, way, hasher] = process.argv.slice(2);
if (hasher === "wasm") process.getBuiltinModule = undefined;
const { checksum, hashing } = await import(pathToFileURL(join(folder, "index.js")).href);

const resident = () => process.memoryUsage.rss();
const ways = {
  read: drain,
  checksum: async (stream) => given(await checksum(stream)),
  hashing: async (stream) => {
    const passing = hashing(stream);
    await drain(passing.stream);
    return given(await passing.digest).checksum;
  },
};
const digest = await ways[way](body(WARM, () => {}));
if (way !== "read" && !/^[0-9a-f]{64}$/.test(digest)) throw new Error(`${way} gave ${digest}`);
const before = resident();
let most = before;
await ways[way](body(Number(mebibytes), () => (most = Math.max(most, resident()))));
console.log(JSON.stringify(Math.max(most, resident()) - before));

/** A stream of this number of MiB. It repeats one piece, so its source takes no memory. */
function body(mebibytes, look) {
  const piece = new Uint8Array(PIECE).fill(7);
  let left = (mebibytes * 1024 * 1024) / PIECE;
  return new ReadableStream({
    pull(controller) {
      if (left === 0) return controller.close();
      left -= 1;
      if (left % 64 === 0) look();
      controller.enqueue(piece);
    },
  });
}

async function drain(stream) {
  for (const reader = stream.getReader(); !(await reader.read()).done;);
}

function given({ data, error }) {
  if (error) throw new Error(error.message);
  return data;
}

// The compared hashers: each computes the SHA-256 of some MiB in pieces of 64 KiB.

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { createSHA256 } from "hash-wasm";

export const MEBIBYTES = 8;
const PIECE = 64 * 1024;

/** The sides by name. `Hasher` is chatkeep's; node:crypto must be hidden from it, because the package prefers it. */
export async function hashers(Hasher) {
  const theirs = await createSHA256();
  return {
    chatkeep(pieces) {
      const hasher = new Hasher();
      for (const piece of pieces) hasher.update(piece);
      return hasher.digest();
    },
    "hash-wasm"(pieces) {
      theirs.init();
      for (const piece of pieces) theirs.update(piece);
      return theirs.digest("hex");
    },
    "@noble/hashes"(pieces) {
      const hasher = sha256.create();
      for (const piece of pieces) hasher.update(piece);
      return bytesToHex(hasher.digest());
    },
  };
}

/** The same bytes in every runtime. */
export function content() {
  let state = 20_261_126;
  const piece = () =>
    Uint8Array.from({ length: PIECE }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
  return Array.from({ length: (MEBIBYTES * 1024 * 1024) / PIECE }, piece);
}

/** Lists with one number per round, by side. `measure(side)` is awaited in alternating order. */
export async function alternate(sides, rounds, measure) {
  const measured = Object.fromEntries(sides.map((side) => [side, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const side of round % 2 === 0 ? sides : [...sides].reverse()) measured[side].push(await measure(side));
  }
  return measured;
}

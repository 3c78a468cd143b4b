// The hashers in a worker. A request names a side and the number of hashes. Clocks stop while a worker computes, so the
// client measures the time.

import { Hasher } from "chatkeep";
import hashWasm from "./hash-wasm.wasm";
import { content, hashers } from "./hashers.mjs";

// hash-wasm compiles its module from bytes, which a worker may not do. It gets a module that was compiled before.
WebAssembly.compile = () => Promise.resolve(hashWasm);

let ready;
const prepare = async () => ({ sides: await hashers(Hasher), pieces: content() });

export default {
  async fetch(request) {
    ready ??= prepare();
    const { sides, pieces } = await ready;
    const asked = new URL(request.url).searchParams;
    let digest = "";
    for (let times = Number(asked.get("times")); times > 0; times -= 1) digest = sides[asked.get("side")](pieces);
    return new Response(digest);
  },
};

// The WASM module without the package: its memory over very many calls, and arguments of any type.
import assert from "node:assert/strict";
import { test } from "node:test";
import { moduleMemory, rules } from "./support/package.mjs";

const SUM = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const TOKEN = "cks_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB1FjHWytHoFlPu2NPq1RWpqtG2ewhWMLjPsst8g";

test("after a thousand calls, a million more do not enlarge the module's memory", () => {
  const bytes = new Uint8Array(32);
  // Each kind of argument and result: accepted and refused, text, JSON, numbers, bytes, a returned string.
  const calls = [
    () => rules.checkAppendMessage("user", "content 😀", "[]", "{}", "complete", "model", 7),
    () => rules.checkAppendMessage("nobody", "content"),
    () => rules.checkCreateChat("title", '{"a":[1]}'),
    () => rules.checkRegisterDocument("https://example.org/a", SUM, "title", "text/plain", 3, '{"a":1}', "tenant", "{}"),
    () => rules.checkRegisterDocument("", SUM),
    () => rules.checkText("ip", "a\0b"),
    () => rules.checkUpkeep(-1, 10, 1000),
    () => rules.missing("chat_id"),
    () => rules.isToken(TOKEN),
    () => rules.hex(bytes),
  ];
  const memory = moduleMemory();
  const work = (count) => {
    for (let call = 0; call < count; call += 1) calls[call % calls.length]();
  };
  work(1_000);
  const before = memory.buffer.byteLength;
  work(1_000_000);
  assert.equal(memory.buffer.byteLength, before);
});

test("text of two-byte characters still arrives when the call is hot", () => {
  for (let call = 0; call < 50_000; call += 1) assert.equal(rules.checkText("ip", `café ${call}`.slice(0, 6)), undefined);
});

test("no arguments, of right or wrong types, trap the module", () => {
  // A linear congruential generator, so that a failure can be reproduced.
  let seed = 20_261_126;
  const random = (below) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const texts = [
    "", "a", "\0", "\ud800", "😀", "user", "complete", "aal1", "ready", "private", "english", SUM, TOKEN, "[]", "{}", '{"a":{"b":[null]}}', '{"a"',
    "[".repeat(1_000), '"\\u0000"', '"\\ud800"', "https://u:p@x/", "x".repeat(70_000), "é".repeat(30_000),
  ];
  const others = [
    undefined, null, true, false, 0, -0, -1, 1.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32, 2 ** 53, 1e300, 1n, Symbol("s"), [], [1, 2, 300],
    {}, { length: 3 }, () => {}, new Date(NaN), new Uint8Array(0), new Uint8Array(10), new Uint8Array(70_000), new ArrayBuffer(3), new Map(),
    Object.create(null), new Proxy({}, { get() { throw new Error("no"); } }),
  ];
  const functions = Object.entries(rules).filter(([name, found]) => typeof found === "function" && !["default", "initSync", "Hasher"].includes(name));
  assert.ok(functions.length > 20);
  const hashers = [];
  // Every method, the constructor and the function that the finalizer calls.
  const ofHasher = {
    make: () => hashers.push(new rules.Hasher()),
    update: (bytes) => hashers[random(hashers.length)]?.update(bytes),
    finish: () => hashers.splice(random(hashers.length), 1)[0]?.finish(),
    free: () => hashers.splice(random(hashers.length), 1)[0]?.free(),
  };
  const all = [...functions, ...Object.entries(ofHasher)];
  for (let round = 0; round < 20_000; round += 1) {
    const [name, call] = all[random(all.length)];
    const given = Array.from({ length: random(9) }, () => (random(2) === 0 ? texts[random(texts.length)] : others[random(others.length)]));
    try {
      call(...given);
    } catch (thrown) {
      const said = `round ${round}: ${name}(${given.map((value) => typeof value)}) threw ${thrown?.stack}`;
      assert.ok(!(thrown instanceof WebAssembly.RuntimeError), said);
    }
  }
  assert.equal(rules.checkAppendMessage("user", "still alive", "[]", "{}", "complete"), undefined);
  assert.equal(rules.checkAppendMessage("nobody", "still alive").argument, "role");
  assert.equal(rules.sha256(new TextEncoder().encode("abc")), SUM);
});

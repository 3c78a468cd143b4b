// SHA-256 of bytes at once and in pieces.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { chatkeepPackage, moduleMemory, recorder } from "./support/package.mjs";

const { checksum, Hasher } = chatkeepPackage;

const bytes = (text) => new TextEncoder().encode(text);
const counted = (length) => Uint8Array.from({ length }, (_, index) => index % 251);
const reference = (content) => createHash("sha256").update(content).digest("hex");

// NIST's examples for FIPS 180-4.
const KNOWN = [
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ["abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"],
];

test("digests are those of NIST's examples", async () => {
  for (const [text, digest] of KNOWN) {
    assert.deepEqual(await checksum(bytes(text)), { data: digest, error: null });
    assert.equal(new Hasher().update(bytes(text)).digest(), digest);
  }
});

test("pieces of any size and the whole agree with node:crypto", async () => {
  for (const length of [1, 55, 56, 63, 64, 65, 127, 65_535, 65_536, 65_537, 1_000_003]) {
    const content = counted(length);
    const expected = reference(content);
    assert.equal((await checksum(content)).data, expected, `${length}`);
    for (const size of [1, 63, 64, 4_096, 70_000]) {
      if (length / size > 5_000) continue;
      const hasher = new Hasher();
      for (let start = 0; start < length; start += size) hasher.update(content.subarray(start, start + size));
      assert.equal(hasher.digest(), expected, `${length} in pieces of ${size}`);
    }
  }
});

test("streams, blobs, buffers and views of the same bytes have the same digest", async () => {
  const content = counted(200_000);
  const expected = reference(content);
  const stream = () =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(content.subarray(0, 1));
        controller.enqueue(content.subarray(1, 150_000));
        controller.enqueue(new Uint8Array(0));
        controller.enqueue(content.subarray(150_000));
        controller.close();
      },
    });
  async function* iterable() {
    yield content.buffer.slice(0, 100_000);
    yield content.subarray(100_000);
  }
  for (const source of [content.buffer, new DataView(content.buffer), new Blob([content]), stream(), iterable()]) {
    assert.deepEqual(await checksum(source), { data: expected, error: null });
  }
});

test("two hashers work independently", () => {
  const one = new Hasher();
  const two = new Hasher();
  one.update(bytes("a"));
  two.update(bytes("x"));
  one.update(bytes("bc"));
  assert.equal(one.digest(), KNOWN[1][1]);
  assert.equal(one.digest(), KNOWN[1][1]);
  assert.equal(two.digest(), reference(bytes("x")));
});

test("misuse of a Hasher is a TypeError", () => {
  const hasher = new Hasher();
  for (const value of ["text", undefined, 7, [1]]) assert.throws(() => hasher.update(value), TypeError);
  hasher.digest();
  assert.throws(() => hasher.update(bytes("late")), TypeError);
});

test("content that cannot be hashed is an error, and its stream is cancelled", async () => {
  for (const source of [undefined, null, 7, "text", {}, [1, 2]]) {
    const { data, error } = await checksum(source);
    assert.equal(data, null);
    assert.equal(error.message, "content must be bytes, a Blob or a stream of bytes");
  }
  let cancelled = false;
  const texts = new ReadableStream({
    pull: (controller) => controller.enqueue("text"),
    cancel: () => {
      cancelled = true;
    },
  });
  assert.match((await checksum(texts)).error.message, /^a Hasher takes/);
  assert.equal(cancelled, true);
  const broken = new ReadableStream({ pull: () => Promise.reject(new Error("connection lost")) });
  assert.equal((await checksum(broken)).error.message, "connection lost");
});

test("many calls do not enlarge the module's memory", async () => {
  const content = counted(200_000);
  const memory = moduleMemory();
  const { chatkeep } = chatkeepPackage;
  const ck = chatkeep(recorder().client);
  const work = async (rounds) => {
    for (let round = 0; round < rounds; round += 1) {
      new Hasher().update(content).digest();
      await checksum("no bytes");
      if (round % 10 === 0) await ck.createChat({ title: "t", metadata: { round } });
      if (round % 10 === 1) await ck.createChat({ title: "\0" });
    }
  };
  await work(100);
  const before = memory.buffer.byteLength;
  await work(5_000);
  assert.equal(memory.buffer.byteLength, before);
  assert.equal((await checksum(content)).data, reference(content));
});

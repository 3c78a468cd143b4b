// SHA-256 of bytes at once or as they arrive, in constant memory.

import { Hasher as RulesHasher, sha256 } from "./rules.js";
import { inPieces, viewOf } from "./kinds.js";

const NOT_BYTES = "a Hasher takes a Uint8Array, an ArrayBuffer or another view of one";

// Node's hasher is faster than the module, because it uses the processor's instructions. Deno and Bun have it too, and workerd
// with the flag nodejs_compat. crypto.subtle cannot hash in pieces. It is loaded at the first use, because Deno needs as long
// to load it as for the whole package.
const fastHash = () => globalThis.process?.getBuiltinModule?.("node:crypto")?.createHash("sha256");

/** Hashes bytes piece by piece. `digest()` returns 64 lower-case hexadecimal characters; no update is possible after it. */
export class Hasher {
  #fast = fastHash();
  #rules = this.#fast ? undefined : new RulesHasher();
  #digest;

  update(content) {
    const view = viewOf(content);
    if (!view) throw new TypeError(NOT_BYTES);
    if (this.#digest !== undefined) throw new TypeError("this Hasher has given its digest; make a new one");
    if (this.#fast) this.#fast.update(view);
    else inPieces(view, (piece) => this.#rules.update(piece));
    return this;
  }

  digest() {
    this.#digest ??= this.#fast ? this.#fast.digest("hex") : this.#rules.finish();
    return this.#digest;
  }
}

/** The SHA-256 of bytes, a Blob or a stream of bytes, as `{ data, error }`. Never rejects. */
export async function checksum(source) {
  try {
    const view = viewOf(source);
    if (view && view.length <= 64 * 1024) return { data: sha256(view), error: null };
    const hasher = new Hasher();
    if (view) return { data: hasher.update(view).digest(), error: null };
    try {
      for await (const chunk of chunks(source)) hasher.update(chunk);
    } finally {
      // Frees the hasher's memory in the module at once, also after an error.
      hasher.digest();
    }
    return { data: hasher.digest(), error: null };
  } catch (thrown) {
    return { data: null, error: failure(thrown, HINT) };
  }
}

/**
 * Passes bytes through and hashes them. `stream` carries the bytes of `source`. When it was read to its end, `digest` resolves
 * to `{ data: { checksum, byteSize }, error }`. It never rejects. Throws a TypeError for anything but a stream or a Blob.
 */
export function hashing(source) {
  const reader = readerOf(source);
  const hasher = new Hasher();
  let byteSize = 0;
  let settle;
  const digest = new Promise((resolve) => (settle = resolve));
  const fail = (thrown) => {
    hasher.digest();
    settle({ data: null, error: failure(thrown, "Read the stream to its end.") });
  };
  const stream = new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            settle({ data: { checksum: hasher.digest(), byteSize }, error: null });
            return controller.close();
          }
          hasher.update(value);
          byteSize += value.byteLength;
          controller.enqueue(value);
        } catch (thrown) {
          fail(thrown);
          controller.error(thrown);
          await reader.cancel(thrown).catch(() => {});
        }
      },
      async cancel(reason) {
        fail(new Error("the stream was cancelled before its end"));
        await reader.cancel(reason);
      },
    },
    // The source is read only when `stream` is read.
    { highWaterMark: 0 },
  );
  return { stream, digest };
}

const HINT = "Pass bytes, a Blob, or a stream of bytes that has not been read.";

/** An error of the package itself, without a request, in the form of an error of a call. */
export function failure(thrown, hint) {
  return { code: "", status: 0, message: messageOf(thrown), details: null, hint, retryable: false };
}

function readerOf(source) {
  const stream = typeof source?.stream === "function" ? source.stream() : source;
  if (typeof stream?.getReader !== "function") throw new TypeError("hashing takes a ReadableStream of bytes, or a Blob");
  return stream.getReader();
}

function chunks(source) {
  if (typeof source?.stream === "function") return chunks(source.stream());
  if (typeof source?.getReader === "function") return read(source.getReader());
  if (typeof source?.[Symbol.asyncIterator] === "function") return source;
  throw new TypeError("content must be bytes, a Blob or a stream of bytes");
}

// For runtimes that cannot iterate a ReadableStream.
async function* read(reader) {
  let done = false;
  try {
    for (;;) {
      const next = await reader.read();
      done = next.done;
      if (done) return;
      yield next.value;
    }
  } finally {
    // A chunk that is not bytes ends the hashing, so the source can stop.
    if (!done) await reader.cancel().catch(() => {});
  }
}

export function messageOf(thrown) {
  try {
    return String(thrown?.message ?? thrown);
  } catch {
    return "something that is no error was thrown";
  }
}

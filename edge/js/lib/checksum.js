// SHA-256 of bytes that are there, and of bytes that are still coming, in constant memory.

import { Hasher as RulesHasher, sha256 } from "./rules.js";
import { inPieces, viewOf } from "./values.js";

const NOT_BYTES = "a Hasher takes a Uint8Array, an ArrayBuffer or another view of one";

// Node's own hasher takes pieces as well, and uses the processor's instructions. Deno and Bun have it, workerd with the
// flag nodejs_compat; crypto.subtle has nothing for pieces. Fetched when it is needed: Deno takes as long to load it as the
// rest of this package together.
const fastHash = () => globalThis.process?.getBuiltinModule?.("node:crypto")?.createHash("sha256");

/** Hashes bytes piece by piece. */
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

/** The SHA-256 of bytes, of a Blob or of a stream of bytes, as `{ data, error }`. */
export async function checksum(source) {
  try {
    const view = viewOf(source);
    if (view && view.length <= 64 * 1024) return { data: sha256(view), error: null };
    const hasher = new Hasher();
    if (view) return { data: hasher.update(view).digest(), error: null };
    try {
      for await (const chunk of chunks(source)) hasher.update(chunk);
    } finally {
      // Frees its memory in the module, at once, whether the stream ended well or not.
      hasher.digest();
    }
    return { data: hasher.digest(), error: null };
  } catch (thrown) {
    return { data: null, error: failure(thrown, HINT) };
  }
}

/**
 * Passes bytes through and hashes them on the way: `stream` gives what `source` gives, and `digest` resolves, once it was
 * read to its end, to `{ data: { checksum, byteSize }, error }`. It never rejects.
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
    // Nothing is read before somebody reads.
    { highWaterMark: 0 },
  );
  return { stream, digest };
}

const HINT = "Pass bytes, a Blob, or a stream of bytes that has not been read.";

/** What stopped something that asks nobody, as an error of a call. */
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

// Not every runtime can iterate a ReadableStream.
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
    // A chunk that is not bytes ends the hashing: tell the source that nobody reads on.
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

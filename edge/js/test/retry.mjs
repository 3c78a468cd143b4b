// Which requests are repeated, and which are not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chatkeepPackage } from "./support/package.mjs";

const { chatkeep } = chatkeepPackage;

const ID = "01890a5d-ac96-774b-bcce-b302099a8057";
const TOKEN = "cks_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB1FjHWytHoFlPu2NPq1RWpqtG2ewhWMLjPsst8g";
const QUICK = { retry: { firstPause: 1, longestPause: 2 } };
const GOOD = { data: [{ id: ID }], error: null, status: 200 };
const lost = { data: null, error: { message: "TypeError: fetch failed", code: "" }, status: 0 };
const answer = (code, status) => ({ data: null, error: { message: "m", code }, status });

/** A supabase-js client that gives these answers in turn and then repeats the last one. A function is called for its answer. */
function answering(...answers) {
  const requests = [];
  const rpc = (name, sent) => {
    requests.push({ name, sent });
    const next = answers[Math.min(requests.length, answers.length) - 1];
    const builder = {
      abortSignal(signal) {
        builder.signal = signal;
        return builder;
      },
      then: (resolve, reject) =>
        Promise.resolve(typeof next === "function" ? next(builder.signal) : next).then(resolve, reject),
    };
    return builder;
  };
  return { client: { schema: () => ({ rpc }) }, requests };
}

const append = { chatId: ID, role: "user", content: "a" };

test("a request whose answer was lost is repeated with the same id", async () => {
  const thrown = () => Promise.reject(new TypeError("fetch failed"));
  const { client, requests } = answering(lost, answer("", 502), thrown, GOOD);
  const { error } = await chatkeep(client, QUICK).appendMessage(append);
  assert.equal(error, null);
  assert.equal(requests.length, 4);
  assert.equal(new Set(requests.map(({ sent }) => sent.message_id)).size, 1);
});

test("a call that was rolled back is repeated: deadlock, lock timeout, a server that starts, no connection, a tenant that moves", async () => {
  for (
    const refused of [
      answer("40P01", 500), answer("55P03", 500), answer("57P03", 503), answer("PGRST003", 504), answer("PT503", 503),
    ]
  ) {
    const { client, requests } = answering(refused, GOOD);
    assert.equal((await chatkeep(client, QUICK).createSession()).error, null);
    assert.equal(requests.length, 2);
  }
});

test("a refusal is never repeated", async () => {
  for (
    const refused of [
      answer("22023", 400), answer("PT409", 409), answer("PT404", 404), answer("42501", 403), answer("PGRST301", 401),
      answer("23505", 409), answer("57014", 500), answer("", 400), answer("", 401), answer("XX000", 500),
    ]
  ) {
    const { client, requests } = answering(refused);
    const { error } = await chatkeep(client, QUICK).appendMessage(append);
    assert.deepEqual([requests.length, error.retryable], [1, false], refused.error.code);
  }
});

test("attempts and the deadline end the repetition, and the error is retryable", async () => {
  const { client, requests } = answering(lost);
  const { error } = await chatkeep(client, QUICK).appendMessage(append);
  assert.deepEqual([requests.length, error.status, error.retryable], [4, 0, true]);

  const moving = answering(answer("PT503", 503));
  const refused = await chatkeep(moving.client, QUICK).createSession();
  assert.deepEqual([moving.requests.length, refused.error.code, refused.error.retryable], [4, "PT503", true]);

  const never = (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const hanging = answering(never);
  const late = await chatkeep(hanging.client, { retry: { deadline: 30, firstPause: 1 } }).appendMessage(append);
  assert.deepEqual([hanging.requests.length, late.error.message], [1, "the deadline has passed"]);
});

test("a call that is not idempotent is not repeated: a new session, a claim", async () => {
  for (const [method, given] of [["createSession", {}], ["setDocumentStatus", { documentId: ID, status: "processing" }]]) {
    const { client, requests } = answering(lost, GOOD);
    const { error } = await chatkeep(client, QUICK)[method](given);
    assert.deepEqual([requests.length, error.retryable], [1, false], method);
  }
  const { client, requests } = answering(lost, GOOD);
  assert.equal((await chatkeep(client, QUICK).setDocumentStatus({ documentId: ID, status: "ready" })).error, null);
  assert.equal(requests.length, 2);
});

test("a rotation is repeated only as long as the store returns the same token", async () => {
  const { client, requests } = answering(lost, GOOD);
  assert.equal((await chatkeep(client, QUICK).rotateSession({ token: TOKEN })).error, null);
  assert.equal(requests.length, 2);

  // Without the mocks of node:test, which older releases of Deno lack.
  const { now: clock } = performance;
  let now = performance.now();
  performance.now = () => now;
  try {
    const slow = answering(() => {
      now += 8_000;
      return lost;
    }, GOOD);
    const { error } = await chatkeep(slow.client, QUICK).rotateSession({ token: TOKEN });
    assert.deepEqual([slow.requests.length, error.retryable], [1, false]);
  } finally {
    performance.now = clock;
  }
});

test("simultaneous rotations of one token share a request; those of other tokens do not", async () => {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  const { client, requests } = answering(() => held);
  const rotations = [1, 2, 3].map(() => chatkeep(client).rotateSession({ token: TOKEN }));
  const validation = chatkeep(client).validateSession({ token: TOKEN });
  await Promise.resolve();
  release(GOOD);
  for (const { data } of await Promise.all(rotations)) assert.deepEqual(data, { id: ID });
  await validation;
  assert.deepEqual(requests.map(({ name }) => name).sort(), ["rotate_session", "validate_session"]);
  await chatkeep(client).rotateSession({ token: TOKEN });
  assert.equal(requests.length, 3);
});

test("a signal cancels the call", async () => {
  const control = new AbortController();
  const { client, requests } = answering((signal) => {
    control.abort(new Error("left"));
    return signal.aborted ? Promise.reject(signal.reason) : GOOD;
  });
  const { error } = await chatkeep(client, QUICK).appendMessage(append, { signal: control.signal });
  assert.deepEqual([requests.length, error.message], [1, "left"]);
  const before = await chatkeep(client, QUICK).appendMessage(append, { signal: AbortSignal.abort(new Error("early")) });
  assert.equal(before.error.message, "early");
});

test("with retry: false each request is sent once", async () => {
  const { client, requests } = answering(lost, GOOD);
  const { error } = await chatkeep(client, { retry: false }).appendMessage(append);
  assert.deepEqual([requests.length, error.retryable], [1, true]);
});

test("calls work without supabase-js, with url, key, fetch and the user's token", async () => {
  const requests = [];
  const fetch = (url, { headers, body, method }) => {
    requests.push({ url, method, headers, body: JSON.parse(body) });
    if (requests.length === 1) return Promise.resolve(new Response("<html>bad gateway</html>", { status: 502 }));
    if (requests.length === 2) return Promise.resolve(Response.json([{ id: ID }]));
    return Promise.resolve(Response.json({ code: "PT404", message: "chat_id names no chat of yours", details: null, hint: "h" }, { status: 404 }));
  };
  const connection = { url: "https://x.example/", key: "anon", accessToken: () => Promise.resolve("jwt"), headers: { "x-a": "b" }, fetch };
  const ck = chatkeep(connection, QUICK);
  assert.deepEqual(await ck.deleteChat({ chatId: ID }), { data: { id: ID }, error: null });
  assert.deepEqual(requests[1], {
    url: "https://x.example/rest/v1/rpc/delete_chat",
    method: "POST",
    headers: {
      apikey: "anon", authorization: "Bearer jwt", "content-type": "application/json", "content-profile": "chatkeep", "x-a": "b",
    },
    body: { chat_id: ID },
  });
  const { error } = await ck.deleteChat({ chatId: ID });
  assert.deepEqual([error.code, error.status, error.argument], ["PT404", 404, "chat_id"]);
});

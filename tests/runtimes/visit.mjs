// A typical use of the package, in any runtime: a chat, a message sent twice, a streamed answer, a document uploaded
// and registered in one pass, a session with its cookie, and a refusal. Returns the results for the test.

/** `api` has the package's exports; `connection` is `{ url, key, accessToken }` or a supabase-js client. */
export async function visit(api, connection) {
  const ck = api.chatkeep(connection);
  const chat = data(await ck.createChat({ title: "Runtimes" }));
  const hello = { chatId: chat.id, messageId: api.toUuid("nanoid-1"), role: "user", content: "Hello 😀" };
  const [first, again] = [data(await ck.appendMessage(hello)), data(await ck.appendMessage(hello))];

  const answer = data(await ck.streamMessage(chat.id, streamOf("Good ", "day")));
  const streamed = await new Response(answer.stream.pipeThrough(new TextEncoderStream())).text();
  const finished = data(await answer.done);
  const page = data(await ck.listMessages({ chatId: chat.id }));

  // A turn of an agent: a tool's output that Postgres cannot store as it is, and an answer in UI-message chunks as bytes.
  const escaping = api.chatkeep(connection, { unstorable: "escape" });
  const call = { type: "tool-call", toolCallId: "c1", toolName: "run", input: {} };
  const result = { type: "tool-result", toolCallId: "c1", toolName: "run", output: { type: "text", value: "a\0\ud83d" } };
  const rows = [{ role: "assistant", content: "", parts: [call] }, { role: "tool", content: "", parts: [result] }];
  data(await escaping.appendMessages({ chatId: chat.id, messages: rows }));
  const chunks = [{ type: "start" }, { type: "text-start", id: "t" }, { type: "text-delta", id: "t", delta: "Done" }, { type: "text-end", id: "t" }, { type: "finish" }];
  const events = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("");
  const told = data(await escaping.streamMessage(chat.id, new Response(events, { headers: { "x-vercel-ai-ui-message-stream": "v1" } })));
  await new Response(told.stream).arrayBuffer();
  data(await told.done);
  const turn = api.toUIMessages(data(await ck.listMessages({ chatId: chat.id }))).at(-1);

  const bytes = new Uint8Array(300_000);
  crypto.getRandomValues(bytes.subarray(0, 1000));
  const passing = api.hashing(new Blob([bytes]));
  const passed = (await new Response(passing.stream).arrayBuffer()).byteLength;
  const { checksum, byteSize } = data(await passing.digest);
  const source = { sourceUri: `https://example.org/${api.uuidv7()}`, checksum, byteSize };
  const outcomes = [data(await ck.registerDocument(source)).outcome, data(await ck.registerDocument(source)).outcome];
  const inDatabase = data(await ck.documentChecksum({ content: bytes.subarray(0, 1000) }));
  const here = data(await api.checksum(bytes.subarray(0, 1000)));

  const session = data(await ck.createSession({ ttl: 3600 }));
  const token = api.sessionTokenOf(api.sessionCookie(session).split(";")[0]);
  const rotations = await Promise.all([ck.rotateSession({ token }), ck.rotateSession({ token })]);
  const refused = await ck.appendMessage({ ...hello, messageId: null, content: "a\0b" });
  const unknown = await ck.listMessages({ chatId: api.uuidv7() });
  return {
    sameRow: first.id === again.id && first.seq === again.seq,
    streamed,
    finished: [finished.status, finished.content],
    page: page.map(({ seq, role, content }) => [seq, role, content]),
    passed,
    outcomes,
    sameChecksum: inDatabase === here,
    rotated: rotations.map((rotation) => data(rotation).status),
    oneToken: data(rotations[0]).token === data(rotations[1]).token,
    refused: [refused.error?.code, refused.error?.argument],
    unknown: [unknown.error?.code, unknown.error?.status, unknown.error?.argument, unknown.error?.retryable],
    uiMessage: api.toUIMessage(first).parts[0].text,
    turn: turn.parts.map(({ type, output, text }) => [type, JSON.stringify(output) ?? text ?? null]),
  };
}

/** The result of `visit` in every runtime. */
export const EXPECTED = {
  sameRow: true,
  streamed: "Good day",
  finished: ["complete", "Good day"],
  page: [[1, "user", "Hello 😀"], [2, "assistant", "Good day"]],
  passed: 300_000,
  outcomes: ["created", "duplicate"],
  sameChecksum: true,
  rotated: ["rotated", "rotated"],
  oneToken: true,
  refused: ["22023", "content"],
  unknown: ["PT404", 404, "chat_id", false],
  uiMessage: "Hello 😀",
  turn: [["tool-run", '"a\\u0000\\ud83d"'], ["step-start", null], ["text", "Done"]],
};

function data({ data, error }) {
  if (error) throw new Error(`${error.code} ${error.message} (${error.hint})`);
  return data;
}

function streamOf(...chunks) {
  return new ReadableStream({
    pull(controller) {
      if (chunks.length > 0) controller.enqueue(chunks.shift());
      else controller.close();
    },
  });
}

// Bad arguments: the SQLSTATE, the HTTP status, a message that names the argument, and nothing stored.

import { assert, equal, hintedRefusal, ok, refusal } from "./assertions.ts";
import { anonymous, newChat, type Person, signUp } from "./people.ts";

type Case = [what: string, call: string, given: object, code: string, status: number, says: string];

const KIB = 1024;
const CHECKSUM = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const good = { role: "user", content: "hello" };
const source = { source_uri: "https://example.org/a", checksum: CHECKSUM };

/** `{"a":{"a":...}}` with this number of objects. */
function nested(depth: number): object {
  let value: object = {};
  for (let level = 1; level < depth; level++) value = { a: value };
  return value;
}

function cases(chat_id: string): Case[] {
  const append = (what: string, given: object, code: string, says: string): Case => [
    what,
    "append_message",
    { chat_id, ...good, ...given },
    code,
    400,
    says,
  ];
  const register = (what: string, given: object, code: string, says: string): Case => [
    what,
    "register_document",
    { ...source, ...given },
    code,
    400,
    says,
  ];
  return [
    append("a role that does not exist", { role: "bot" }, "22023", "role"),
    append("a role in upper case", { role: "User" }, "22023", "role"),
    append("no role", { role: null }, "22004", "role"),
    append("no content", { content: null }, "22004", "content"),
    append("no chat", { chat_id: null }, "22004", "chat_id"),
    append("content over 1 MiB", { content: "x".repeat(KIB * KIB + 1) }, "22023", "content"),
    append("content over 1 MiB of UTF-8", { content: "é".repeat(KIB * KIB / 2 + 1) }, "22023", "content"),
    append("a status that does not exist", { status: "done" }, "22023", "status"),
    append("no status", { status: null }, "22004", "status"),
    append("a negative token_count", { token_count: -1 }, "22023", "token_count"),
    append("parts that are no array", { parts: { type: "text" } }, "22023", "parts"),
    append("metadata that is no object", { metadata: [1] }, "22023", "metadata"),
    append("no metadata", { metadata: null }, "22004", "metadata"),
    append("metadata 65 deep", { metadata: nested(65) }, "22023", "metadata"),
    append("metadata over 256 KiB", { metadata: { a: "x".repeat(256 * KIB) } }, "22023", "metadata"),
    append("a model of 201 characters", { model: "m".repeat(201) }, "22023", "model"),
    ["a title of 501 characters", "create_chat", { title: "t".repeat(501) }, "22023", 400, "title"],
    ["chat metadata that is no object", "create_chat", { metadata: 7 }, "22023", 400, "metadata"],
    ["a page of nothing", "list_messages", { chat_id, page_size: 0 }, "22023", 400, "page_size"],
    ["a page of 201", "list_messages", { chat_id, page_size: 201 }, "22023", 400, "page_size"],
    ["no page_size", "list_messages", { chat_id, page_size: null }, "22004", 400, "page_size"],
    register("a checksum that is too short", { checksum: "abc" }, "22023", "checksum"),
    register("no checksum", { checksum: null }, "22004", "checksum"),
    register("no source", { source_uri: null }, "22004", "source_uri"),
    register("a visibility that does not exist", { visibility: "public" }, "22023", "visibility"),
    register("a negative byte_size", { byte_size: -1 }, "22023", "byte_size"),
    register("tags that are no object", { tags: ["a"] }, "22023", "tags"),
    register("properties that are no object", { properties: [] }, "22023", "properties"),
    ["a ttl of nothing", "create_session", { ttl: "0 seconds" }, "22023", 400, "ttl"],
    ["max_sessions of nothing", "create_session", { max_sessions: 0 }, "22023", 400, "max_sessions"],
    ["somebody else's user_id", "create_session", { user_id: crypto.randomUUID() }, "42501", 403, "user_id"],
  ];
}

/** The numbers of a person's rows in all tables that the calls write. */
async function rows(person: Person): Promise<object> {
  const counts: Record<string, number> = {};
  for (const table of ["chats", "messages", "sessions", "documents", "document_metadata"]) {
    const { count, error } = await person.db.from(table).select("user_id", { count: "exact", head: true });
    assert(!error, `counting ${table} failed: ${error?.message}`);
    counts[table] = count;
  }
  return counts;
}

Deno.test("a bad argument is refused by name, and nothing is stored", async (test) => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  for (const [what, call, given, code, status, says] of cases(chat_id)) {
    await test.step(`${call} with ${what}`, async () => {
      const before = await rows(ada);
      hintedRefusal(await ada.db.rpc(call, given), code, status, says);
      equal(await rows(ada), before, "rows after the refusal");
    });
  }
});

Deno.test("values at the limits are stored", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const append = async (given: object) =>
    ok(await ada.db.rpc("append_message", { chat_id, ...good, ...given }).select("content, metadata").single());
  const content = "x".repeat(KIB * KIB);
  assert((await append({ content })).content === content, "1 MiB of content came back changed");
  equal((await append({ metadata: nested(64) })).metadata, nested(64), "metadata 64 deep");
  equal((await append({ content: "" })).content, "", "empty content");
});

Deno.test("a NUL character is refused, and nothing is stored", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const before = await rows(ada);
  // PostgreSQL itself refuses both, before Chatkeep's functions run.
  for (const given of [{ content: "a\u0000b" }, { metadata: { a: "\u0000" } }, { parts: ["\u0000"] }]) {
    const { error, status } = await ada.db.rpc("append_message", { chat_id, ...good, ...given });
    assert(error, `a NUL character in ${Object.keys(given)} was stored`);
    equal(status, 400, "HTTP status");
  }
  equal(await rows(ada), before, "rows after the refusals");
});

Deno.test("an anonymous client may not call functions that make rows", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const calls: [string, object][] = [
    ["create_chat", {}],
    ["append_message", { chat_id, ...good }],
    ["list_messages", { chat_id }],
    ["create_session", {}],
    ["register_document", source],
  ];
  for (const [call, given] of calls) refusal(await anonymous().rpc(call, given), "42501", 401, call);
});

Deno.test("an argument that is not a UUID, and an unknown argument, are refused", async () => {
  const ada = await signUp();
  refusal(await ada.db.rpc("append_message", { chat_id: "nope", ...good }), "22P02", 400, "uuid");
  refusal(
    await ada.db.rpc("append_message", { chat_id: crypto.randomUUID(), ...good, colour: "red" }),
    "PGRST202",
    404,
    "append_message",
  );
});

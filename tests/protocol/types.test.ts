// The JSON form of each type, in results and in arguments.

import { equal, ok } from "../journeys/assertions.ts";
import { anonymous, newChat, type Person, signUp } from "../journeys/people.ts";
import { answers, same } from "./gateway.ts";

const sum = (letter: string) => letter.repeat(64);

/** A registered document as the table holds it. */
async function stored(person: Person, given: object, columns: string) {
  const { id } = ok(
    await person.db.rpc("register_document", { source_uri: "a", checksum: sum("a"), ...given }).single(),
  );
  return ok(await person.db.from("documents").select(columns).eq("id", id).single());
}

Deno.test("timestamptz is ISO 8601 with an offset, exact to the microsecond, and can be passed back unchanged", async () => {
  const ada = await signUp();
  const times = ["2024-01-02T03:04:05.123457Z", "2024-01-02T03:04:06.12+00:00", "2024-01-02T05:04:07+02:00"];
  const messages = times.map((created_at, index) => ({ role: "user", content: `${index}`, created_at }));
  const { id: chat_id } = ok(await ada.db.rpc("import_chat", { chat: { messages } }).single());
  const rows = ok(await ada.db.rpc("list_messages", { chat_id }).select("created_at, content"));
  const read = rows.map((row: { created_at: string }) => row.created_at);
  equal(read[0], "2024-01-02T03:04:05.123457+00:00", "microseconds");
  answers("zeros at the end of a second", read.slice(1), ["2024-01-02T03:04:06.12+00:00", "2024-01-02T03:04:07+00:00"]);

  const before = ok(await ada.db.rpc("list_messages", { chat_id, before: read[2] }).select("content"));
  same(before, [{ content: "0" }, { content: "1" }], "a cursor that is one of these");
  const found = await ada.db.from("messages").select("content").gte("created_at", read[1]).order("created_at");
  same(ok(found), [{ content: "1" }, { content: "2" }], "a filter that is one of these");
});

Deno.test("bytea is hexadecimal after \\x", async () => {
  const of = async (content: string) => ok(await anonymous().rpc("document_checksum", { content }));
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  equal(await of("\\x616263"), abc, "of abc");
  equal(await of("abc"), abc, "of text, which PostgreSQL reads as bytes with escapes");
  const every = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0")).join("");
  equal(await of(`\\x${every}`), "40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880", "of every byte");
  equal(await of(`\\x${every.toUpperCase()}`), await of(`\\x${every}`), "of capital digits");

  const ada = await signUp();
  const given = { source_uri: "a", content: "\\x00ff" };
  const document = ok(await ada.db.rpc("register_content", given).single());
  same([document.byte_size, document.checksum.length], [2, 64], "a document of two bytes");
});

Deno.test("bigint is a number, exact below 2^53, and text if it is cast", async () => {
  const ada = await signUp();
  const largest = await stored(ada, { byte_size: Number.MAX_SAFE_INTEGER }, "byte_size");
  same(largest, { byte_size: 9007199254740991 }, "the largest exact number");
  const given = { source_uri: "b", checksum: sum("b"), byte_size: "9007199254740993" };
  same(await stored(ada, given, "byte_size::text"), { byte_size: "9007199254740993" }, "a larger one, as text");
});

Deno.test("integers, booleans and null are those of JSON", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const message = { chat_id, role: "assistant", content: "x", token_count: 2147483647 };
  const row = ok(await ada.db.rpc("append_message", message).single());
  same([row.seq, row.token_count, row.active, row.model], [1, 2147483647, true, null], "a message");
  const chat = ok(await ada.db.from("chats").select("message_count, last_seq, indexed_to").eq("id", chat_id).single());
  same(chat, { message_count: 1, last_seq: 1, indexed_to: null }, "its chat");
});

Deno.test("real has the digits that PostgreSQL prints", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  ok(await ada.db.rpc("append_message", { chat_id, role: "user", content: "a needle" }));
  const [found] = ok(await ada.db.rpc("search_messages", { query: "needle", chat_id }));
  answers("digits of a real", found.rank, 0.06079271);
  equal(Math.fround(found.rank), Math.fround(0.06079271), "the number itself");
});

Deno.test("jsonb keeps objects, arrays, null and every character", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const metadata = {
    "π": "🎉 \u0001\u2028 \\u0041",
    "null": null,
    "list": [1, -2.5, 1e-7, true, false, null, "", { deep: [[], {}] }],
    'a "quoted" \\ key': "line\nand\ttab",
    "": "of no name",
  };
  const parts = [{ type: "text", text: "Grüße" }, { type: "tool", input: metadata }];
  const message = { chat_id, role: "user", content: "x", metadata, parts };
  const appended = ok(await ada.db.rpc("append_message", message).single());
  same([appended.metadata, appended.parts], [metadata, parts], "the rows that the call returns");
  const read = ok(await ada.db.from("messages").select("metadata, parts").eq("chat_id", chat_id).single());
  same(read, { metadata, parts }, "the rows of the table");
  const changed = { ...metadata, list: [] };
  same(
    ok(await ada.db.from("chats").update({ metadata: changed }).eq("id", chat_id).select("metadata").single()),
    { metadata: changed },
    "the row after a direct update",
  );
  const path = await ada.db.from("chats").select("metadata->list, metadata->>π").eq("id", chat_id).single();
  same(ok(path), { list: [], "π": metadata["π"] }, "the selection by a path");
});

Deno.test("inet and interval are text as PostgreSQL prints them", async () => {
  const ada = await signUp();
  for (
    const [ip, idle_ttl, row] of [
      ["192.0.2.7", "90 minutes", { ip: "192.0.2.7", idle_ttl: "01:30:00" }],
      ["2001:DB8:0::1", "P1DT2H", { ip: "2001:db8::1", idle_ttl: "1 day 02:00:00" }],
      ["[2001:db8::1]:443, 10.0.0.1", "5 minutes", { ip: "2001:db8::1", idle_ttl: "00:05:00" }],
      ["unknown", "5 minutes", { ip: null, idle_ttl: "00:05:00" }],
      ["192.0.2.0/24", "86400 seconds", { ip: "192.0.2.0/24", idle_ttl: "24:00:00" }],
    ] as const
  ) {
    const { session_id } = ok(await ada.db.rpc("create_session", { ip, idle_ttl, ttl: "30 days" }).single());
    same(ok(await ada.db.from("sessions").select("ip, idle_ttl").eq("id", session_id).single()), row, `${ip}`);
    same(ok(await ada.db.from("my_sessions").select("ip, idle_ttl").eq("id", session_id).single()), row, "the view");
  }
});

Deno.test("text[] is an array of strings", async () => {
  const ada = await signUp();
  const sources = ["a", 'b "quoted", {in} \\ braces', "c ü 🎉", "null", ""].filter(Boolean);
  let last;
  for (const source_uri of sources) {
    last = ok(await ada.db.rpc("register_document", { source_uri, checksum: sum("a") }).single());
  }
  same(ok(await ada.db.from("documents").select("aliases").single()), { aliases: sources.slice(1) }, "the table");
  answers("text[] of a named type", last.aliases, sources.slice(1));
});

Deno.test("uuid is lower case in results, and accepted in either case", async () => {
  const ada = await signUp();
  const id = "0198C0DE-0000-7000-8000-0000000000AB".replace("0198C0DE", crypto.randomUUID().slice(0, 8).toUpperCase());
  const chat = ok(await ada.db.rpc("create_chat", { chat_id: id }).single());
  equal(chat.id, id.toLowerCase(), "the id of the chat");
  same(ok(await ada.db.from("chats").select("id").eq("id", id)), [{ id: id.toLowerCase() }], "found by capitals");
});

Deno.test("null is accepted only for arguments that may be null", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const id = await ada.db.rpc("create_chat", { chat_id: null });
  const content = await ada.db.rpc("append_message", { chat_id, role: "user", content: null });
  const title = ok(await ada.db.rpc("create_chat", { title: null }).single()).title;
  answers("null as a uuid, as content and as a title", [id.status, content.status, title], [200, 400, null]);
});

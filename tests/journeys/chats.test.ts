// create_chat, append_message and list_messages: their results, their order, and safe retries.

import { assert, columns, equal, ok, refusal } from "./assertions.ts";
import { anonymous, newChat, service, signUp } from "./people.ts";

const CHAT = [
  "active_leaf_id",
  "archived_at",
  "created_at",
  "deleted_at",
  "folder",
  "id",
  "indexed_to",
  "language",
  "last_seq",
  "message_count",
  "metadata",
  "pinned_at",
  "purged_at",
  "read_up_to_seq",
  "tags",
  "tenant_id",
  "title",
  "title_source",
  "updated_at",
  "user_id",
];
const MESSAGE = [
  "active",
  "author_id",
  "chat_id",
  "content",
  "created_at",
  "id",
  "metadata",
  "model",
  "parent_id",
  "parts",
  "redacted_at",
  "redacted_by",
  "redaction_reason",
  "reply_to",
  "role",
  "seq",
  "status",
  "tenant_id",
  "token_count",
  "updated_at",
  "usage",
  "user_id",
  "version",
  "written_as",
];

Deno.test("create_chat returns the chat, and the same chat for the same chat_id", async () => {
  const ada = await signUp();
  const chat_id = crypto.randomUUID();
  const chat = ok(
    await ada.db.rpc("create_chat", { title: "Greetings", metadata: { topic: ["a", 1] }, chat_id }).single(),
  );
  equal(columns(chat), CHAT, "columns");
  equal(
    [chat.id, chat.user_id, chat.title, chat.metadata],
    [chat_id, ada.id, "Greetings", { topic: ["a", 1] }],
    "the chat",
  );
  const again = ok(await ada.db.rpc("create_chat", { title: "Other", chat_id }).single());
  equal(again, chat, "the chat, created again");
  equal(ok(await ada.db.from("chats").select("id")), [{ id: chat_id }], "chats");
});

Deno.test("append_message returns the message and touches the chat", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const given = {
    role: "assistant",
    content: "Grüße, 世界 \u{1F30D}",
    model: "m-1",
    token_count: 7,
    parts: [{ type: "text" }],
    metadata: { k: 1 },
  };
  const message = ok(await ada.db.rpc("append_message", { chat_id, ...given }).single());
  equal(columns(message), MESSAGE, "columns");
  for (const [name, value] of Object.entries(given)) equal(message[name], value, name);
  equal(
    [message.seq, message.status, message.author_id, message.written_as],
    [1, "complete", ada.id, "authenticated"],
    "the rest",
  );
  const chat = ok(await ada.db.from("chats").select("*").eq("id", chat_id).single());
  equal([chat.message_count, chat.last_seq, chat.active_leaf_id], [1, 1, message.id], "the chat");
  equal(chat.updated_at, message.created_at, "the time of the touch");
});

Deno.test("a message by a service has no author", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const message = ok(await service().rpc("append_message", { chat_id, role: "assistant", content: "hello" }).single());
  equal(
    [message.user_id, message.author_id, message.written_as],
    [ada.id, null, "service_role"],
    "owner, author, role",
  );
});

Deno.test("a retry with the same message_id stores nothing, and other content is a conflict", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const append = (content: string) =>
    ada.db.rpc("append_message", { chat_id, role: "user", content, message_id: "018f0000-0000-7000-8000-000000000001" })
      .single();
  const first = ok(await append("hello"));
  equal(ok(await append("hello")), first, "the retry");
  refusal(await append("goodbye"), "PT409", 409, "message_id");
  equal(ok(await ada.db.from("messages").select("content").eq("chat_id", chat_id)), [{ content: "hello" }], "messages");
});

Deno.test("a message that is saved again with more grows, and a stale copy changes nothing", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const call = { type: "tool-weather", toolCallId: "c1", state: "input-available", input: { city: "Rome" } };
  const answered = { ...call, state: "output-available", output: 25 };
  const save = (content: string, parts: unknown[]) =>
    ada.db.rpc("append_message", {
      chat_id,
      role: "assistant",
      content,
      parts,
      message_id: "018f0000-0000-7000-8000-000000000002",
    }).single();
  const first = ok(await save("", [call]));
  const grown = ok(await save("25 degrees", [answered, { type: "text", text: "25 degrees" }]));
  equal([grown.version, grown.seq, grown.content], [2, first.seq, "25 degrees"], "the message with the tool's answer");
  equal(ok(await save("", [call])), grown, "a stale copy");
  refusal(await save("26 degrees", [answered]), "PT409", 409, "message_id");
});

Deno.test("messages that are appended concurrently are in one order, without gaps", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const append = (_: unknown, index: number) =>
    ada.db.rpc("append_message", { chat_id, role: "user", content: `${index}` }).single();
  const answers = await Promise.all(Array.from({ length: 20 }, append));
  const seqs = answers.map((answer) => ok(answer).seq).sort((one: number, other: number) => one - other);
  equal(seqs, Array.from({ length: 20 }, (_, index) => index + 1), "seq of the answers");
  const page = ok(await ada.db.rpc("list_messages", { chat_id }));
  equal(page.map((row: { seq: number }) => row.seq), seqs, "seq as listed");
  const times = page.map((row: { created_at: string }) => row.created_at);
  assert(new Set(times).size === 20, "two messages have the same created_at");
  equal(times, [...times].sort(), "created_at as listed");
});

Deno.test("list_messages pages by created_at in both directions, and starts at the newest", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  for (let index = 1; index <= 7; index++) {
    ok(await ada.db.rpc("append_message", { chat_id, role: "user", content: `${index}` }));
  }
  const list = async (given: object) => ok(await ada.db.rpc("list_messages", { chat_id, page_size: 3, ...given }));
  const contents = (page: { content: string }[]) => page.map((row) => row.content).join(" ");
  const newest = await list({});
  const older = await list({ before: newest[0].created_at });
  const oldest = await list({ before: older[0].created_at });
  equal([newest, older, oldest].map(contents), ["5 6 7", "2 3 4", "1"], "pages backwards");
  equal(contents(await list({ after: oldest[0].created_at })), "2 3 4", "the page after the first message");
  equal(
    contents(await list({ after: older[0].created_at, before: newest[1].created_at })),
    "3 4 5",
    "a page between two",
  );
  equal(await list({ after: newest[2].created_at }), [], "the page after the last message");
  const read = await ada.db.rpc("list_messages", { chat_id, page_size: 3 }, { get: true }).select("content");
  equal(contents(ok(read)), "5 6 7", "the newest page, by GET");
});

Deno.test("a parent that is not the last message starts a branch", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const append = async (content: string, parent_id?: string) =>
    ok(
      await ada.db.rpc("append_message", { chat_id, role: "user", content, ...(parent_id && { parent_id }) }).single(),
    );
  const first = await append("one");
  await append("two");
  const other = await append("two, again", first.id);
  equal([other.seq, other.parent_id], [3, first.id], "the branch");
  const page = ok(await ada.db.rpc("list_messages", { chat_id }).select("content"));
  equal(page, [{ content: "one" }, { content: "two, again" }], "the active path");
  const all = ok(await ada.db.from("messages").select("content, active").eq("chat_id", chat_id).order("seq"));
  equal(all[1], { content: "two", active: false }, "the old tail");
});

Deno.test("nobody else reads a chat, its messages or its existence", async () => {
  const [ada, ben] = [await signUp(), await signUp()];
  const chat_id = await newChat(ada);
  ok(await ada.db.rpc("append_message", { chat_id, role: "user", content: "private" }));
  await newChat(ben);
  equal(ok(await ben.db.from("chats").select("id").eq("id", chat_id)), [], "chats that a stranger reads");
  equal(ok(await ben.db.from("messages").select("id").eq("chat_id", chat_id)), [], "messages that a stranger reads");
  for (const [call, given] of [["list_messages", {}], ["append_message", { role: "user", content: "x" }]] as const) {
    const foreign = await ben.db.rpc(call, { chat_id, ...given });
    const unknown = await ben.db.rpc(call, { chat_id: crypto.randomUUID(), ...given });
    refusal(foreign, "PT404", 404, "chat_id");
    equal(
      [foreign.status, foreign.error],
      [unknown.status, unknown.error],
      `${call} on a foreign and on an unknown chat`,
    );
  }
  for (const table of ["chats", "messages", "documents", "document_metadata", "attachments", "users"]) {
    refusal(await anonymous().from(table).select("*"), "42501", 401, table);
  }
});

Deno.test("messages can be written by the calls only", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  ok(await ada.db.rpc("append_message", { chat_id, role: "user", content: "as it was" }));
  const stored = () => ada.db.from("messages").select("*").eq("chat_id", chat_id);
  const before = ok(await stored());
  const row = {
    id: crypto.randomUUID(),
    chat_id,
    tenant_id: ada.id,
    user_id: ada.id,
    seq: 2,
    role: "user",
    content: "forged",
  };
  refusal(await ada.db.from("messages").insert(row), "42501", 403, "messages");
  refusal(await ada.db.from("messages").update({ content: "forged" }).eq("chat_id", chat_id), "42501", 403, "messages");
  refusal(await ada.db.from("messages").update({ active: false }).eq("chat_id", chat_id), "42501", 403, "messages");
  refusal(await ada.db.from("messages").delete().eq("chat_id", chat_id), "42501", 403, "messages");
  refusal(await ada.db.from("chats").update({ last_seq: 9 }).eq("id", chat_id), "42501", 403, "");
  equal(ok(await stored()), before, "the messages afterwards");
  equal(ok(await ada.db.from("chats").select("last_seq").eq("id", chat_id)), [{ last_seq: 1 }], "the chat afterwards");
});

// The rows of calls and tables: one or many, with selected columns, embedded, filtered, ordered and counted.

import { equal, ok } from "../journeys/assertions.ts";
import { newChat, type Person, signUp } from "../journeys/people.ts";
import { answers, CHAT_OF_MESSAGE, said, same } from "./gateway.ts";

/** A chat with this number of messages, of user and assistant in turn. */
async function talk(person: Person, count: number): Promise<string> {
  const chat_id = await newChat(person);
  const messages = Array.from({ length: count }, (_, n) => ({
    role: n % 2 ? "assistant" : "user",
    content: `message ${n + 1}`,
  }));
  ok(await person.db.rpc("append_messages", { chat_id, messages }));
  return chat_id;
}

const NOT_ONE = "Cannot coerce the result to a single JSON object";
// deno-lint-ignore no-explicit-any
const seqs = (rows: any) => rows.map((row: { seq: number }) => row.seq);

Deno.test("single() returns one row, and refuses none and two with 406", async () => {
  const ada = await signUp();
  const chat_id = await talk(ada, 2);
  const read = () => ada.db.from("messages").select("seq").eq("chat_id", chat_id);
  same(ok(await read().eq("seq", 1).single()), { seq: 1 }, "one row of a table");
  const call = () => ada.db.rpc("list_messages", { chat_id });
  equal(ok(await call().eq("seq", 2).single()).content, "message 2", "one row of a call");
  for (
    const [what, rows, answer] of [
      ["none of a table", 0, await read().eq("seq", 3).single()],
      ["two of a table", 2, await read().single()],
      ["none of a call", 0, await ada.db.rpc("list_messages", { chat_id: await newChat(ada) }).single()],
      ["two of a call", 2, await call().single()],
    ] as const
  ) {
    const details = `The result contains ${rows} rows`;
    same(said(answer), { status: 406, code: "PGRST116", message: NOT_ONE, details, hint: null }, what);
  }
});

Deno.test("maybeSingle() returns null for no row, and refuses two", async () => {
  const ada = await signUp();
  const chat_id = await talk(ada, 2);
  const read = () => ada.db.from("messages").select("seq").eq("chat_id", chat_id);
  same(ok(await read().eq("seq", 1).maybeSingle()), { seq: 1 }, "one row of a table");
  equal(ok(await read().eq("seq", 3).maybeSingle()), null, "no row of a table");
  const two = said(await read().maybeSingle());
  equal([two.status, two.code], [406, "PGRST116"], "two rows of a table");
  const untagged = { document_id: crypto.randomUUID(), tags: {} };
  equal(said(await ada.db.rpc("tag_document", untagged).maybeSingle()).code, "PT404", "a refusal stays one");
  const calls = ada.db.rpc("list_messages", { chat_id: await newChat(ada) });
  equal(ok(await calls.maybeSingle()), null, "no row of a call");
});

Deno.test("single() of a call that wrote two rows rolls the call back", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const messages = [{ role: "user", content: "one" }, { role: "assistant", content: "two" }];
  const answer = said(await ada.db.rpc("append_messages", { chat_id, messages }).single());
  equal([answer.status, answer.code], [406, "PGRST116"], "the answer");
  const { count } = await ada.db.from("messages").select("id", { count: "exact", head: true }).eq("chat_id", chat_id);
  answers("rows that a refused single() left", count, 0);
});

Deno.test("the rows of a call can be selected, filtered, ordered and limited like those of a table", async () => {
  const ada = await signUp();
  const chat_id = await talk(ada, 6);
  const list = () => ada.db.rpc("list_messages", { chat_id });
  same(ok(await list().select("seq").eq("role", "assistant")), [{ seq: 2 }, { seq: 4 }, { seq: 6 }], "a filter");
  equal(seqs(ok(await list().order("seq", { ascending: false }).limit(2))), [6, 5], "an order and a limit");
  equal(seqs(ok(await list().order("seq").range(1, 3))), [2, 3, 4], "a range");
  equal(seqs(ok(await list().in("seq", [1, 5]).order("seq"))), [1, 5], "a list");
  equal(seqs(ok(await list().or("seq.eq.2,content.like.*6").order("seq"))), [2, 6], "an alternative");
  same(
    ok(await list().select("text:content, seq::text").limit(1)),
    [{ text: "message 1", seq: "1" }],
    "names and casts",
  );
});

Deno.test("rows of a named type can be selected, filtered, ordered and limited as well", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const message_id = crypto.randomUUID();
  const known = { role: "user", content: "known", message_id };
  ok(await ada.db.rpc("append_message", { chat_id, ...known }));
  const messages = [known, { role: "assistant", content: "new" }, { role: "user", content: "newer" }];
  const append = () => ada.db.rpc("append_messages", { chat_id, messages });
  const [chosen] = ok(await append().select("outcome, seq"));
  const filtered = ok(await append().eq("outcome", "stored"));
  const limited = ok(await append().limit(1));
  const [first] = ok(await append().order("seq", { ascending: false }));
  answers(
    "columns, filters, limit and order of a named type",
    [Object.keys(chosen).length, filtered.length, limited.length, first.content],
    [2, 1, 1, "newer"],
  );
});

Deno.test("the result of a call can embed the rows that it refers to", async () => {
  const ada = await signUp();
  const { id: chat_id } = ok(await ada.db.rpc("create_chat", { title: "Plans" }).single());
  const message = { chat_id, role: "user", content: "look" };
  const appended = ok(await ada.db.rpc("append_message", message).select(`id, content, ${CHAT_OF_MESSAGE}(title)`).single());
  same([appended.content, appended.chats], ["look", { title: "Plans" }], "a message with its chat");
  const { id: document_id } = ok(
    await ada.db.rpc("register_document", { source_uri: "manual", checksum: "a".repeat(64), title: "M" }).single(),
  );
  const attached = ok(
    await ada.db.rpc("attach", { chat_id, message_id: appended.id, document_id, name: "m.pdf" })
      .select(`name, documents(title), messages(content, ${CHAT_OF_MESSAGE}(title))`).single(),
  );
  same(
    attached,
    { name: "m.pdf", documents: { title: "M" }, messages: { content: "look", chats: { title: "Plans" } } },
    "an attachment with its document, message and chat",
  );
  const page = ok(
    await ada.db.rpc("list_messages", { chat_id }).select(`seq, ${CHAT_OF_MESSAGE}(title), attachments(name, documents(title))`),
  );
  const attachments = [{ name: "m.pdf", documents: { title: "M" } }];
  same(page, [{ seq: 1, chats: { title: "Plans" }, attachments }], "a page with what hangs on it");
  const inner = ada.db.rpc("list_messages", { chat_id }).select("seq, attachments!inner(name)");
  same(ok(await inner.eq("attachments.name", "other.pdf")), [], "a page of those with such an attachment");
});

Deno.test("rows embedded in the result of a call are as before the call", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const message = { chat_id, role: "user", content: "first" };
  const { chats } = ok(await ada.db.rpc("append_message", message).select(`id, ${CHAT_OF_MESSAGE}(message_count)`).single());
  same(chats, { message_count: 0 }, "the chat of the first message");
  same(ok(await ada.db.from("chats").select("message_count").single()), { message_count: 1 }, "and afterwards");
});

Deno.test("tables are embedded in both directions, each with its own order and limit", async () => {
  const ada = await signUp();
  const chat_id = await talk(ada, 4);
  const [last] = ok(await ada.db.rpc("list_messages", { chat_id }).eq("seq", 4));
  ok(await ada.db.rpc("attach", { chat_id, message_id: last.id, storage_path: "uploads/a.png", name: "a.png" }));
  const whole = ok(await ada.db.from("messages").select("*, attachments(*)").eq("id", last.id).single());
  same(
    [whole.content, whole.attachments.length, whole.attachments[0].storage_path],
    ["message 4", 1, "uploads/a.png"],
    "every column of a message and of its attachments",
  );
  const chat = await ada.db.from("chats").select("message_count, messages(seq)").eq("id", chat_id)
    .order("seq", { referencedTable: "messages", ascending: false }).limit(2, { referencedTable: "messages" }).single();
  same(ok(chat), { message_count: 4, messages: [{ seq: 4 }, { seq: 3 }] }, "a chat with its newest messages");
  const filtered = await ada.db.from("chats").select("messages(seq)").eq("messages.role", "user").single();
  equal(seqs(ok(filtered).messages).sort(), [1, 3], "a chat with its user's messages");
  const spread = await ada.db.from("attachments").select("name, ...messages(seq)").single();
  same(ok(spread), { name: "a.png", seq: 4 }, "columns of the message beside those of the attachment");
  const counted = said(await ada.db.from("messages").select("seq.max()"));
  same([counted.status, counted.code], [400, "PGRST123"], "aggregates, which are off by default");
});

Deno.test("tables are filtered, ordered, limited and counted", async () => {
  const ada = await signUp();
  const chat_id = await talk(ada, 5);
  const read = (options: object = {}) => ada.db.from("messages").select("seq", options).eq("chat_id", chat_id);
  equal(seqs(ok(await read().order("seq", { ascending: false }).limit(2))), [5, 4], "order and limit");
  equal(seqs(ok(await read().order("created_at").range(2, 9))), [3, 4, 5], "a range past the end");
  equal(seqs(ok(await read().gt("seq", 1).lte("seq", 3).neq("role", "user").order("seq"))), [2], "filters");
  const page = await read({ count: "exact" }).order("seq").range(0, 1);
  same([page.status, page.count, seqs(page.data)], [206, 5, [1, 2]], "a page with the count of all");
  const whole = await read({ count: "exact" });
  same([whole.status, whole.count], [200, 5], "all with the count of all");
  const head = await read({ count: "exact", head: true });
  same([head.status, head.data, head.count], [200, null, 5], "the count alone");
  const past = said(await read({ count: "exact" }).range(9, 12));
  same([past.status, past.code, past.details], [
    416,
    "PGRST103",
    "An offset of 9 was requested, but there are only 5 rows.",
  ], "a range that begins past the end, where they are counted");
  const listed = await ada.db.rpc("list_messages", { chat_id, page_size: 3 }, { count: "exact" });
  same([listed.status, listed.count, seqs(listed.data)], [200, 3, [3, 4, 5]], "the count of a page is the page's");
  const few = await ada.db.rpc("list_messages", { chat_id }, { count: "exact" }).order("seq").limit(2);
  same([few.status, few.count, seqs(few.data)], [206, 5, [1, 2]], "the count of a call that is cut");
});

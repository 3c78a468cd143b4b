// Batches, streams, branches, search, deletion and import, as supabase-js sends them.

import { assert, columns, equal, hintedRefusal, ok, refusal } from "./assertions.ts";
import { anonymous, bearing, newChat, type Person, service, shareTenant, signUp } from "./people.ts";

// deno-lint-ignore no-explicit-any
type Row = any;

const NIL = "00000000-0000-0000-0000-000000000000";
const uuid = () => crypto.randomUUID();

async function listed(person: Person, chat_id: string): Promise<string> {
  const page = ok(await person.db.rpc("list_messages", { chat_id }).select("content"));
  return page.map((row: Row) => row.content).join(", ");
}

Deno.test("append_messages stores a turn in one request, and reports which messages were stored before", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const [question, answer] = [uuid(), uuid()];
  const turn = [
    { role: "user", content: "Grüße, 世界 \u{1F30D}", message_id: question, metadata: { k: [1, null] } },
    {
      role: "assistant",
      content: "hello",
      message_id: answer,
      model: "m-1",
      token_count: 7,
      parts: [{ type: "text" }],
    },
  ];
  const first = ok(await ada.db.rpc("append_messages", { chat_id, messages: turn }));
  equal(
    columns(first[0]).filter((name) => name !== "outcome"),
    columns(ok(await ada.db.from("messages").select("*").limit(1))[0]),
    "columns",
  );
  equal(
    first.map((row: Row) => [row.outcome, row.seq, row.id]),
    [["appended", 1, question], ["appended", 2, answer]],
    "the turn",
  );
  equal([first[0].content, first[0].metadata], [turn[0].content, turn[0].metadata], "its question");
  equal([first[1].parent_id, first[1].parts, first[1].model, first[1].token_count], [
    question,
    [{ type: "text" }],
    "m-1",
    7,
  ], "its answer");
  const again = ok(
    await ada.db.rpc("append_messages", { chat_id, messages: [...turn, { role: "user", content: "more" }] }),
  );
  equal(
    again.map((row: Row) => [row.outcome, row.seq]),
    [["stored", 1], ["stored", 2], ["appended", 3]],
    "the turn again, with one more",
  );
  equal(await listed(ada, chat_id), `${turn[0].content}, hello, more`, "messages");
  equal(ok(await ada.db.rpc("append_messages", { chat_id, messages: [] })), [], "an empty batch");
});

Deno.test("a bad item of a batch is refused by its place, and nothing of the batch is stored", async (test) => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const good = { role: "user", content: "fine" };
  const stored = { ...good, message_id: uuid() };
  ok(await ada.db.rpc("append_messages", { chat_id, messages: [stored] }));
  const cases: [what: string, item: unknown, code: string, status: number, says: string][] = [
    ["a role that does not exist", { ...good, role: "bot" }, "22023", 400, "messages[2].role must be"],
    ["no content", { role: "user" }, "22004", 400, "messages[2].content"],
    ["content over 1 MiB", { ...good, content: "x".repeat(1024 * 1024 + 1) }, "22023", 400, "messages[2].content"],
    ["metadata that is no object", { ...good, metadata: [1] }, "22023", 400, "messages[2].metadata"],
    ["a key that does not exist", { ...good, colour: "red" }, "22023", 400, "messages[2]"],
    ["somebody's user_id", { ...good, user_id: uuid() }, "22023", 400, "messages[2]"],
    ["a tenant_id", { ...good, tenant_id: uuid() }, "22023", 400, "messages[2]"],
    ["other content for a stored id", { ...stored, content: "other" }, "PT409", 409, "messages[2].message_id"],
    ["a parent that does not exist", { ...good, parent_id: uuid() }, "PT404", 404, "messages[2].parent_id"],
    ["no object", "fine", "22023", 400, "messages[2]"],
  ];
  for (const [what, item, code, status, says] of cases) {
    await test.step(what, async () => {
      hintedRefusal(await ada.db.rpc("append_messages", { chat_id, messages: [good, good, item] }), code, status, says);
      equal(await listed(ada, chat_id), "fine", "messages");
    });
  }
  const many = (count: number) => ({ chat_id, messages: Array.from({ length: count }, () => good) });
  hintedRefusal(await ada.db.rpc("append_messages", many(1001)), "22023", 400, "messages");
  equal(ok(await ada.db.rpc("append_messages", many(1000)).select("seq")).length, 1000, "a thousand messages");
});

Deno.test("a stream begins as a placeholder and is finished once", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const message_id = uuid();
  const begin = { chat_id, role: "assistant", content: "", status: "streaming", message_id };
  const placeholder = ok(await ada.db.rpc("append_message", begin).single());
  ok(await ada.db.rpc("append_message", { chat_id, role: "user", content: "still there?" }));
  const chat = ok(await ada.db.from("chats").select("*").eq("id", chat_id).single());
  const finish = (given: object) => ada.db.rpc("finish_message", { chat_id, message_id, ...given }).single();
  const finished = ok(await finish({ content: "the answer", token_count: 3, metadata: { stop: "end" } }));
  equal(
    [finished.seq, finished.status, finished.content, finished.token_count],
    [1, "complete", "the answer", 3],
    "the finished message",
  );
  equal(finished.created_at, placeholder.created_at, "its time");
  assert(finished.updated_at > placeholder.updated_at, "updated_at did not move");
  equal(ok(await ada.db.from("chats").select("*").eq("id", chat_id).single()), chat, "the chat afterwards");
  equal(
    ok(await finish({ content: "the answer", token_count: 3, metadata: { stop: "end" } })),
    finished,
    "the same finish again",
  );
  hintedRefusal(await finish({ content: "another answer" }), "PT409", 409, "message_id");
  hintedRefusal(await finish({ content: "the answer", status: "failed" }), "PT409", 409, "message_id");
  hintedRefusal(
    await ada.db.rpc("finish_message", { chat_id, message_id: uuid(), content: "x" }),
    "PT404",
    404,
    "message_id",
  );
  equal(await listed(ada, chat_id), "the answer, still there?", "messages");
  const dead = uuid();
  ok(await ada.db.rpc("append_message", { ...begin, message_id: dead }));
  equal(ok(await ada.db.rpc("fail_stale_messages", { older_than: "1 hour" })), [], "messages stale for an hour");
  equal(
    ok(await ada.db.rpc("fail_stale_messages", { older_than: "0 seconds" }).select("id, status")),
    [{ id: dead, status: "failed" }],
    "messages stale by now",
  );
});

Deno.test("a stream keeps its progress, outlives fail_stale_messages, and is stopped by its user", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const [message_id, next] = [uuid(), uuid()];
  const begin = { chat_id, role: "assistant", content: "", status: "streaming" };
  const finish = (given: object) => ada.db.rpc("finish_message", { chat_id, message_id, ...given }).single();
  ok(await ada.db.rpc("append_message", { ...begin, message_id }));
  const half = ok(await finish({ content: "half of", status: "streaming" }));
  equal([half.content, half.status, half.version], ["half of", "streaming", 2], "the progress");
  equal(ok(await finish({ content: "half", status: "streaming" })), half, "progress that arrives late");
  equal(ok(await ada.db.rpc("fail_stale_messages", { older_than: "0 seconds" }).select("id")), [{ id: message_id }], "stale");
  equal(ok(await finish({ content: "half of it and", status: "streaming" })).status, "streaming", "alive after all");
  const usage = { cost: 0.00012, currency: "USD", input_tokens: 12, output_tokens: 5, cached_input_tokens: 10 };
  const whole = ok(await finish({ content: "half of it and the rest", usage }));
  equal([whole.status, whole.content, whole.usage], ["complete", "half of it and the rest", usage], "the end");

  ok(await ada.db.rpc("append_message", { ...begin, message_id: next }));
  const stop = { chat_id, message_id: next, status: "stopped" };
  ok(await ada.db.rpc("finish_message", { ...stop, status: "streaming", content: "on and" }));
  equal(ok(await ada.db.rpc("finish_message", stop).single()).content, "on and", "what was said until the stop");
  hintedRefusal(await ada.db.rpc("finish_message", { ...stop, status: "streaming", content: "on and on" }), "PT409", 409, "message_id");
  equal(ok(await ada.db.rpc("finish_message", { ...stop, content: "on and on" }).single()).content, "on and on", "its last words");
});

Deno.test("two tabs, two questions, and two tools at once hide nothing of each other", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const append = (given: object) => ada.db.rpc("append_message", { chat_id, role: "user", content: "", ...given });
  const [first, second, call] = [uuid(), uuid(), uuid()];
  ok(await append({ content: "one", message_id: first, expected_leaf: NIL }));
  const late = await append({ content: "from an old tab", expected_leaf: NIL });
  hintedRefusal(late, "PT409", 409, "expected_leaf");
  assert(late.error?.message.includes(first), "the present leaf is named");
  ok(await append({ content: "two", message_id: second, expected_leaf: first }));
  ok(await append({ role: "assistant", content: "to one", reply_to: first }));
  ok(await append({ role: "assistant", content: "to two", reply_to: second, message_id: call }));
  for (const content of ["sunny", "25 degrees"]) ok(await append({ role: "tool", content, parent_id: call }));
  equal(await listed(ada, chat_id), "one, two, to one, to two, sunny, 25 degrees", "the path");
});

Deno.test("after edits, regenerations and select_branch every branch is still there", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const append = async (content: string, parent_id?: string) =>
    ok(
      await ada.db.rpc("append_message", { chat_id, role: "user", content, ...(parent_id && { parent_id }) }).single(),
    );
  const question = await append("question");
  const answer = await append("answer");
  const regenerated = await append("another answer", question.id);
  equal(await listed(ada, chat_id), "question, another answer", "after regenerating");
  const edited = await append("edited question", NIL);
  equal([edited.seq, edited.parent_id], [4, null], "the edited first message");
  equal(await listed(ada, chat_id), "edited question", "after editing the first message");
  const chat = ok(await ada.db.rpc("select_branch", { chat_id, leaf_id: answer.id }).single());
  equal([chat.id, chat.active_leaf_id, chat.message_count], [chat_id, answer.id, 4], "the chat");
  equal(await listed(ada, chat_id), "question, answer", "after going back");
  const siblings = await ada.db.from("messages").select("id").eq("chat_id", chat_id).eq("parent_id", question.id).order(
    "seq",
  );
  equal(ok(siblings), [{ id: answer.id }, { id: regenerated.id }], "siblings");
  const elsewhere = await newChat(ada);
  hintedRefusal(await ada.db.rpc("select_branch", { chat_id: elsewhere, leaf_id: answer.id }), "PT404", 404, "leaf_id");
  hintedRefusal(
    await ada.db.rpc("append_message", { chat_id: elsewhere, role: "user", content: "x", parent_id: answer.id }),
    "PT404",
    404,
    "parent_id",
  );
});

Deno.test("search finds new messages at once, and marks hits in HTML", async () => {
  const [ada, ben] = [await signUp(), await signUp()];
  const chat_id = ok(await ada.db.rpc("create_chat", { language: "english" }).single()).id;
  const other = await newChat(ben);
  ok(
    await ada.db.rpc("append_messages", {
      chat_id,
      messages: [
        { role: "user", content: "How do I deploy to <staging>?" },
        { role: "assistant", content: "Deploying the blue green cluster & more" },
        { role: "user", content: "thanks" },
      ],
    }),
  );
  ok(await ben.db.rpc("append_message", { chat_id: other, role: "user", content: "deploy" }));
  const search = async (query: string, given: object = {}) =>
    ok(await ada.db.rpc("search_messages", { query, ...given }));
  const check = async (when: string) => {
    const found = await search("deploy");
    equal(columns(found[0]), ["chat_id", "created_at", "id", "rank", "role", "seq", "snippet"], `columns ${when}`);
    equal(
      found.map((row: Row) => [row.chat_id, row.seq, row.role]),
      [[chat_id, 2, "assistant"], [chat_id, 1, "user"]],
      `found ${when}`,
    );
    assert(found.every((row: Row) => row.rank > 0), `a rank is not above 0 ${when}`);
    const snippet = found[1].snippet;
    assert(snippet.includes("How do I <mark>deploy</mark> to &lt;staging"), `the snippet ${when} is ${snippet}`);
    equal((await search('"blue green" -staging')).map((row: Row) => row.seq), [2], `a phrase without a word ${when}`);
    equal(await search("deploy cluster staging"), [], `all words ${when}`);
    assert(!/<(?!\/?mark>)/.test(found.map((row: Row) => row.snippet).join()), `a snippet holds a tag ${when}`);
    equal(
      (await search("deploy", { before: found[0].created_at })).map((row: Row) => row.seq),
      [1],
      `the next page ${when}`,
    );
    equal((await search("deploy", { page_size: 1, chat_id })).map((row: Row) => row.seq), [2], `a page of one ${when}`);
  };
  await check("at once");
  while (ok(await service().rpc("index_messages", { batch_size: 1000 })) > 0);
  await check("once indexed");
  equal(
    ok(await service().rpc("search_messages", { query: "deploy", chat_id })).length,
    2,
    "the messages that a service finds in a chat",
  );
  hintedRefusal(await service().rpc("search_messages", { query: "deploy" }), "22004", 400, "chat_id");
  hintedRefusal(await ada.db.rpc("search_messages", { query: "deploy", page_size: 201 }), "22023", 400, "page_size");
  hintedRefusal(await ada.db.rpc("search_messages", { query: "deploy", chat_id: other }), "PT404", 404, "chat_id");
  refusal(await ada.db.rpc("index_messages"), "42501", 403, "");
});

Deno.test("a deleted chat is gone everywhere, and is restored unchanged", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  ok(
    await ada.db.rpc("append_messages", {
      chat_id,
      messages: [{ role: "user", content: "a lemur" }, { role: "user", content: "two lemurs" }],
    }),
  );
  const everything = async () => [
    ok(await ada.db.from("chats").select("*").eq("id", chat_id)),
    ok(await ada.db.from("messages").select("*").eq("chat_id", chat_id).order("seq")),
    ok(await ada.db.rpc("search_messages", { query: "lemur or lemurs" })),
  ];
  const before = await everything();
  const gone = ok(await ada.db.rpc("delete_chat", { chat_id }).single());
  equal([gone.id, typeof gone.deleted_at], [chat_id, "string"], "the deleted chat");
  equal(ok(await ada.db.rpc("delete_chat", { chat_id }).single()), gone, "deleted again");
  equal(await everything(), [[], [], []], "its remaining rows");
  for (const table of ["chats", "messages"]) {
    const { count } = await ada.db.from(table).select("id", { count: "exact", head: true });
    equal(count, 0, `counted in ${table}`);
  }
  const message = { role: "user", content: "late" };
  for (
    const [call, given] of [
      ["append_message", message],
      ["append_messages", { messages: [message] }],
      ["list_messages", {}],
      ["select_branch", { leaf_id: uuid() }],
      ["finish_message", { message_id: uuid(), content: "x" }],
      ["search_messages", { query: "lemur" }],
    ] as const
  ) hintedRefusal(await ada.db.rpc(call, { chat_id, ...given }), "PT410", 410, "chat_id");
  const back = ok(await ada.db.rpc("restore_chat", { chat_id }).single());
  equal(back.deleted_at, null, "the restored chat");
  equal(await everything(), before, "everything, restored");
  refusal(await ada.db.rpc("purge_chats"), "42501", 403, "");
  ok(await ada.db.rpc("delete_chat", { chat_id }));
  const purge = async () => ok(await service().rpc("purge_chats", { older_than: "0 seconds", batch_size: 2 }));
  for (let rows = await purge(); rows > 0; rows = await purge()) assert(rows <= 2, `a batch of 2 removed ${rows}`);
  hintedRefusal(await ada.db.rpc("restore_chat", { chat_id }), "PT404", 404, "chat_id");
});

Deno.test("a chat is imported with its times, and a second import changes nothing", async () => {
  const ada = await signUp();
  const chat = {
    id: uuid(),
    title: "Old plans",
    created_at: "2024-01-01T00:00:00Z",
    messages: [
      { id: uuid(), role: "user", content: "why?", created_at: "2024-01-01T00:00:01.123456Z" },
      { id: uuid(), role: "assistant", content: "because", created_at: "2024-01-01T01:00:02+01:00" },
      { role: "user", content: "when?", created_at: "2999-01-01T00:00:00Z" },
    ],
  };
  const before = new Date().toISOString();
  const imported = ok(await ada.db.rpc("import_chat", { chat }).single());
  equal(
    [imported.id, imported.title, imported.message_count, imported.user_id],
    [chat.id, chat.title, 3, ada.id],
    "the chat",
  );
  const messages = async () => ok(await ada.db.from("messages").select("*").eq("chat_id", chat.id).order("seq"));
  const stored = await messages();
  equal(
    stored.slice(0, 2).map((row: Row) => [row.id, new Date(row.created_at).toISOString(), row.author_id]),
    [[chat.messages[0].id, "2024-01-01T00:00:01.123Z", ada.id], [
      chat.messages[1].id,
      "2024-01-01T00:00:02.000Z",
      ada.id,
    ]],
    "messages with their times",
  );
  assert(stored[0].created_at.includes("01.123456"), "microseconds were lost");
  assert(new Date(stored[2].created_at).getTime() <= Date.now() + 1000, "a message lies in the future");
  assert(
    new Date(stored[2].created_at) >= new Date(before) || stored[2].created_at > stored[1].created_at,
    "the future moved before what precedes it",
  );
  equal(
    ok(await ada.db.rpc("import_chat", { chat: { ...chat, title: "New plans" } }).single()),
    imported,
    "the chat, imported again",
  );
  equal(await messages(), stored, "its messages");
  const more = { ...chat, messages: [...chat.messages, { role: "assistant", content: "soon" }] };
  equal(ok(await ada.db.rpc("import_chat", { chat: more }).single()).message_count, 4, "with one message more");
  equal(await listed(ada, chat.id), "why?, because, when?, soon", "messages");
  const bad = { messages: [chat.messages[0], { ...chat.messages[1], created_at: "yesterday" }] };
  const { error, status } = await ada.db.rpc("import_chat", { chat: bad });
  equal(status, 400, "the status of a bad time");
  assert(error.message.startsWith("chat.messages[1].created_at "), `"${error.message}" does not begin with the place`);
});

Deno.test("title, metadata, archived_at and what a sidebar shows of a chat can be changed directly, and nothing else", async (test) => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  ok(await ada.db.rpc("append_message", { chat_id, role: "user", content: "x" }));
  const chat = () => ada.db.from("chats").select("*").eq("id", chat_id).single();
  const before = ok(await chat());
  const archived_at = "2026-01-02T03:04:05+00:00";
  const change = { title: "New title", metadata: { a: [1] }, archived_at };
  const changed = ok(await ada.db.from("chats").update(change).eq("id", chat_id).select("*").single());
  equal([changed.title, changed.metadata], [change.title, change.metadata], "the changed chat");
  equal(new Date(changed.archived_at).toISOString(), "2026-01-02T03:04:05.000Z", "archived_at");
  equal(
    ok(
      await ada.db.from("chats").update({ title: null, metadata: {}, archived_at: null }).eq("id", chat_id).select("*")
        .single(),
    ),
    { ...before, title: null, metadata: {}, archived_at: null },
    "changed back: all else is as it was",
  );
  const forbidden: Record<string, unknown> = {
    id: uuid(),
    tenant_id: uuid(),
    user_id: uuid(),
    language: "english",
    message_count: 0,
    last_seq: 0,
    active_leaf_id: null,
    created_at: archived_at,
    updated_at: archived_at,
    deleted_at: archived_at,
  };
  for (const [column, value] of Object.entries(forbidden)) {
    await test.step(`${column} cannot be changed`, async () => {
      refusal(await ada.db.from("chats").update({ [column]: value }).eq("id", chat_id), "42501", 403, "");
      equal(ok(await chat()), before, "the chat");
    });
  }
  const { error } = await ada.db.from("chats").update({ title: "t".repeat(501) }).eq("id", chat_id);
  equal(error?.code, "22023", "a title that is too long");
  refusal(await ada.db.from("chats").delete().eq("id", chat_id), "42501", 403, "chats");
  equal(
    (await ada.db.from("chats").insert({ tenant_id: ada.id, user_id: ada.id })).error?.code,
    "42501",
    "inserting a chat by hand",
  );
});

Deno.test("no call reaches another user's chat: a stranger's, a colleague's, with a forged tenant or without a JWT", async (test) => {
  const [ada, ben, eve] = [await signUp(), await signUp(), await signUp()];
  const chat_id = await newChat(ada);
  await shareTenant(ada, ben);
  const [stored] = ok(
    await ada.db.rpc("append_messages", {
      chat_id,
      messages: [{ role: "user", content: "the vault code", message_id: uuid() }],
    }),
  );
  const before = ok(await ada.db.from("messages").select("*").eq("chat_id", chat_id));
  const calls: [call: string, given: object][] = [
    ["append_message", { role: "user", content: "the vault code", message_id: stored.id }],
    ["append_messages", { messages: [{ role: "user", content: "x" }] }],
    ["finish_message", { message_id: stored.id, content: "forged" }],
    ["select_branch", { leaf_id: stored.id }],
    ["list_messages", {}],
    ["search_messages", { query: "vault" }],
    ["delete_chat", {}],
    ["restore_chat", {}],
    ["get_chat", {}],
    ["update_chat", { title: "forged" }],
  ];
  for (const [call, given] of calls) {
    await test.step(call, async () => {
      for (const person of [ben, eve]) {
        const foreign = await person.db.rpc(call, { chat_id, ...given });
        const unknown = await person.db.rpc(call, { chat_id: uuid(), ...given });
        refusal(foreign, "PT404", 404, "chat_id");
        equal([foreign.status, foreign.error], [unknown.status, unknown.error], "a foreign chat and an unknown one");
      }
      refusal(await anonymous().rpc(call, { chat_id, ...given }), "42501", 401, call);
      equal((await bearing("nonsense").rpc(call, { chat_id, ...given })).status, 401, "the status with a forged token");
    });
  }
  for (const person of [ben, eve]) {
    equal(ok(await person.db.rpc("search_messages", { query: "vault" })), [], "messages of others");
    equal(ok(await person.db.rpc("fail_stale_messages", { older_than: "0 seconds" })), [], "messages of others");
    const forged = await person.db.rpc("import_chat", {
      chat: { tenant_id: ada.id, user_id: ada.id, messages: [{ role: "user", content: "x" }] },
    });
    assert(forged.error || ok(forged)[0].user_id === person.id, "an import wrote in another's name");
  }
  for (const call of ["create_chat", "import_chat", "fail_stale_messages", "index_messages", "purge_chats"]) {
    refusal(await anonymous().rpc(call, call === "import_chat" ? { chat: {} } : {}), "42501", 401, call);
  }
  equal(ok(await ada.db.from("messages").select("*").eq("chat_id", chat_id)), before, "Ada's messages");
  equal(ok(await ada.db.from("chats").select("user_id")), [{ user_id: ada.id }], "Ada's chats");
});

Deno.test("characters that PostgreSQL cannot store are refused, and all others are returned unchanged", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const good = { role: "user", content: "fine" };
  for (const bad of ["a\u0000b", "a\ud83d", "\ude00b"]) {
    // JSON.stringify writes a lone surrogate as an escape. PostgREST passes the JSON on unchanged. The gateway of these
    // tests turns text arguments into UTF-8 itself, and the lone half into U+FFFD.
    const asText = bad.includes("\u0000");
    const cases: [call: string, given: object][] = [
      ["append_messages", { chat_id, messages: [good, { role: "user", content: bad }] }],
      ["append_messages", { chat_id, messages: [good, { ...good, metadata: { k: bad } }] }],
      ["append_messages", { chat_id, messages: [good, { ...good, parts: [{ [bad]: 1 }] }] }],
      ["append_message", { chat_id, ...good, metadata: { k: bad } }],
      ["import_chat", { chat: { messages: [good, { role: "user", content: bad }] } }],
    ];
    if (asText) {
      cases.push(
        ["append_message", { chat_id, ...good, content: bad }],
        ["create_chat", { title: bad }],
        ["search_messages", { query: bad }],
      );
    }
    for (const [call, given] of cases) {
      const { error, status } = await ada.db.rpc(call, given);
      assert(error, `${call} accepted ${JSON.stringify(given)}`);
      equal(status, 400, `the status of ${call} with ${JSON.stringify(given)}`);
    }
  }
  equal(ok(await ada.db.from("messages").select("id")), [], "messages");
  equal(ok(await ada.db.from("chats").select("id")).length, 1, "chats");
  const texts = [
    "\ud83d\ude00 pair",
    "\\u0000 literal",
    'a"b\\c',
    "\u0001\u001f\u007f",
    " \n\t ",
    "",
    "e\u0301 \u00e9",
    // PGlite drops a byte order mark at the start of its results, but stores it.
    Deno.env.get("CHATKEEP_DRIVER") === "pglite" ? "a\ufeff\uffff" : "\ufeff\uffff",
  ];
  const messages = texts.map((content) => ({
    role: "user",
    content,
    parts: [content, { [content]: content }],
    metadata: { content },
  }));
  ok(await ada.db.rpc("append_messages", { chat_id, messages }));
  for (const message of messages) ok(await ada.db.rpc("append_message", { chat_id, ...message }));
  const stored = ok(await ada.db.rpc("list_messages", { chat_id }).select("content, parts, metadata"));
  const expected = messages.map(({ content, parts, metadata }) => ({ content, parts, metadata }));
  equal(stored, [...expected, ...expected], "the returned rows");
});

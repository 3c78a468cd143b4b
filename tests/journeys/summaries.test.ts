// Compaction, as an application does it with supabase-js.

import { assert, equal, hintedRefusal, ok, refusal } from "./assertions.ts";
import { newChat, service, shareTenant, signUp } from "./people.ts";

// deno-lint-ignore no-explicit-any
type Row = any;

const contents = (page: Row[]) => page.map((row) => row.content);

Deno.test("a long chat is read from its summary on, page by page, with the same prefix in each turn", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const say = async (content: string): Promise<Row> =>
    ok(await ada.db.rpc("append_message", { chat_id, role: "user", content }).single());
  const prompt = async (more = {}): Promise<Row[]> =>
    ok(await ada.db.rpc("list_messages", { chat_id, from_summary: true, ...more }));
  const said: Row[] = [];
  for (const content of ["one", "two", "three", "four"]) said.push(await say(content));
  equal(contents(await prompt()), ["one", "two", "three", "four"], "without a summary");

  const summary = {
    chat_id,
    up_to_message_id: said[1].id,
    content: "so far: é 世界",
    metadata: { by: "job" },
    model: "m-1",
  };
  const stored: Row = ok(await ada.db.rpc("summarise_chat", { ...summary, token_count: 3 }).single());
  equal(
    [stored.up_to_seq, stored.content, stored.metadata, stored.token_count],
    [2, summary.content, { by: "job" }, 3],
    "stored",
  );
  const turn = await prompt();
  equal(contents(turn), [summary.content, "three", "four"], "what a model gets");
  const [row] = turn;
  equal(
    [row.role, row.seq, row.parent_id, row.created_at, row.status, row.metadata.chatkeep_summary],
    ["system", 2, null, said[1].created_at, "complete", { up_to_seq: 2, message_id: said[1].id }],
    "the row of the summary",
  );
  equal(Object.keys(row), Object.keys(turn[1]), "its columns");
  assert(said.every(({ id }) => id !== row.id), "no message has its id");
  await say("five");
  equal(JSON.stringify((await prompt()).slice(0, 3)), JSON.stringify(turn), "the prefix of the next turn");
  const first = await prompt({ page_size: 2 });
  const second = await prompt({ page_size: 2, after: first.at(-1).created_at });
  equal(contents([...first, ...second]), [summary.content, "three", "four", "five"], "two pages");
  equal(contents(ok(await ada.db.rpc("list_messages", { chat_id }))).length, 5, "the messages list as before");
  equal(contents(ok(await ada.db.from("chat_summaries").select("content, model").eq("chat_id", chat_id))), [
    summary.content,
  ], "the table");

  const { id, updated_at } = row;
  equal((await prompt())[0], { ...row, id, updated_at }, "the same row again");
  ok(await ada.db.rpc("summarise_chat", { ...summary, content: "better" }));
  equal([(await prompt())[0].content, (await prompt())[0].id], ["better", id], "another summary of the same message");
  ok(await ada.db.rpc("redact_message", { chat_id, message_id: said[0].id }));
  equal(contents(await prompt()), ["", "two", "three", "four", "five"], "after a redaction");
});

Deno.test("nobody but the owner and a service summarises a chat, and no table request writes a summary", async () => {
  const [ada, ben] = [await signUp(), await signUp()];
  await shareTenant(ada, ben);
  const chat_id = await newChat(ada);
  const { id }: Row = ok(await ada.db.rpc("append_message", { chat_id, role: "user", content: "one" }).single());
  ok(await ada.db.rpc("share_chat", { chat_id, with_user_id: ben.id, permission: "write" }));
  const summary = { chat_id, up_to_message_id: id, content: "so far" };
  hintedRefusal(await ben.db.rpc("summarise_chat", summary), "PT404", 404, "chat_id");
  const db = service();
  equal(ok(await db.rpc("summarise_chat", summary).single()).content, "so far", "a service");
  equal(
    contents(ok(await ben.db.rpc("list_messages", { chat_id, from_summary: true }))),
    ["one"],
    "what a reader gets",
  );
  equal(ok(await ben.db.from("chat_summaries").select()), [], "what a reader reads");
  for (
    const write of [
      ada.db.from("chat_summaries").update({ content: "x" }).eq("chat_id", chat_id),
      ada.db.from("chat_summaries").delete().eq("chat_id", chat_id),
    ]
  ) refusal(await write, "42501", 403, "cannot be");
  hintedRefusal(
    await ada.db.rpc("list_messages", { chat_id, from_summary: true, before: "infinity" }),
    "22023",
    400,
    "from_summary",
  );
  ok(
    await ada.db.rpc("append_message", {
      chat_id,
      role: "assistant",
      content: "",
      status: "streaming",
      message_id: crypto.randomUUID(),
    }),
  );
  const page = ok(await ada.db.rpc("list_messages", { chat_id }));
  hintedRefusal(
    await ada.db.rpc("summarise_chat", { ...summary, up_to_message_id: page.at(-1).id }),
    "PT409",
    409,
    "streaming",
  );
});

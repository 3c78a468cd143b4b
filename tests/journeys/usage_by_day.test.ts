// What messages took, as an application shows it with supabase-js.

import { equal, ok } from "./assertions.ts";
import { newChat, service, shareTenant, signUp } from "./people.ts";

// deno-lint-ignore no-explicit-any
type Row = any;

Deno.test("a person reads the sums of their own chats, filtered by chat, day and model", async () => {
  const [ada, ben] = [await signUp(), await signUp()];
  await shareTenant(ada, ben);
  const chats = [await newChat(ada), await newChat(ada)];
  for (const chat_id of chats) {
    for (
      const [model, usage] of [
        ["m-1", { input_tokens: 100, output_tokens: 20, cached_input_tokens: 50, cost: 0.1, currency: "USD" }],
        ["m-1", { input_tokens: 1, reasoning_tokens: 3, cost: 0.2, currency: "USD" }],
        ["m-2", { output_tokens: 7 }],
      ]
    ) ok(await ada.db.rpc("append_message", { chat_id, role: "assistant", content: "", model, usage }));
  }
  const sums = (db = ada.db) =>
    db.from("usage_by_day").select(
      "model, currency, messages, input_tokens, output_tokens, cached_input_tokens, reasoning_tokens, cost",
    );
  const expected = [
    {
      model: "m-1",
      currency: "USD",
      messages: 2,
      input_tokens: 101,
      output_tokens: 20,
      cached_input_tokens: 50,
      reasoning_tokens: 3,
      cost: 0.3,
    },
    {
      model: "m-2",
      currency: null,
      messages: 1,
      input_tokens: 0,
      output_tokens: 7,
      cached_input_tokens: 0,
      reasoning_tokens: 0,
      cost: null,
    },
  ];
  const rows: Row[] = ok(await sums().eq("chat_id", chats[0]).gte("day", "2020-01-01").order("model"));
  equal(rows.map((row) => ({ ...row, cost: row.cost === null ? null : Number(row.cost) })), expected, "one chat");
  equal(ok(await sums().eq("model", "m-2")).length, 2, "one model of all chats");
  equal(ok(await sums().eq("chat_id", chats[0]).lt("day", "2020-01-01")), [], "other days");
  equal(ok(await sums(ben.db)), [], "a colleague");
  equal(ok(await sums(service()).eq("user_id", ada.id)).length, 4, "a service");
});

// The generated types as an application uses them. `deno test` checks types before it runs tests, so this file fails if
// the arguments or rows of a call differ from those here.

import { createClient } from "@supabase/supabase-js";
import type { Database } from "chatkeep";
import { assert, equal } from "./assertions.ts";

function connect() {
  const [url, key] = ["CHATKEEP_URL", "CHATKEEP_ANON_KEY"].map((name) => Deno.env.get(name) ?? "");
  return createClient<Database, "chatkeep">(url, key, {
    db: { schema: "chatkeep" },
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
}

/** True if two types are identical; `any` is identical only to itself. */
type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends (<T>() => T extends Other ? 1 : 2) ? true : false;

Deno.test("with the package's Database, supabase-js knows calls, arguments and rows", async () => {
  const db = connect();
  const signedUp = await db.auth.signUp({ email: `${crypto.randomUUID()}@example.org`, password: crypto.randomUUID() });
  assert(!signedUp.error, `sign-up failed: ${signedUp.error?.message}`);

  const { data: chat } = await db.rpc("create_chat", { title: "Typed" }).single();
  assert(chat, "no chat");
  const chatId: Same<typeof chat.id, string> = true;
  const title: Same<typeof chat.title, string | null> = true;

  const { data: message } = await db
    .rpc("append_message", { chat_id: chat.id, role: "user", content: "hello", token_count: 1 })
    .single();
  assert(message, "no message");
  const seq: Same<typeof message.seq, number> = true;
  const content: Same<typeof message.content, string> = true;

  const { data: rows } = await db.from("messages").select("content, parent_id").eq("chat_id", chat.id);
  assert(rows, "no rows");
  const row: Same<(typeof rows)[number], { content: string; parent_id: string | null }> = true;

  equal([chat.title, message.seq, message.content, rows], [
    "Typed",
    1,
    "hello",
    [{ content: "hello", parent_id: null }],
  ], "the stored rows");
  equal([chatId, title, seq, content, row], [true, true, true, true, true], "the types");
});

// This function is type-checked and never called.
export async function refused() {
  const db = connect();
  // @ts-expect-error chat_id is required
  await db.rpc("append_message", { role: "user", content: "" });
  // @ts-expect-error content is text
  await db.rpc("append_message", { chat_id: "", role: "user", content: 1 });
  // @ts-expect-error there is no such call
  await db.rpc("append_messge", { chat_id: "", role: "user", content: "" });
  // @ts-expect-error there is no such column
  await db.from("messages").insert({ text: "" });
}

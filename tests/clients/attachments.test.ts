// Attachments hang on messages and come with them, by PostgREST's embedding.

import { equal, ok, refusal } from "./assertions.ts";
import { anonymous, newChat, type Person, service, signUp } from "./people.ts";

/** A chat of two messages with two attachments on the first, and their ids. */
async function illustrated(person: Person): Promise<[chat_id: string, first: string, second: string]> {
  const chat_id = await newChat(person);
  const messages = [{ role: "user", content: "look" }, { role: "assistant", content: "I see" }];
  const [first, second] = ok(await person.db.rpc("append_messages", { chat_id, messages }));
  const row = { tenant_id: first.tenant_id, user_id: person.id, chat_id, message_id: first.id };
  ok(await service().from("attachments").insert([{ ...row, name: "a.png" }, { ...row, name: "b.pdf", byte_size: 7 }]));
  return [chat_id, first.id, second.id];
}

Deno.test("messages are listed with their attachments in one request", async () => {
  const ada = await signUp();
  const [chat_id, first, second] = await illustrated(ada);
  const page = ok(await ada.db.rpc("list_messages", { chat_id }).select("id, content, attachments(id, name)"));
  // deno-lint-ignore no-explicit-any
  const names = page.map((row: any) => [row.id, row.content, row.attachments.map(({ name }: any) => name).sort()]);
  equal(names, [[first, "look", ["a.png", "b.pdf"]], [second, "I see", []]], "the page");
  const direct = await ada.db.from("messages").select("content, attachments(name, byte_size)").eq("id", second);
  equal(ok(direct), [{ content: "I see", attachments: [] }], "a message read directly");
  const attachments = await ada.db.from("attachments").select("name, messages(content)").eq("name", "b.pdf");
  equal(ok(attachments), [{ name: "b.pdf", messages: { content: "look" } }], "an attachment with its message");
});

Deno.test("attachments are their owner's, and go out of sight with a deleted chat", async () => {
  const [ada, eve] = [await signUp(), await signUp()];
  const [chat_id, first] = await illustrated(ada);
  await newChat(eve);
  equal(ok(await eve.db.from("attachments").select("id").eq("chat_id", chat_id)), [], "what a stranger reads");
  refusal(await anonymous().from("attachments").select("id"), "42501", 401, "attachments");
  const forged = { tenant_id: ada.id, user_id: eve.id, chat_id, message_id: first, name: "c.png" };
  refusal(await eve.db.from("attachments").insert(forged), "42501", 403, "attachments");
  refusal(await ada.db.from("attachments").delete().eq("chat_id", chat_id), "42501", 403, "attachments");
  ok(await ada.db.rpc("delete_chat", { chat_id }));
  equal(ok(await ada.db.from("attachments").select("id")), [], "attachments of a deleted chat");
  ok(await ada.db.rpc("restore_chat", { chat_id }));
  equal(
    ok(await ada.db.from("attachments").select("name").order("name")),
    [{ name: "a.png" }, { name: "b.pdf" }],
    "and of the restored one",
  );
});

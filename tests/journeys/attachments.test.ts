// Attachments belong to messages and are returned with them, by PostgREST's embedding.

import { assert, equal, hintedRefusal, ok, refusal } from "./assertions.ts";
import { anonymous, newChat, type Person, service, shareTenant, signUp } from "./people.ts";

/** A chat with two messages and two attachments on the first, and their ids. */
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

Deno.test("attachments are visible to their owner only, and disappear with a deleted chat", async () => {
  const [ada, eve] = [await signUp(), await signUp()];
  const [chat_id, first] = await illustrated(ada);
  await newChat(eve);
  equal(ok(await eve.db.from("attachments").select("id").eq("chat_id", chat_id)), [], "rows of a stranger");
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

/** The id of a registered document. */
async function document(person: Person, source_uri: string, more: object = {}): Promise<string> {
  const checksum = (crypto.randomUUID() + crypto.randomUUID()).replaceAll("-", "");
  const given = { source_uri, checksum, title: source_uri, ...more };
  return ok(await person.db.rpc("register_document", given).single()).id;
}

/** A chat with one message. */
async function talked(person: Person): Promise<{ chat_id: string; message_id: string }> {
  const chat_id = await newChat(person);
  const message = { chat_id, role: "user", content: "look" };
  return { chat_id, message_id: ok(await person.db.rpc("append_message", message).single()).id };
}

Deno.test("a document is attached once, and returned with the message and the attachment", async () => {
  const ada = await signUp();
  const on = await talked(ada);
  const document_id = await document(ada, "manual");
  const given = { ...on, document_id, name: "manual.pdf", mime_type: "application/pdf", byte_size: 9 };
  const first = ok(await ada.db.rpc("attach", given).single());
  equal(ok(await ada.db.rpc("attach", given).single()), first, "the same again");
  const stored = ok(await ada.db.rpc("attach", { ...on, storage_path: "uploads/b.png" }).single());
  equal([stored.document_id, stored.document_deleted], [null, false], "an object without a document");
  const page = ok(
    await ada.db.rpc("list_messages", { chat_id: on.chat_id }).select("content, attachments(name, storage_path)"),
  );
  equal(page[0].attachments.length, 2, "attachments of the message");
  const read = ada.db.from("attachments").select("name, document_deleted, documents(title, status)");
  equal(
    ok(await read.eq("id", first.id)),
    [{ name: "manual.pdf", document_deleted: false, documents: { title: "manual", status: "pending" } }],
    "the attachment with its document",
  );
});

Deno.test("the owner's documents and those that the tenant shares can be attached", async () => {
  const [ada, ben, eve] = [await signUp(), await signUp(), await signUp()];
  await newChat(ada);
  await shareTenant(ada, ben);
  const [his, ours] = [await document(ben, "his"), await document(ben, "ours", { visibility: "tenant" })];
  const foreign = await document(eve, "foreign", { visibility: "tenant" });
  const on = await talked(ada);
  for (const document_id of [his, foreign, crypto.randomUUID()]) {
    hintedRefusal(await ada.db.rpc("attach", { ...on, document_id }), "PT404", 404, "document_id");
  }
  const shared = ok(await ada.db.rpc("attach", { ...on, document_id: ours }).single());
  equal([shared.user_id, shared.document_access], [ada.id, "tenant"], "the attachment");
  hintedRefusal(await eve.db.rpc("attach", { ...on, document_id: foreign }), "PT404", 404, "chat_id");
  const elsewhere = await talked(ada);
  const crossed = { chat_id: on.chat_id, message_id: elsewhere.message_id, document_id: ours };
  hintedRefusal(await ada.db.rpc("attach", crossed), "PT404", 404, "message_id");
  ok(await ada.db.rpc("delete_chat", { chat_id: on.chat_id }));
  hintedRefusal(await ada.db.rpc("attach", { ...on, document_id: ours }), "PT410", 410, "chat_id");
});

Deno.test("a path with a secret is refused and not repeated", async () => {
  const ada = await signUp();
  const on = await talked(ada);
  for (
    const storage_path of [
      "https://abc.supabase.co/storage/v1/object/sign/uploads/a.png?token=hunter2",
      "https://user:hunter2@example.org/a.png",
      "uploads/a.png?X-Amz-Signature=hunter2",
    ]
  ) {
    const answer = await ada.db.rpc("attach", { ...on, storage_path });
    hintedRefusal(answer, "22023", 400, "storage_path carries credentials");
    assert(!JSON.stringify(answer.error).includes("hunter2"), "the answer repeats the secret");
  }
  hintedRefusal(await ada.db.rpc("attach", on), "22023", 400, "document_id or storage_path");
});

Deno.test("an attachment outlives its document, first marked, then without it", async () => {
  const [ada, ben] = [await signUp(), await signUp()];
  await newChat(ada);
  await shareTenant(ada, ben);
  const document_id = await document(ada, "leaflet", { visibility: "tenant" });
  const ids: string[] = [];
  for (const person of [ada, ben]) {
    const on = await talked(person);
    ids.push(ok(await person.db.rpc("attach", { ...on, document_id, name: "leaflet.pdf" }).single()).id);
  }
  const read = async (index: number) => {
    const rows = [ada, ben][index].db.from("attachments").select(
      "name, document_id, document_deleted, documents(title)",
    );
    return ok(await rows.eq("id", ids[index]).single());
  };
  hintedRefusal(await ben.db.rpc("delete_document", { document_id }), "42501", 403, "document_id");
  ok(await ada.db.rpc("delete_document", { document_id }));
  for (const index of [0, 1]) {
    equal(await read(index), { name: "leaflet.pdf", document_id, document_deleted: true, documents: null }, "deleted");
  }
  ok(await service().from("documents").delete().eq("id", document_id));
  for (const index of [0, 1]) {
    const row = { name: "leaflet.pdf", document_id: null, document_deleted: true, documents: null };
    equal(await read(index), row, "deleted for good");
  }
});

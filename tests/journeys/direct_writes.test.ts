// Requests that change rows without a call: whoever sends one is told, and the hint names the calls.

import { equal, hintedRefusal, ok } from "./assertions.ts";
import { newChat, service, signUp } from "./people.ts";

Deno.test("a direct write of what only calls change is refused, with the calls in the hint", async (test) => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const message = ok(
    await ada.db.rpc("append_message", { chat_id, role: "assistant", content: "as it was" }).single(),
  );
  ok(await ada.db.rpc("share_chat", { chat_id, by_link: true }));
  ok(await ada.db.rpc("register_document", { source_uri: "a.html", checksum: "a".repeat(64), tags: { a: 1 } }));
  ok(await ada.db.rpc("create_session"));

  const everything = "00000000-0000-0000-0000-000000000000";
  const writes: [string, string, object, string][] = [
    ["messages", "id", { content: "as it should be" }, "redact_message"],
    ["messages", "id", { active: false }, "rewind_chat"],
    ["message_search", "message_id", { tsv: "" }, "redact_message"],
    ["chat_shares", "id", { permission: "write" }, "share_chat"],
    ["documents", "id", { status: "ready" }, "set_document_status"],
    ["document_metadata", "document_id", { tags: {} }, "tag_document"],
    ["sessions", "id", { revoked_at: new Date().toISOString(), revoked_reason: "admin" }, "revoke_session"],
    ["tenants", "id", { name: "mine" }, "rename_tenant"],
  ];
  for (const [table, key, values, call] of writes) {
    await test.step(`an update of ${table} with ${Object.keys(values)}`, async () => {
      for (const select of [false, true]) {
        const request = ada.db.from(table).update(values).neq(key, everything);
        const answer = await (select ? request.select(key) : request);
        hintedRefusal(answer, "42501", 403, `rows of ${table} cannot be changed directly`);
        equal(answer.error.hint.includes(call), true, `the hint "${answer.error.hint}" names ${call}`);
      }
    });
  }
  for (const table of ["attachments", "message_search"]) {
    await test.step(`a deletion from ${table}`, async () => {
      const answer = await ada.db.from(table).delete().neq("chat_id", everything);
      hintedRefusal(answer, "42501", 403, `rows of ${table} cannot be deleted directly`);
    });
  }
  await test.step("the rows are as they were, and a service may change them", async () => {
    equal(ok(await ada.db.from("messages").select("*").eq("chat_id", chat_id)), [message], "the message");
    const written = await service().from("messages").update({ content: "mended" }).eq("id", message.id).select(
      "content",
    );
    equal(ok(written), [{ content: "mended" }], "content by a service");
  });
});

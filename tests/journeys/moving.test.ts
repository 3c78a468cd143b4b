// A tenant that is being moved: its people read, and their writes can be repeated afterwards.

import { equal, hintedRefusal, ok } from "./assertions.ts";
import { newChat, service, signUp } from "./people.ts";

Deno.test("while a tenant is being moved, writes are PT503 and retryable, and reads go on", async () => {
  const [ada, operator] = [await signUp(), service()];
  const chat_id = await newChat(ada);
  const hello = { chat_id, role: "user", content: "hello" };
  ok(await ada.db.rpc("append_message", hello));
  const fence = (moving_to: string | null) => operator.from("tenants").update({ moving_to }).eq("id", ada.id);

  ok(await fence("eu-central"));
  const moving = "the tenant is being moved";
  hintedRefusal(await ada.db.rpc("append_message", hello), "PT503", 503, moving);
  hintedRefusal(await ada.db.from("chats").update({ title: "x" }).eq("id", chat_id), "PT503", 503, moving);
  hintedRefusal(await operator.rpc("append_message", hello), "PT503", 503, moving);
  const refused = await ada.ck.appendMessage({ chatId: chat_id, role: "user", content: "again" });
  equal([refused.error?.code, refused.error?.status, refused.error?.retryable], ["PT503", 503, true], "the npm package");
  const listed = ok(await ada.db.rpc("list_messages", { chat_id }).select("content"));
  equal(listed, [{ content: "hello" }], "reads go on, and nothing was stored");
  equal(ok(await ada.db.from("tenants").select("moving_to")), [{ moving_to: "eu-central" }], "members see the place");

  ok(await fence(null));
  equal((await ada.ck.appendMessage({ chatId: chat_id, role: "user", content: "again" })).error, null, "afterwards");
});

// How much the members of a tenant store, as an owner or an admin lists it with supabase-js.

import { assert, equal, ok, refusal } from "./assertions.ts";
import { anonymous, newChat, type Person, service, shareTenant, signUp } from "./people.ts";

// deno-lint-ignore no-explicit-any
type Row = any;

async function measure(): Promise<void> {
  while (ok(await service().rpc("measure_usage")) > 0);
}

/** The members that a person lists, with their usage. */
async function members(person: Person): Promise<Row[]> {
  return ok(await person.db.from("memberships").select("user_id, role, member_usage(*)").order("created_at"));
}

Deno.test("an owner and an admin list members with what they store, and read none of it", async () => {
  const [ada, ben, cleo] = [await signUp(), await signUp(), await signUp()];
  await newChat(ada);
  await shareTenant(ada, ben);
  const chat_id = await newChat(ben);
  ok(await ben.db.rpc("append_message", { chat_id, role: "user", content: "in confidence" }));
  const checksum = crypto.randomUUID().replaceAll("-", "").repeat(2);
  ok(await ben.db.rpc("register_document", { source_uri: "notes/ben.md", checksum, byte_size: 1234 }));
  await newChat(cleo);
  await measure();

  const rows = await members(ada);
  equal(rows.map((row) => [row.user_id, row.role]), [[ada.id, "owner"], [ben.id, "member"]], "members");
  const usage = rows[1].member_usage;
  equal(
    ["user_id", "tenant_id", "chats", "messages", "documents", "document_bytes", "attachments", "attachment_bytes"]
      .map((column) => usage[column]),
    [ben.id, ada.id, 1, 1, 1, 1234, 0, 0],
    "the usage of a member",
  );
  assert(usage.message_bytes > 13 && usage.message_bytes < 100, `message_bytes is ${usage.message_bytes}`);
  equal(ok(await ada.db.from("messages").select("id").eq("user_id", ben.id)), [], "messages that the owner reads");
  equal(ok(await ada.db.from("documents").select("id").eq("user_id", ben.id)), [], "documents that the owner reads");

  equal((await members(ben)).map((row) => row.user_id), [ben.id], "members that a member lists");
  equal(ok(await ben.db.from("member_usage").select("user_id")), [{ user_id: ben.id }], "usage that a member reads");
  equal(ok(await cleo.db.from("member_usage").select("user_id")), [{ user_id: cleo.id }], "usage that a stranger reads");

  ok(await ada.db.rpc("set_member_role", { tenant_id: ada.id, user_id: ben.id, role: "admin" }));
  equal((await members(ben)).map((row) => row.member_usage.messages), [0, 1], "usage that an admin lists");
  ok(await ada.db.rpc("remove_member", { tenant_id: ada.id, user_id: ben.id }));
  equal(ok(await ben.db.from("member_usage").select("user_id")), [], "usage that a removed admin reads");
  equal((await members(ada)).map((row) => row.member_usage.messages), [0, 1], "usage that the owner lists after a removal");
});

Deno.test("nobody but a service measures or writes usage", async () => {
  const ada = await signUp();
  await newChat(ada);
  await measure();
  refusal(await ada.db.rpc("measure_usage"), "42501", 403, "measure_usage");
  refusal(await anonymous().rpc("measure_usage"), "42501", 401, "measure_usage");
  assert((await anonymous().from("member_usage").select("*")).error, "anon read usage");
  const { data } = await ada.db.from("member_usage").update({ chats: 0 }).eq("user_id", ada.id).select();
  equal(data ?? [], [], "usage that its member changed");
  equal((await members(ada))[0].member_usage.chats, 1, "chats of the member");
});

Deno.test("a member who has not been measured yet has no usage", async () => {
  const ada = await signUp();
  await newChat(ada);
  equal((await members(ada))[0].member_usage, null, "usage before the first measurement");
});

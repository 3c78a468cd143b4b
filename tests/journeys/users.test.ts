// Sign-up, and the membership that the first use makes.

import { assert, equal, ok, refusal } from "./assertions.ts";
import { anonymous, bearing, newChat, service, shareTenant, signUp } from "./people.ts";

Deno.test("signing up makes no row, and the first use makes one in the user's own tenant", async () => {
  const ada = await signUp();
  equal(ok(await service().from("users").select("id").eq("id", ada.id)), [], "users before the first use");
  await newChat(ada);
  equal(
    ok(await ada.db.from("memberships").select("user_id, tenant_id, role, is_home")),
    [{ user_id: ada.id, tenant_id: ada.id, role: "owner", is_home: true }],
    "memberships after it",
  );
});

Deno.test("a service moves a user to another tenant, and their rows with them", async () => {
  const [ada, ben] = [await signUp(), await signUp()];
  const chat = await newChat(ben);
  const session = ok(await ben.db.rpc("create_session").single());
  await newChat(ada);
  ok(await service().from("memberships").update({ tenant_id: ada.id }).eq("user_id", ben.id));
  equal(ok(await ben.db.from("chats").select("tenant_id").eq("id", chat)), [{ tenant_id: ada.id }], "the moved chat");
  const sessions = await ben.db.from("sessions").select("tenant_id").eq("id", session.session_id);
  equal(ok(sessions), [{ tenant_id: ada.id }], "the moved session");
});

Deno.test("a user cannot move to another tenant", async () => {
  const [ada, ben] = [await signUp(), await signUp()];
  await newChat(ada);
  await newChat(ben);
  refusal(await ben.db.from("memberships").update({ tenant_id: ada.id }).eq("user_id", ben.id), "42501", 403, "memberships");
  const other = await signUp();
  const { error } = await other.db.from("memberships").insert({ user_id: other.id, tenant_id: ada.id });
  equal(error?.code, "42501", "joining a tenant by inserting one's own row");
});

Deno.test("a disabled user reads and writes nothing", async () => {
  const ada = await signUp();
  const chat = await newChat(ada);
  ok(await service().from("users").update({ disabled_at: new Date().toISOString() }).eq("id", ada.id));
  equal(ok(await ada.db.from("chats").select("id")), [], "chats of a disabled user");
  refusal(await ada.db.rpc("create_chat"), "42501", 403, "disabled");
  const { error } = await ada.db.rpc("append_message", { chat_id: chat, role: "user", content: "still here?" });
  assert(error, "a disabled user appended a message");
});

Deno.test("an expired, a forged and a malformed token are 401", async () => {
  const encode = (value: unknown) =>
    btoa(JSON.stringify(value)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const forged = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ role: "service_role" })}.AAAA`;
  for (const token of [forged, "not.a.token", "nonsense"]) {
    const { data, status } = await bearing(token).from("users").select("id");
    equal([data, status], [null, 401], `the answer to ${token}`);
  }
});

Deno.test("engine() names the engine to every caller", async () => {
  const [row] = ok(await anonymous().rpc("engine"));
  assert(["native", "portable"].includes(row.engine), `engine is ${row.engine}`);
  assert(/^\d+\.\d+\.\d+/.test(row.version), `version is ${row.version}`);
  assert(/^\d{14}$/.test(row.schema_version), `schema_version is ${row.schema_version}`);
  assert(row.warning === null || /^PostgreSQL [\d.]+ has CVE-/.test(row.warning), `warning is ${row.warning}`);
});

Deno.test("members of one tenant share documents with the visibility tenant, and nothing else", async () => {
  const [ada, ben, cleo] = [await signUp(), await signUp(), await signUp()];
  await newChat(ada);
  await shareTenant(ada, ben);
  const register = (visibility: string) =>
    ada.db.rpc("register_document", {
      source_uri: `https://example.org/${visibility}`,
      checksum: crypto.randomUUID().replaceAll("-", "").repeat(2),
      visibility,
      tags: { about: visibility },
    }).single();
  const [common, own] = [ok(await register("tenant")), ok(await register("private"))];
  const seen = async (person: typeof ada) =>
    ok(await person.db.from("documents").select("id").in("id", [common.id, own.id]));
  equal(await seen(ben), [{ id: common.id }], "documents that a colleague sees");
  equal(await seen(cleo), [], "documents that a stranger sees");
  const tags = await ben.db.from("document_metadata").select("tags").eq("document_id", common.id);
  equal(ok(tags), [{ tags: { about: "tenant" } }], "metadata that a colleague sees");
  refusal(await ben.db.from("documents").update({ title: "mine" }).eq("id", common.id), "42501", 403, "documents");
});

// GET and POST, and the headers that choose the schema and the form of the answer.

import { createClient } from "@supabase/supabase-js";
import { equal, ok } from "../journeys/assertions.ts";
import { anonymous, type Client, newChat, service, signUp } from "../journeys/people.ts";
import { answers, said, same } from "./gateway.ts";

const GET = { get: true };

Deno.test("calls that only read accept GET and POST", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  ok(
    await ada.db.rpc("append_messages", {
      chat_id,
      messages: [{ role: "user", content: "a needle" }, { role: "assistant", content: "hay" }],
    }),
  );
  const calls: [client: Client, call: string, given: object][] = [
    [ada.db, "list_messages", { chat_id }],
    [ada.db, "list_messages", { chat_id, page_size: 1, before: "2999-01-01T00:00:00+00:00" }],
    [ada.db, "search_messages", { query: "needle", chat_id }],
    [anonymous(), "engine", {}],
    [anonymous(), "document_checksum", { content: "\\x616263" }],
  ];
  const heads: number[] = [];
  for (const [client, call, given] of calls) {
    const posted = ok(await client.rpc(call, given));
    same(ok(await client.rpc(call, given, GET)), posted, `GET ${call} ${JSON.stringify(given)}`);
    const head = await client.rpc(call, given, { head: true });
    same(head.data, null, `the body of HEAD ${call}`);
    heads.push(head.status);
  }
  answers("HEAD of calls", heads, [200, 200, 200, 200, 200]);
  const filtered = await ada.db.rpc("list_messages", { chat_id }, GET).select("content").eq("role", "user");
  same(ok(filtered), [{ content: "a needle" }], "GET with a filter and chosen columns");
});

Deno.test("GET of a call that writes is 405, and writes nothing", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const { token } = ok(await ada.db.rpc("create_session").single());
  const checksum = "a".repeat(64);
  const calls: [call: string, given: object][] = [
    ["create_chat", { title: "x" }],
    ["append_message", { chat_id, role: "user", content: "x" }],
    ["delete_chat", { chat_id }],
    ["create_session", {}],
    ["rotate_session", { token }],
    ["register_document", { source_uri: "x", checksum }],
    ["register_content", { source_uri: "x", content: "\\x61" }],
  ];
  for (const [call, given] of calls) {
    const answer = said(await ada.db.rpc(call, given, GET));
    equal([answer.status, answer.code], [405, "25006"], `GET ${call}: "${answer.message}"`);
  }
  same(ok(await ada.db.from("chats").select("message_count")), [{ message_count: 0 }], "chats");
  same(ok(await ada.db.from("documents").select("id")), [], "documents");
  const [valid] = ok(await anonymous().rpc("validate_session", { token }));
  equal([valid.status, valid.generation], ["valid", 0], "the session whose token came by GET");
});

Deno.test("POST runs a call read-only if it is declared STABLE or IMMUTABLE", async () => {
  const probe = createClient(Deno.env.get("CHATKEEP_URL")!, Deno.env.get("CHATKEEP_ANON_KEY")!);
  answers("transaction_read_only of a STABLE call by POST", ok(await probe.rpc("probe_stable")), "on");
  equal(ok(await probe.rpc("probe_stable", {}, GET)), "on", "a STABLE call by GET");
  equal(ok(await probe.rpc("probe_volatile")), "off", "a VOLATILE call by POST");
  equal(ok(await probe.rpc("probe_volatile", {}, GET)), "on", "a VOLATILE call by GET");
});

Deno.test("an update returns its rows or their number on request", async () => {
  const ada = await signUp();
  const [first, second] = [await newChat(ada), await newChat(ada)];
  const minimal = await ada.db.from("chats").update({ title: "one" }).eq("id", first);
  same([minimal.status, minimal.data, minimal.error], [204, null, null], "return=minimal");
  const whole = await ada.db.from("chats").update({ title: "two" }).eq("id", first).select("id, title");
  same([whole.status, whole.data], [200, [{ id: first, title: "two" }]], "return=representation");
  const counted = await ada.db.from("chats").update({ title: "three" }, { count: "exact" }).in("id", [first, second]);
  equal(counted.status, 204, "count=exact");
  answers("count of an update", counted.count, 2);
  const none = await ada.db.from("chats").update({ title: "x" }).eq("id", crypto.randomUUID()).select("id");
  same([none.status, none.data], [200, []], "an update of nothing");
  const foreign = await (await signUp()).db.from("chats").update({ title: "x" }).eq("id", first).select("id");
  same([foreign.status, foreign.data], [200, []], "an update of another's");
});

Deno.test("max-affected rolls an update of more rows back", async () => {
  const ada = await signUp();
  const chats = [await newChat(ada), await newChat(ada)];
  const update = () => ada.db.from("chats").update({ title: "new" }).in("id", chats);
  const { status, code } = said(await update().maxAffected(1));
  const left = ok(await ada.db.from("chats").select("title"));
  same([status, code], [400, "PGRST124"], "the answer");
  same(left, [{ title: null }, { title: null }], "the titles");
  equal((await update().maxAffected(2)).status, 204, "as many as it says");
});

Deno.test("a call with a count runs once", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const message = { chat_id, role: "user", content: "once" };
  const { status, count } = await ada.db.rpc("append_message", message, { count: "exact" });
  same([status, count], [200, 1], "the call");
  const { message_count } = ok(await ada.db.from("chats").select("message_count").eq("id", chat_id).single());
  answers("messages that one counted append made", message_count, 1);
});

Deno.test("an insert returns its rows on request", async () => {
  const ada = await signUp();
  await newChat(ada);
  const row = { id: crypto.randomUUID(), tenant_id: ada.id, user_id: ada.id, title: "made by a service" };
  const minimal = await service().from("chats").insert(row);
  same([minimal.status, minimal.data], [201, null], "return=minimal");
  const again = said(await service().from("chats").insert(row));
  same([again.status, again.code], [409, "23505"], "the same id again");
  const whole = await service().from("chats").insert({ ...row, id: crypto.randomUUID() }).select("title").single();
  same([whole.status, whole.data], [201, { title: "made by a service" }], "return=representation");
  const rows = [{ ...row, id: crypto.randomUUID() }, { ...row, id: crypto.randomUUID() }];
  answers("an insert of two rows", (await service().from("chats").insert(rows)).status, 201);
});

Deno.test("unknown preferences are ignored, or refused with handling=strict", async () => {
  const ada = await signUp();
  const read = (prefer: string) => ada.db.from("chats").select("id").setHeader("Prefer", prefer);
  same(ok(await read("handling=lenient, colour=red")), [], "handling=lenient");
  const answer = await read("handling=strict, colour=red");
  same([answer.status, answer.error?.code], [400, "PGRST122"], "handling=strict");
});

Deno.test("a header chooses the schema among the exposed ones", async () => {
  const options = { auth: { persistSession: false } };
  const supabase = createClient(Deno.env.get("CHATKEEP_URL")!, Deno.env.get("CHATKEEP_ANON_KEY")!, options);
  equal(ok(await supabase.schema("chatkeep").rpc("engine")).length, 1, "a call in chatkeep");
  const elsewhere = said(await supabase.rpc("engine"));
  equal([elsewhere.status, elsewhere.code], [404, "PGRST202"], "the same in public");
  equal(said(await supabase.from("chats").select("id")).code, "PGRST205", "a table, in public");
  for (const schema of ["chatkeep_private", "auth", "nonsense"]) {
    const [read, call] = [
      said(await supabase.schema(schema).from("session_secrets").select("session_token")),
      said(await supabase.schema(schema).rpc("refuse", { code: "22023", message: "x", hint: "x" })),
    ];
    for (const answer of [read, call]) {
      equal([answer.status, answer.code], [406, "PGRST106"], schema);
      equal(answer.message, `Invalid schema: ${schema}`, "message");
    }
  }
});

// The form of a refused call: the HTTP status, and code, message, details and hint in the body.

import { assert, equal, ok } from "../journeys/assertions.ts";
import { anonymous, bearing, type Client, newChat, signUp } from "../journeys/people.ts";
import { answers, said, same, signed } from "./gateway.ts";

const PERMISSION = (what: string) => ({ code: "42501", message: `permission denied for ${what}`, hint: null });

Deno.test("a refusal has its code, the argument and a hint", async (test) => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const deleted = await newChat(ada);
  ok(await ada.db.rpc("delete_chat", { chat_id: deleted }));
  const hello = { chat_id, role: "user", content: "hello", message_id: crypto.randomUUID() };
  ok(await ada.db.rpc("append_message", hello));
  const cases: [call: string, given: object, status: number, body: object][] = [
    ["append_message", { ...hello, role: "bot" }, 400, {
      code: "22023",
      message: "role must be system, developer, user, assistant or tool",
      hint: "Pass one of the five, in lower case.",
    }],
    ["register_document", { source_uri: "a" }, 404, {
      code: "PGRST202",
      message: "Could not find the function chatkeep.register_document(source_uri) in the schema cache",
    }],
    ["list_messages", { chat_id: crypto.randomUUID() }, 404, {
      code: "PT404",
      message: "chat_id names no chat of yours",
      hint: "Make the chat with create_chat, or check the id.",
    }],
    ["append_message", { ...hello, content: "another" }, 409, {
      code: "PT409",
      message: "message_id is taken by a message with other content",
      hint: "Send the same content to retry, or a new message_id for a new message.",
    }],
    ["append_message", { ...hello, chat_id: deleted }, 410, {
      code: "PT410",
      message: "chat_id names a deleted chat",
      hint: "Restore it with restore_chat, or start a new one.",
    }],
    ["list_messages", { chat_id: "nonsense" }, 400, {
      code: "22P02",
      message: 'invalid input syntax for type uuid: "nonsense"',
      hint: null,
    }],
    ["list_messages", { chat_id, before: "yesterday evening" }, 400, {
      code: "22007",
      message: 'invalid input syntax for type timestamp with time zone: "yesterday evening"',
      hint: null,
    }],
    ["append_message", { ...hello, token_count: 2 ** 31 }, 400, {
      code: "22003",
      hint: null,
    }],
  ];
  for (const [call, given, status, body] of cases) {
    await test.step(`${call}: ${Object.values(body)[0]}`, async () => {
      const answer = said(await ada.db.rpc(call, given));
      const { code, message, hint } = answer;
      const asked = Object.fromEntries(Object.entries({ code, message, hint }).filter(([key]) => key in body));
      same({ status: answer.status, ...asked }, { status, ...body }, `${call} ${JSON.stringify(given)}`);
      if (code !== "PGRST202") equal(answer.details, null, "details");
    });
  }
});

Deno.test("text that PostgreSQL cannot hold is refused before the call", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const append = (content: string) => ada.db.rpc("append_message", { chat_id, role: "user", content });
  const cases = [["NUL in a text", "a\0b", "22P05"], ["a lone surrogate in a text", "a\ud800b", "22P02"]] as const;
  for (const [what, content, code] of cases) {
    const { error, status } = await append(content);
    answers(what, [status, error?.code ?? null], [400, code]);
  }
  ok(await append("a pair of surrogates: \ud83c\udf89"));
});

Deno.test("a call without the right is 401 for anonymous clients and 403 for users", async () => {
  const ada = await signUp();
  const anon = anonymous();
  same(
    said(await anon.rpc("create_chat")),
    { status: 401, details: null, ...PERMISSION("function create_chat") },
    "a call",
  );
  same(
    said(await anon.from("chats").select("id")),
    { status: 401, details: null, ...PERMISSION("table chats") },
    "a table",
  );

  const named = said(await ada.db.rpc("create_session", { user_id: crypto.randomUUID() }));
  const { status, ...body } = named;
  same(body, {
    code: "42501",
    message: "user_id can be named by service_role only",
    details: null,
    hint: "Leave user_id out to act for yourself.",
  }, "acting for another");
  answers("status of 42501 for a user", status, 403);
  const purge = said(await ada.db.rpc("purge_sessions"));
  equal(purge.message, "permission denied for function purge_sessions", "a call for service_role");
  answers("status of 42501 for a user", purge.status, 403);
  const all = said(await ada.db.from("sessions").select());
  equal([all.code, all.message], ["42501", "permission denied for table sessions"], "every column of sessions");
});

Deno.test("an unknown argument, call, table or column is named", async () => {
  const ada = await signUp();
  const call = said(await ada.db.rpc("create_chat", { title: "x", colour: "red" }));
  same([call.status, call.code], [404, "PGRST202"], "an argument that no call has");
  equal(call.message, "Could not find the function chatkeep.create_chat(colour, title) in the schema cache", "message");
  const none = said(await ada.db.rpc("make_chat", {}));
  same([none.status, none.code], [404, "PGRST202"], "a call that is not there");
  const table = said(await ada.db.from("chat").select("id"));
  same([table.status, table.code, table.message], [
    404,
    "PGRST205",
    "Could not find the table 'chatkeep.chat' in the schema cache",
  ], "a table that is not there");
  const column = said(await ada.db.from("chats").select("colour"));
  equal(column.status, 400, "a column that is not there");
  answers("code of an unknown column", column.code, "42703");
  const embedded = said(await ada.db.from("chats").select("id, sessions(id)"));
  same([embedded.status, embedded.code], [400, "PGRST200"], "tables without a foreign key to it");
});

Deno.test("an invalid JWT is 401, whatever its claims", async (test) => {
  const ada = await signUp();
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: ada.id, role: "authenticated" };
  const sound = bearing(await signed({ ...claims, exp: now + 600 }));
  ok(await sound.from("users").select("id"));
  const cases: [what: string, token: string, code: string][] = [
    ["expired", await signed({ ...claims, exp: now - 600 }), "PGRST303"],
    ["not valid yet", await signed({ ...claims, nbf: now + 600, exp: now + 1200 }), "PGRST303"],
    [
      "forged",
      await signed({ ...claims, role: "service_role", exp: now + 600 }, "another secret of the same length......"),
      "PGRST301",
    ],
    ["of three words", "not.a.token", "PGRST301"],
    ["of one word", "nonsense", "PGRST301"],
  ];
  for (const [what, token, code] of cases) {
    await test.step(what, async () => {
      for (const answer of [await bearing(token).from("users").select("id"), await bearing(token).rpc("engine")]) {
        same([answer.data, answer.status, answer.error?.code], [null, 401, code], what);
      }
    });
  }
});

Deno.test("a JWT without a known role reaches nothing", async () => {
  const exp = Math.floor(Date.now() / 1000) + 600;
  const answer = await bearing(await signed({ sub: crypto.randomUUID(), role: "nobody_at_all", exp })).rpc("engine");
  assert(answer.error, "a role that does not exist was accepted");
  answers("status of an unknown role", answer.status, 401);
});

/** The verdict on a token, whatever the HTTP status. */
async function judged(client: Client, call: string, token: string): Promise<[status: number, verdict: string]> {
  const { data, error, status } = await client.rpc(call, { token });
  const rows = data ?? error;
  assert(Array.isArray(rows) && rows.length === 1, `${call} answered ${JSON.stringify(rows)}`);
  return [status, rows[0].status];
}

Deno.test("a refused session token is a row under HTTP 401", async () => {
  const ada = await signUp();
  const { token, session_id } = ok(await ada.db.rpc("create_session").single());
  same(await judged(anonymous(), "validate_session", token), [200, "valid"], "a live token");
  for (const call of ["validate_session", "rotate_session"]) {
    same(await judged(anonymous(), call, "nonsense"), [401, "invalid"], `${call} of no token`);
  }
  const first = await anonymous().rpc("rotate_session", { token });
  const second = await anonymous().rpc("rotate_session", { token: first.data[0].token });
  equal([first.status, second.status], [200, 200], "two rotations");
  same(await judged(anonymous(), "rotate_session", token), [401, "reuse_detected"], "a spent token");
  const revoked = ok(await ada.db.from("my_sessions").select("status, revoked_reason").eq("id", session_id).single());
  same(revoked, { status: "revoked", revoked_reason: "reuse" }, "the session, since a row rolls nothing back");
  same(await judged(anonymous(), "validate_session", second.data[0].token), [401, "revoked"], "its newest token");

  const one = await anonymous().rpc("validate_session", { token: "nonsense" }).single();
  same([one.status, one.data, one.error?.status], [401, null, "invalid"], "the same as one object");
  const maybe = await anonymous().rpc("validate_session", { token: "nonsense" }).maybeSingle();
  same(
    [maybe.status, maybe.data, maybe.error?.[0]?.status],
    [401, null, "invalid"],
    "maybeSingle, which leaves the array",
  );
});

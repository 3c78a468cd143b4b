// The errors of the first hour: each says what to do.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chatkeepPackage, recorder } from "./support/package.mjs";

const { chatkeep } = chatkeepPackage;

const MISSING = /^Run the migrations: npx chatkeep init, then npx supabase db push\./;
const EXPOSED = /^Add chatkeep to the exposed schemas: \[api\] schemas in supabase\/config\.toml, or Dashboard > Settings > Data API/;
const SIGNED_IN = /^Sign in first/;

// The answers of PostgREST and PostgreSQL, with the hints that they give themselves.
const FIRST_HOUR = [
  [
    "the migrations have not run, and the schema is exposed",
    404,
    {
      code: "PGRST202",
      message: "Could not find the function chatkeep.engine without parameters in the schema cache",
      details: "Searched for the function chatkeep.engine without parameters …",
      hint: "Perhaps you meant to call the function chatkeep.import_chat",
    },
    MISSING,
  ],
  ["a table is missing", 404, { code: "PGRST205", message: "Could not find the table 'chatkeep.chats' in the schema cache", hint: null }, MISSING],
  ["the schema is missing", 404, { code: "3F000", message: 'schema "chatkeep" does not exist', hint: null }, MISSING],
  [
    "a function is missing",
    404,
    { code: "42883", message: "function chatkeep.engine() does not exist", hint: "No function matches the given name and argument types." },
    MISSING,
  ],
  ["a relation is missing", 404, { code: "42P01", message: 'relation "chatkeep.chats" does not exist', hint: null }, MISSING],
  [
    "the schema is not exposed",
    406,
    { code: "PGRST106", message: "Invalid schema: chatkeep", hint: "Only the following schemas are exposed: public, graphql_public" },
    EXPOSED,
  ],
  ["nobody is signed in", 401, { code: "42501", message: "permission denied for function engine", hint: null }, SIGNED_IN],
  ["nobody is signed in, and anon has no schema", 401, { code: "42501", message: "permission denied for schema chatkeep", hint: null }, SIGNED_IN],
  ["a user makes a maintenance call", 403, { code: "42501", message: "permission denied for function purge_chats", hint: null }, /need the secret key/],
  ["the role has no schema", 403, { code: "42501", message: "permission denied for schema chatkeep", hint: null }, /^Run the migrations again/],
  ["the JWT has expired", 401, { code: "PGRST303", message: "JWT expired", hint: null }, /^Sign in again/],
  ["the JWT is not of this project", 401, { code: "PGRST301", message: "No suitable key or wrong key type", hint: null }, /^Sign in again/],
  ["a nanoid reaches the database", 400, { code: "22P02", message: 'invalid input syntax for type uuid: "V1StGXR8"', hint: null }, /toUuid\(id\)/],
];

test("an error of the first hour says what to do", async (context) => {
  for (const [what, status, error, expected] of FIRST_HOUR) {
    await context.test(what, async () => {
      const answer = await chatkeep(recorder({ data: null, error, status }).client, { retry: false }).engine();
      assert.equal(answer.data, null);
      assert.match(answer.error.hint, expected);
      assert.deepEqual(
        [answer.error.code, answer.error.status, answer.error.message, answer.error.details],
        [error.code, status, error.message, error.details ?? null],
        "the rest of the error is the gateway's",
      );
      assert.equal(answer.error.retryable, false);
    });
  }
});

test("the same holds without supabase-js", async () => {
  for (const [what, status, error, expected] of FIRST_HOUR) {
    const fetch = () => Promise.resolve(new Response(JSON.stringify(error), { status }));
    const answer = await chatkeep({ url: "http://localhost", key: "k", fetch }, { retry: false }).engine();
    assert.match(answer.error.hint, expected, what);
  }
});

test("Chatkeep's own hints and those of others stay", async () => {
  for (const [status, error] of [
    [403, { code: "42501", message: "no user is signed in", hint: "Sign in and send the user's JWT, or name the user with user_id as service_role." }],
    [403, { code: "42501", message: "user_id can be named by service_role only", hint: "Leave user_id out to act for yourself." }],
    [404, { code: "PT404", message: "chat_id names no chat of yours", hint: "Make the chat with create_chat, or check the id." }],
    [404, { code: "42883", message: "function public.audit() does not exist", hint: "of a trigger of the operator" }],
    [404, { code: "42P01", message: 'relation "audit" does not exist', hint: null }],
    [400, { code: "22P02", message: 'invalid input syntax for type json', hint: null }],
    [403, { code: "42501", message: 'new row violates row-level security policy for table "chats"', hint: null }],
  ]) {
    const answer = await chatkeep(recorder({ data: null, error, status }).client, { retry: false }).engine();
    assert.equal(answer.error.hint, error.hint, error.message);
  }
});

test("an id of another form is refused before the request, by its argument's name", async () => {
  const nanoid = "V1StGXR8_Z5jdHi6B-myT";
  const id = "01890a5d-ac96-774b-bcce-b302099a8057";
  for (const [method, given, argument] of [
    ["listMessages", { chatId: nanoid }, "chat_id"],
    ["createChat", { chatId: nanoid }, "chat_id"],
    ["createChat", { userId: "user_2abcDEF" }, "user_id"],
    ["importChat", { chat: {}, userId: nanoid }, "user_id"],
    ["importChat", { chat: { id: nanoid } }, "chat.id"],
    ["registerDocument", { sourceUri: "a", checksum: "a".repeat(64), userId: nanoid }, "user_id"],
    ["registerDocuments", { documents: [], userId: nanoid }, "user_id"],
    ["registerContent", { sourceUri: "a", content: new Uint8Array(1), userId: nanoid }, "user_id"],
    ["attach", { chatId: id, messageId: nanoid, storagePath: "a" }, "message_id"],
    ["attach", { chatId: id, messageId: id, storagePath: "a", userId: nanoid }, "user_id"],
    ["appendMessages", { chatId: id, messages: [{ role: "user", content: "", messageId: nanoid }] }, "messages[0].message_id"],
  ]) {
    const { client, requests } = recorder();
    const { error } = await chatkeep(client)[method](given);
    assert.deepEqual([error.code, error.argument, error.message], ["22023", argument, `${argument} must be a UUID`]);
    assert.match(error.hint, /toUuid\(id\)/);
    assert.deepEqual(requests, []);
  }
});

test("a batch names its user once, not in its items", async () => {
  const { client, requests } = recorder({ data: [], error: null, status: 200 });
  const userId = "01890a5d-ac96-774b-bcce-b302099a8057";
  const document = { sourceUri: "a", checksum: "a".repeat(64) };
  const { error } = await chatkeep(client).registerDocuments({ documents: [{ ...document, userId }] });
  assert.equal(error.message, "documents[0] has an unknown key");
  await chatkeep(client).registerDocuments({ documents: [document], userId });
  assert.deepEqual(requests.map(({ sent }) => sent.user_id), [userId]);
});

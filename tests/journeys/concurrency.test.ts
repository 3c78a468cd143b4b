// Many clients at the same time, which the contract suite with one connection cannot cover.

import assert from "node:assert/strict";
import { anonymous, newChat, service, signUp } from "./people.ts";

// deno-lint-ignore no-explicit-any
type Row = any;

/** The row that each of `times` simultaneous calls returns. */
async function together(times: number, call: (n: number) => PromiseLike<{ data: Row; error: Row }>): Promise<Row[]> {
  const answers = await Promise.all(Array.from({ length: times }, (_, n) => call(n)));
  return answers.map(({ data, error }) => {
    assert.equal(error, null, error?.message);
    return Array.isArray(data) ? data[0] : data;
  });
}

Deno.test("simultaneous appends leave no gap, no duplicate and no lost message", async () => {
  const person = await signUp();
  const user = person.db;
  const chat_id = await newChat(person);
  await together(120, (n) => user.rpc("append_message", { chat_id, role: "user", content: `message ${n}` }));
  const { data: page } = await user.rpc("list_messages", { chat_id, page_size: 200 });
  assert.deepEqual(page.map(({ seq }: Row) => seq), Array.from({ length: 120 }, (_, n) => n + 1));
  assert.equal(new Set(page.map(({ created_at }: Row) => created_at)).size, 120);
  assert.equal(new Set(page.map(({ content }: Row) => content)).size, 120);
  // Each message follows the one before it, so the active path is a line.
  assert.deepEqual(page.slice(1).map(({ parent_id }: Row) => parent_id), page.slice(0, -1).map(({ id }: Row) => id));
});

Deno.test("simultaneous first sends of one message store one", async () => {
  const person = await signUp();
  const user = person.db;
  const chat_id = await newChat(person);
  const message = { chat_id, role: "user", content: "once", message_id: crypto.randomUUID() };
  const stored = await together(24, () => user.rpc("append_message", message));
  assert.deepEqual(new Set(stored.map(({ id, seq }) => `${id} ${seq}`)), new Set([`${message.message_id} 1`]));
  const { data: page } = await user.rpc("list_messages", { chat_id });
  assert.equal(page.length, 1);
});

Deno.test("simultaneous create_chat calls with one id make one chat", async () => {
  const user = (await signUp()).db;
  const chat_id = crypto.randomUUID();
  const chats = await together(16, (n) => user.rpc("create_chat", { chat_id, title: `title ${n}` }));
  assert.equal(new Set(chats.map(({ title }) => title)).size, 1);
});

Deno.test("simultaneous rotations of one token give one successor and revoke nothing", async () => {
  const user = (await signUp()).db;
  const nobody = anonymous();
  const [session] = await together(1, () => user.rpc("create_session", {}));
  const rotations = await together(40, () => nobody.rpc("rotate_session", { token: session.token }));
  assert.equal(rotations.filter(({ status }) => status === "rotated").length, 1);
  assert.equal(rotations.filter(({ status }) => status === "replayed").length, 39);
  assert.equal(new Set(rotations.map(({ token, generation }) => `${token} ${generation}`)).size, 1);
  const [valid] = await together(1, () => nobody.rpc("validate_session", { token: rotations[0].token }));
  assert.equal(valid.status, "valid");
});

Deno.test("simultaneous sessions never exceed max_sessions", async () => {
  const user = (await signUp()).db;
  await together(20, () => user.rpc("create_session", { max_sessions: 3 }));
  const { data: live } = await user.from("sessions").select("id").is("revoked_at", null);
  assert.equal(live?.length, 3);
});

Deno.test("simultaneous registrations of the same bytes make one document", async () => {
  const user = (await signUp()).db;
  const checksum = "ab".repeat(32);
  const answers = await together(64, (n) => user.rpc("register_document", { source_uri: `source ${n}`, checksum }));
  assert.equal(answers.filter(({ outcome }) => outcome === "created").length, 1);
  assert.equal(new Set(answers.map(({ id }) => id)).size, 1);
  const { data: documents } = await user.from("documents").select("source_uri, aliases");
  assert.equal(documents?.length, 1);
  assert.equal(documents?.[0].aliases.length, 63);
});

Deno.test("simultaneous versions of one source leave one current document", async () => {
  const user = (await signUp()).db;
  const answers = await together(16, (n) =>
    user.rpc("register_document", { source_uri: "page", checksum: n.toString(16).repeat(64).slice(0, 64) }));
  assert.equal(answers.filter(({ outcome }) => outcome === "created").length, 1);
  assert.equal(answers.filter(({ outcome }) => outcome === "new_version").length, 15);
  const { data: current } = await user.from("documents").select("id").neq("status", "archived");
  assert.equal(current?.length, 1);
});

Deno.test("simultaneous requests of several people each act as their own user", async () => {
  const people = await Promise.all([signUp(), signUp(), signUp()]);
  const chats = await Promise.all(people.map(newChat));
  const answers = await Promise.all(Array.from({ length: 90 }, async (_, n) => {
    const [person, chat_id] = [people[n % 3], chats[n % 3]];
    const [own, nobodys, everybodys, message] = await Promise.all([
      person.db.from("chats").select("user_id"),
      anonymous().rpc("list_messages", { chat_id }),
      service().from("chats").select("user_id").in("id", chats),
      person.db.rpc("append_message", { chat_id, role: "user", content: "mine" }).single(),
    ]);
    return { n, own: own.data, nobodys: nobodys.error?.code, everybodys: everybodys.data?.length, author: message.data?.author_id };
  }));
  assert.deepEqual(
    answers,
    Array.from({ length: 90 }, (_, n) => {
      const { id } = people[n % 3];
      return { n, own: [{ user_id: id }], nobodys: "42501", everybodys: 3, author: id };
    }),
  );
});

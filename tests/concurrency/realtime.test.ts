// Supabase Realtime: which subscribers receive which changes of chats and messages, and with which columns. The tests
// do not run Realtime itself. They read the changes of a publication by logical decoding, and replication.ts judges
// them as Realtime does.

import { assert, equal } from "../journeys/assertions.ts";
import { type Caller, NOBODY, numbers, type Person, type Row, SERVICE, type Stage, test } from "./connections.ts";
import { Feed, type Sent, type Values } from "./replication.ts";

const CHATS = "chatkeep.chats";
const MESSAGES = "chatkeep.messages";
const DOCUMENTS = "chatkeep.documents";
const APPEND = "select * from chatkeep.append_message($1, 'assistant', $2, parts => $3::text::jsonb, status => $4)";
const FINISH = "select * from chatkeep.finish_message($1, $2, content => $3, parts => $4::text::jsonb)";
/** Starts another branch and leaves the old one complete. */
const ELSEWHERE =
  "select * from chatkeep.append_message($1, 'user', 'another beginning', parent_id => '00000000-0000-0000-0000-000000000000')";

/**
 * Ada owns the chat. Ben is in her tenant, Eve in another one. An anonymous client and a service, exempt from policies.
 */
interface Cast extends Record<string, Caller> {
  ada: Person;
  ben: Person;
  eve: Person;
}

async function cast(stage: Stage): Promise<Cast> {
  const tenant = crypto.randomUUID();
  const [ada, ben, eve] = [await stage.person(tenant), await stage.person(tenant), await stage.person()];
  return { ada, ben, eve, nobody: NOBODY, service: SERVICE };
}

/** Declares a test with subscribers and a feed, which ends with the test. */
function broadcast(name: string, play: (stage: Stage, people: Cast, feed: Feed) => Promise<void>): void {
  test(name, async (stage) => {
    const people = await cast(stage);
    const feed = await Feed.begin(stage, people);
    try {
      await play(stage, people, feed);
    } finally {
      await feed.end();
    }
  });
}

/** The changes of one table: the type of each, and the receivers ofd columns. */
function summary(sent: Sent[], table: string): [string, string[]][] {
  return sent.filter((change) => change.table === table).map(({ type, to }) => [
    type,
    Object.keys(to).filter((name) => to[name] !== "unauthorized"),
  ]);
}

/** The changes of one table that a subscriber received. */
function received(sent: Sent[], name: string, table: string): Values[] {
  return sent.filter((change) => change.table === table && change.to[name]).map(({ to }) => {
    const values = to[name];
    assert(values !== "unauthorized", `${name} is no subscriber of ${table}`);
    return values;
  });
}

/** Random text, which compression cannot shorten, so that Postgres stores it outside of its row. */
function noise(length: number): string {
  let text = "";
  while (text.length < length) text += crypto.randomUUID().replaceAll("-", "");
  return text.slice(0, length);
}

/** A message as its owner reads it, each column as text. */
async function asText(stage: Stage, person: Person, id: string): Promise<Values> {
  const connection = await stage.connection();
  const [row] = await connection.request(
    person,
    `select id::text, chat_id::text, seq::text, role::text, content::text, parts::text, status::text, active::text,
       created_at::text, updated_at::text, parent_id::text, token_count::text, metadata::text
     from chatkeep.messages where id = $1`,
    id,
  );
  // The log writes a boolean as one letter.
  return { ...row, active: row.active[0] };
}

broadcast("a message is sent to the owner of its chat and to nobody else", async (stage, people, feed) => {
  const chat = await stage.chat(people.ada);
  const connection = await stage.connection();
  const [message] = await connection.request(people.ada, APPEND, chat, "hello", null, "complete");
  const sent = await feed.sent();
  equal(summary(sent, MESSAGES), [["INSERT", ["ada", "service"]]], "receivers of the message");
  equal(summary(sent, CHATS), [["INSERT", ["ada", "service"]], ["UPDATE", ["ada", "service"]]], "receivers");
  equal(sent.at(-1)?.to.nobody, "unauthorized", "the refusal of an anonymous client");
  const [inserted] = received(sent, "ada", MESSAGES);
  const stored = await asText(stage, people.ada, message.id);
  for (const [name, value] of Object.entries(stored)) equal(inserted[name], value, `${name} of the message`);
});

broadcast("a streamed message is sent as a placeholder, and whole when it is finished", async (stage, people, feed) => {
  const chat = await stage.chat(people.ada);
  const connection = await stage.connection();
  const [{ id }] = await connection.request(people.ada, APPEND, chat, "", null, "streaming");
  const placeholder = await asText(stage, people.ada, id);
  // Content and parts that are too large for a row.
  const parts = JSON.stringify([{ type: "text", text: noise(20_000) }]);
  await connection.request(people.ada, FINISH, chat, id, noise(100_000), parts);
  const whole = await asText(stage, people.ada, id);
  const sent = await feed.sent();
  equal(summary(sent, MESSAGES), [["INSERT", ["ada", "service"]], ["UPDATE", ["ada", "service"]]], "receivers");
  const [first, second] = received(sent, "ada", MESSAGES);
  equal([placeholder.status, whole.status], ["streaming", "complete"], "status before and after");
  for (const [name, value] of Object.entries(placeholder)) equal(first[name], value, `${name} of the placeholder`);
  for (const [name, value] of Object.entries(whole)) equal(second[name], value, `${name} of the message`);
});

broadcast("an update leaves out only large values that it does not change", async (stage, people, feed) => {
  const chat = await stage.chat(people.ada);
  const connection = await stage.connection();
  const large = noise(20_000);
  const parts = JSON.stringify([{ type: "text", text: "short" }]);
  for (const content of [large, "short"]) {
    await connection.request(people.ada, APPEND, chat, content, parts, "streaming");
  }
  const inserted = received(await feed.sent(), "ada", MESSAGES);
  const [one, other] = inserted.map((message) => message.id ?? "");
  const compare = async (sent: Sent[], how: string) => {
    const updates = received(sent, "ada", MESSAGES);
    for (const id of [one, other]) {
      const update = updates.find((update) => update.id === id);
      assert(update, `${how}: an update of each message is sent`);
      equal("content" in update, id === other, `${how}: the content is there`);
      const known = inserted.find((message) => message.id === id);
      const merged = { ...known, ...update };
      const stored = await asText(stage, people.ada, id);
      for (const [name, value] of Object.entries(stored)) equal(merged[name], value, `${how}: ${name} when merged`);
    }
  };
  // Every call that changes a message and may leave its content unchanged.
  await connection.request(people.ada, FINISH, chat, one, null, null);
  await connection.request(people.ada, "select chatkeep.fail_stale_messages('0 seconds')");
  await compare(await feed.sent(), "finished or given up");
  await connection.request(people.ada, ELSEWHERE, chat);
  await compare(await feed.sent(), "left for another branch");
  await connection.request(people.ada, "select chatkeep.select_branch($1, $2)", chat, other);
  await compare(await feed.sent(), "chosen again");
});

broadcast("a new title is sent to the chat's owner alone", async (stage, people, feed) => {
  const chat = await stage.chat(people.ada);
  await feed.sent();
  const connection = await stage.connection();
  await connection.request(people.ada, "update chatkeep.chats set title = 'new' where id = $1", chat);
  const sent = await feed.sent();
  equal(summary(sent, CHATS), [["UPDATE", ["ada", "service"]]], "receivers of it");
  equal(received(sent, "ada", CHATS).map(({ id, title }) => [id, title]), [[chat, "new"]], "the sent columns");
});

broadcast("a deleted chat is sent again to its owner when it is restored", async (stage, people, feed) => {
  const chat = await stage.chat(people.ada);
  const connection = await stage.connection();
  await connection.request(people.ada, APPEND, chat, "hello", null, "complete");
  await feed.sent();
  await connection.request(people.ada, "select chatkeep.delete_chat($1)", chat);
  equal(summary(await feed.sent(), CHATS), [["UPDATE", ["service"]]], "receivers of the deletion");
  await connection.request(people.ada, "select chatkeep.restore_chat($1)", chat);
  const sent = await feed.sent();
  equal(summary(sent, CHATS), [["UPDATE", ["ada", "service"]]], "receivers of the restored chat");
  equal(received(sent, "ada", CHATS).map(({ id, deleted_at }) => [id, deleted_at]), [[chat, null]], "the sent columns");
  // Messages from before the deletion, which are read from the log after it.
  await connection.request(people.ada, APPEND, chat, "last words", null, "complete");
  await connection.request(people.ada, "select chatkeep.delete_chat($1)", chat);
  equal(summary(await feed.sent(), MESSAGES), [["INSERT", ["service"]]], "receivers of the last message");
});

broadcast("subscribers receive only the keys of purged rows", async (stage, people, feed) => {
  const connection = await stage.connection();
  const purge = async (): Promise<Sent[]> => {
    const chat = await stage.chat(people.ada);
    await connection.request(people.ada, APPEND, chat, noise(20_000), null, "complete");
    await connection.request(people.ada, "select chatkeep.delete_chat($1)", chat);
    await feed.sent();
    await connection.request(SERVICE, "select chatkeep.purge_chats('0 seconds', 100000)");
    const ofChat = ({ to }: Sent) => {
      const values = to.ada;
      return values !== "unauthorized" && [values?.id, values?.chat_id].includes(chat);
    };
    const sent = await feed.sent();
    return sent.filter((change) => change.type !== "DELETE" || ofChat(change));
  };
  const sent = await purge();
  equal(sent.map(({ type, table }) => [type, table]), [["DELETE", MESSAGES], ["DELETE", CHATS]], "the sent columns");
  for (const { table, to } of sent) {
    equal(Object.keys(to), Object.keys(people), `receivers of a deletion in ${table}`);
    const key = table === CHATS ? ["id", "tenant_id"] : ["id", "chat_id", "tenant_id"];
    for (const name of ["ada", "ben", "eve"]) equal(Object.keys(to[name]).sort(), key.sort(), `changes for ${name}`);
    equal(to.nobody, {}, "changes for an anonymous client");
  }
  const owner = await stage.owner();
  await owner.rows("alter publication supabase_realtime set (publish = 'insert, update')");
  equal(await purge(), [], "changes if deletions are not published");
});

broadcast("disabled users receive nothing", async (stage, people, feed) => {
  const chat = await stage.chat(people.ada);
  const connection = await stage.connection();
  await feed.sent();
  const append = () => connection.request(SERVICE, APPEND, chat, "hello", null, "complete");
  const disable = "update chatkeep.users set disabled_at = $2::timestamptz where id = $1";
  await append();
  await connection.request(SERVICE, disable, people.ada.id, "2026-01-01");
  equal(summary(await feed.sent(), MESSAGES), [["INSERT", ["service"]]], "receivers of the last change before it");
  await append();
  equal(summary(await feed.sent(), MESSAGES), [["INSERT", ["service"]]], "receivers of changes after it");
  await connection.request(SERVICE, disable, people.ada.id, null);
  await append();
  equal(summary(await feed.sent(), MESSAGES), [["INSERT", ["ada", "service"]]], "receivers of later changes");
});

broadcast("a user who moves still receives changes, and other members do not", async (stage, people, feed) => {
  const chat = await stage.chat(people.ada);
  const connection = await stage.connection();
  await connection.request(people.ada, APPEND, chat, "hello", null, "complete");
  await feed.sent();
  const move =
    "update chatkeep.memberships set tenant_id = t.tenant_id from chatkeep.memberships t where memberships.user_id = $1 and t.user_id = $2";
  await connection.request(people.eve, "select chatkeep.create_chat()");
  await connection.request(SERVICE, move, people.ada.id, people.eve.id);
  await connection.request(people.ada, APPEND, chat, "from the new tenant", null, "complete");
  const sent = (await feed.sent()).filter(({ to }) =>
    !("eve" in to && to.eve !== "unauthorized" && to.eve.user_id === people.eve.id)
  );
  equal(
    summary(sent, MESSAGES),
    [["UPDATE", ["ada", "service"]], ["INSERT", ["ada", "service"]]],
    "receivers of the messages",
  );
  for (const [type, to] of summary(sent, CHATS)) {
    equal([type, to], ["UPDATE", ["ada", "service"]], "receivers of the chat");
  }
});

broadcast("the readers of a document receive the progress of its ingest", async (stage, people, feed) => {
  const [connection, owner] = [await stage.connection(), await stage.owner()];
  await owner.rows("alter publication supabase_realtime add table chatkeep.documents");
  const register =
    `select * from chatkeep.register_content('https://example.com/a', $1::text::bytea, visibility => $2)`;
  for (const [visibility, readers] of [["private", ["ada", "service"]], ["tenant", ["ada", "ben", "service"]]]) {
    const [{ id }] = await connection.request(people.ada, register, `of ${people.ada.id}, ${visibility}`, visibility);
    await connection.request(people.ada, "select chatkeep.set_document_status($1, 'processing')", id);
    await connection.request(people.ada, "select chatkeep.set_document_status($1, 'failed', 'no reader')", id);
    const sent = (await feed.sent()).filter(({ to }) => to.service !== "unauthorized" && to.service?.id === id);
    equal(summary(sent, DOCUMENTS), [["INSERT", readers], ["UPDATE", readers], ["UPDATE", readers]], `${visibility}`);
    equal(
      received(sent, "ada", DOCUMENTS).map(({ status, error }) => [status, error]),
      [["pending", null], ["processing", null], ["failed", "no reader"]],
      "the sent columns",
    );
    await connection.request(people.ada, "select chatkeep.delete_document($1)", id);
    equal(summary(await feed.sent(), DOCUMENTS), [["UPDATE", ["service"]]], "receivers of the deletion");
  }
});

// Measures the cost of replica identity full, for docs/supabase.md. The test requires only a large factor, so that it
// passes on every server.
test("with the primary key as replica identity the log holds no old rows", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const connection = await stage.connection();
  for (const _ of numbers(100)) await connection.request(ada, APPEND, chat, noise(8_000), null, "complete");
  const superuser = await stage.superuser();
  const logged = async (statement: string, ...values: unknown[]): Promise<number> => {
    const here = "select pg_current_wal_insert_lsn() as place";
    const [before] = await superuser.rows(here);
    await superuser.become(ada);
    await superuser.rows(statement, ...values);
    await superuser.rows("select set_config('role', null, true)");
    const [after] = await superuser.rows(here);
    const [{ bytes }] = await superuser.rows(
      "select pg_wal_lsn_diff($1, $2)::float8 as bytes",
      after.place,
      before.place,
    );
    return bytes;
  };
  const measure = async (identity: "default" | "full") => {
    await superuser.rows("begin");
    for (const table of [CHATS, MESSAGES]) await superuser.rows(`alter table ${table} replica identity ${identity}`);
    let appends = 0;
    for (const _ of numbers(100)) appends += await logged(APPEND, chat, noise(1_000), null, "complete");
    const [{ id }] = await superuser.rows("select active_leaf_id as id from chatkeep.chats where id = $1", chat);
    await logged(ELSEWHERE, chat);
    const branch = await logged("select chatkeep.select_branch($1, $2)", chat, id);
    await superuser.rows("rollback");
    return { append: Math.round(appends / 100), branch };
  };
  // The first round writes whole pages that are touched for the first time since a checkpoint.
  await measure("default");
  const [key, row] = [await measure("default"), await measure("full")];
  console.log("Bytes logged, by replica identity:", JSON.stringify({ default: key, full: row }));
  assert(row.append > key.append, "an append logs the chat's old row too");
  assert(row.branch > key.branch, "a choice of a branch logs the old messages too");
});

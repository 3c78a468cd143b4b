// Documents and concurrent callers: one worker claims, both sets of tags are kept, and deletions meet attachments.

import { assert, equal } from "../journeys/assertions.ts";
import {
  background,
  type Caller,
  type Connection,
  refused,
  type Row,
  SERVICE,
  type Stage,
  test,
} from "./connections.ts";

const REGISTER = "select id, outcome, status from chatkeep.register_document($1, $2, visibility => $3)";
const SET_STATUS = "select status from chatkeep.set_document_status($1, $2)";
const TAG = "select tags from chatkeep.tag_document($1, $2::text::jsonb)";
const ATTACH = "select id, document_deleted from chatkeep.attach($1, $2, $3)";
const DELETE = "select id from chatkeep.delete_document($1)";
const APPEND = "select id from chatkeep.append_message($1, 'user', 'x')";

/** Registers a new document with a random source and checksum. */
async function registered(stage: Stage, person: Caller, visibility = "private"): Promise<[id: string, sum: string]> {
  const connection = await stage.connection();
  const sum = (crypto.randomUUID() + crypto.randomUUID()).replaceAll("-", "");
  const [{ id }] = await connection.request(person, REGISTER, `https://example.org/${sum}`, sum, visibility);
  return [id, sum];
}

/** A chat with one message. */
async function talked(stage: Stage, person: Parameters<Stage["chat"]>[0]): Promise<[chat: string, message: string]> {
  const chat = await stage.chat(person);
  const [{ id }] = await (await stage.connection()).request(person, APPEND, chat);
  return [chat, id];
}

/** An open transaction `one` has attached a document, and its deletion by `other` waits for it. */
async function attachedBeforeDeletion(stage: Stage) {
  const ada = await stage.person();
  const [[id], [chat, message]] = [await registered(stage, ada), await talked(stage, ada)];
  const [one, other] = await stage.connections(2);
  await one.begin(ada);
  await one.rows(ATTACH, chat, message, id);
  const waiting = other.request(ada, DELETE, id);
  await stage.waits(other, one, waiting);
  return { ada, id, message, one, other, waiting };
}

/** A document as the tables' owner reads it. */
async function stored(stage: Stage, id: string): Promise<Row> {
  const owner = await stage.owner();
  const [row] = await owner.rows("select status, access, aliases from chatkeep.documents where id = $1", id);
  return row;
}

test("of two workers that claim a document, one gets it", async (stage) => {
  const ada = await stage.person();
  const [id] = await registered(stage, ada);
  const [one, other] = await stage.connections(2);
  await one.begin(ada);
  equal(await one.rows(SET_STATUS, id, "processing"), [{ status: "processing" }], "the first claim");
  const waiting = other.request(SERVICE, SET_STATUS, id, "processing");
  await stage.waits(other, one, waiting);
  await one.commit();
  equal(await refused(waiting), "PT409", "the second claim");
  equal((await stored(stage, id)).status, "processing", "the document");
});

test("when a claim is rolled back, the waiting worker gets the document", async (stage) => {
  const ada = await stage.person();
  const [id] = await registered(stage, ada);
  const [one, other] = await stage.connections(2);
  await one.begin(ada);
  await one.rows(SET_STATUS, id, "processing");
  const waiting = other.request(ada, SET_STATUS, id, "processing");
  await stage.waits(other, one, waiting);
  await one.rollback();
  equal(await waiting, [{ status: "processing" }], "the second claim");
});

test("twelve workers share twenty documents, and each document is ingested once", async (stage) => {
  const ada = await stage.person();
  const ids: string[] = [];
  for (let n = 0; n < 20; n++) ids.push((await registered(stage, ada))[0]);
  const workers = await stage.connections(12);
  const claims = await Promise.all(workers.map(async (worker) => {
    const claimed: string[] = [];
    for (const id of ids) {
      const end = await refused(worker.request(ada, SET_STATUS, id, "processing"));
      assert(["accepted", "PT409"].includes(end), `a claim ended with ${end}`);
      if (end === "accepted") claimed.push(id);
    }
    return claimed;
  }));
  equal(claims.flat().sort(), [...ids].sort(), "claims");
});

test("a worker that ends the ingest of a deleted document is refused", async (stage) => {
  const ada = await stage.person();
  const [id] = await registered(stage, ada);
  const [one, other] = await stage.connections(2);
  await one.request(ada, SET_STATUS, id, "processing");
  await one.begin(ada);
  await one.rows(DELETE, id);
  const waiting = other.request(ada, SET_STATUS, id, "ready");
  await stage.waits(other, one, waiting);
  await one.commit();
  equal(await refused(waiting), "PT410", "the end of the ingest");
});

test("two concurrent calls that tag one namespace both keep their tags", async (stage) => {
  const ada = await stage.person();
  const [id] = await registered(stage, ada);
  const [one, other] = await stage.connections(2);
  // At first there is no row yet; the second time there is one.
  for (const [first, second, all] of [["a", "b", { a: 1, b: 1 }], ["c", "d", { a: 1, b: 1, c: 1, d: 1 }]] as const) {
    await one.begin(ada);
    await one.rows(TAG, id, JSON.stringify({ [first]: 1 }));
    const waiting = other.request(ada, TAG, id, JSON.stringify({ [second]: 1 }));
    await stage.waits(other, one, waiting);
    await one.commit();
    equal(await waiting, [{ tags: all }], "tags");
  }
});

test("of two members who tag one namespace, the second is refused", async (stage) => {
  const tenant = crypto.randomUUID();
  const [ada, ben, cleo] = [await stage.person(tenant), await stage.person(tenant), await stage.person(tenant)];
  const [id] = await registered(stage, ada, "tenant");
  const [one, other] = await stage.connections(2);
  const tag = "select user_id from chatkeep.tag_document($1, '{\"a\":1}', 'review')";
  await one.begin(ben);
  await one.rows(tag, id);
  const waiting = other.request(cleo, tag, id);
  await stage.waits(other, one, waiting);
  await one.commit();
  equal(await refused(waiting), "42501", "the second member's call");
});

test("a deletion that waits for an attachment marks the attachment", async (stage) => {
  const { ada, id, message, one, other, waiting } = await attachedBeforeDeletion(stage);
  await one.commit();
  equal(await waiting, [{ id }], "the deletion");
  equal(await attachments(other, ada, message), [{ document_id: id, document_deleted: true }], "the attachment");
});

test("an attachment that waits for a deletion is refused", async (stage) => {
  const tenant = crypto.randomUUID();
  const [ada, ben] = [await stage.person(tenant), await stage.person(tenant)];
  const [[id], [chat, message]] = [await registered(stage, ada, "tenant"), await talked(stage, ben)];
  const [one, other] = await stage.connections(2);
  await one.begin(ada);
  await one.rows(DELETE, id);
  const waiting = other.request(ben, ATTACH, chat, message, id);
  await stage.waits(other, one, waiting);
  await one.commit();
  equal(await refused(waiting), "PT404", "the attachment of what is out of a colleague's sight");
  equal(await attachments(other, ben, message), [], "attachments");
});

test("concurrent attachments and deletions never break a foreign key", async (stage) => {
  const tenant = crypto.randomUUID();
  const [ada, ben] = [await stage.person(tenant), await stage.person(tenant)];
  const [chat, message] = await talked(stage, ben);
  const [one, other, third] = await stage.connections(3);
  for (let round = 0; round < 60; round++) {
    const [id] = await registered(stage, ada, "tenant");
    const [attached, again, deleted] = await Promise.all([
      refused(one.request(ben, ATTACH, chat, message, id)),
      refused(third.request(ada, TAG, id, '{"a":1}')),
      refused(other.request(ada, DELETE, id)),
    ]);
    equal(deleted, "accepted", "the deletion");
    assert(["accepted", "PT404"].includes(attached), `the attachment ended with ${attached}`);
    assert(["accepted", "PT410"].includes(again), `the tags ended with ${again}`);
    const owner = await stage.owner();
    const rows = await owner.rows("select document_deleted from chatkeep.attachments where document_id = $1", id);
    equal(rows, attached === "accepted" ? [{ document_deleted: true }] : [], "the attachment");
    const access = await owner.rows(
      "select document_access from chatkeep.document_metadata where document_id = $1",
      id,
    );
    equal(access, again === "accepted" ? [{ document_access: "deleted" }] : [], "the tags");
  }
});

test("a caller who attaches and then tags does not deadlock with a deletion in between", async (stage) => {
  const { id, one, waiting } = await attachedBeforeDeletion(stage);
  equal(await one.rows(TAG, id, '{"a":1}'), [{ tags: { a: 1 } }], "the tags");
  equal(await one.rows(SET_STATUS, id, "processing"), [{ status: "processing" }], "the status");
  await one.commit();
  equal(await waiting, [{ id }], "the deletion");
});

test("members attach a shared document concurrently, without waiting for each other", async (stage) => {
  const tenant = crypto.randomUUID();
  const [ada, ben] = [await stage.person(tenant), await stage.person(tenant)];
  const [id] = await registered(stage, ada, "tenant");
  const [[chat, message], [bens, his]] = [await talked(stage, ada), await talked(stage, ben)];
  const [one, other] = await stage.connections(2);
  await one.begin(ada);
  await one.rows(ATTACH, chat, message, id);
  equal((await other.request(ben, ATTACH, bens, his, id)).length, 1, "the second attachment");
  await one.commit();
});

test("two concurrent retries of one attachment make one attachment", async (stage) => {
  const ada = await stage.person();
  const [[id], [chat, message]] = [await registered(stage, ada), await talked(stage, ada)];
  const [one, other] = await stage.connections(2);
  await one.begin(ada);
  const [first] = await one.rows(ATTACH, chat, message, id);
  const waiting = other.request(ada, ATTACH, chat, message, id);
  await stage.waits(other, one, waiting);
  await one.commit();
  equal(await waiting, [first], "the second");
});

test("bytes that are registered during their deletion are registered before it or after it", async (stage) => {
  const ada = await stage.person();
  const [id, sum] = await registered(stage, ada);
  const [one, other] = await stage.connections(2);
  await one.begin(ada);
  await one.rows(DELETE, id);
  const waiting = background(other.request(ada, REGISTER, `https://example.org/${sum}`, sum, "private"));
  // If it does not wait, the registration came first, and its document is deleted afterwards.
  const waited = await stage.waitsOrEnds(other, one, waiting);
  await one.commit();
  const [again] = await waiting;
  equal(again.id === id, !waited, "whether it found the document that is deleted");
  equal(await live(other, ada, sum), waited ? [{ id: again.id }] : [], "documents of these bytes");
  await other.request(ada, REGISTER, `https://example.org/${sum}`, sum, "private");
  equal((await live(other, ada, sum)).length, 1, "documents of these bytes, once they are registered after it");
});

test("a deletion that waits for a registration of the same bytes deletes the document that it found", async (stage) => {
  const ada = await stage.person();
  const [id, sum] = await registered(stage, ada);
  const [one, other] = await stage.connections(2);
  await one.begin(ada);
  const [duplicate] = await one.rows(REGISTER, `https://example.org/${crypto.randomUUID()}`, sum, "private");
  equal([duplicate.id, duplicate.outcome], [id, "duplicate"], "the registration");
  const waiting = other.request(ada, DELETE, id);
  await stage.waitsOrEnds(other, one, waiting);
  await one.commit();
  equal(await waiting, [{ id }], "the deletion");
  equal(await live(other, ada, sum), [], "documents of these bytes");
});

function attachments(connection: Connection, person: Caller, message: string): Promise<Row[]> {
  return connection.request(
    person,
    "select document_id, document_deleted from chatkeep.attachments where message_id = $1",
    message,
  );
}

function live(connection: Connection, person: Caller, checksum: string): Promise<Row[]> {
  return connection.request(person, "select id from chatkeep.documents where checksum = $1", checksum);
}

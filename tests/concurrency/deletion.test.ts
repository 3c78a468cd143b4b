// Deleting, restoring and purging during writes: no orphans, no revived chats, and a late writer is refused.

import { equal } from "../journeys/assertions.ts";
import { APPEND, APPEND_BATCH, APPEND_STREAM, background, batch, refused, SERVICE, test } from "./connections.ts";

const DELETE = "select deleted_at is not null as deleted, message_count from chatkeep.delete_chat($1)";
const RESTORE = "select deleted_at is not null as deleted, message_count from chatkeep.restore_chat($1)";

test("a delete waits for an open append and deletes its message with the chat", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const [writer, deleter] = await stage.connections(2);
  const id = crypto.randomUUID();
  await writer.begin(ada);
  await writer.rows(APPEND, chat, "just in time", id);
  const deleting = deleter.request(ada, DELETE, chat);
  await stage.waits(deleter, writer, deleting);
  await writer.commit();
  equal(await deleting, [{ deleted: true, message_count: 1 }], "the deleted chat");
  equal(
    await writer.request(ada, "select id from chatkeep.messages where chat_id = $1", chat),
    [],
    "messages that can be read",
  );
  equal(await refused(writer.request(ada, APPEND, chat, "just in time", id)), "PT410", "a late retry");
  equal(
    await refused(writer.request(ada, APPEND_BATCH, chat, batch(["just in time", id], "more"))),
    "PT410",
    "a late batch",
  );
  equal(await writer.request(ada, RESTORE, chat), [{ deleted: false, message_count: 1 }], "the restored chat");
  equal(
    (await writer.request(ada, APPEND, chat, "just in time", id)).map((row) => row.seq),
    [1],
    "the retry after restoring",
  );
});

test("an append that waits for a delete is refused as deleted and stores nothing", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const streaming = crypto.randomUUID();
  const [deleter, writer] = await stage.connections(2);
  await deleter.request(ada, APPEND_STREAM, chat, streaming);
  const late: [string, ...unknown[]][] = [
    [APPEND, chat, "late", crypto.randomUUID()],
    [APPEND_BATCH, chat, batch("late", "later")],
    ["select * from chatkeep.select_branch($1, $2)", chat, streaming],
  ];
  for (const write of late) {
    await deleter.begin(ada);
    await deleter.rows(DELETE, chat);
    const waiting = writer.request(ada, ...write);
    const code = refused(waiting);
    await stage.waits(writer, deleter, waiting);
    await deleter.commit();
    equal(await code, "PT410", `how ${write[0]} ended`);
    // A finish does not lock the chat: it comes before the delete, or it is refused.
    equal(
      await refused(writer.request(ada, "select * from chatkeep.finish_message($1, $2, 'late')", chat, streaming)),
      "PT410",
      "a late finish",
    );
    await deleter.request(ada, RESTORE, chat);
  }
  equal((await stage.stored(chat)).map((row) => [row.content, row.status]), [["", "streaming"]], "the stored rows");
});

test("when a delete is rolled back, the append that waited succeeds", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const [deleter, writer] = await stage.connections(2);
  await deleter.begin(ada);
  await deleter.rows(DELETE, chat);
  const waiting = writer.request(ada, APPEND, chat, "kept", crypto.randomUUID());
  await stage.waits(writer, deleter, waiting);
  await deleter.rollback();
  equal((await waiting).map((row) => row.seq), [1], "its position");
});

test("concurrent deletes and restores leave a chat deleted or live, with all its messages", async (stage) => {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const connections = await stage.connections(6);
  let appended = 0;
  await Promise.all(connections.map(async (connection, number) => {
    for (let round = 0; round < 30; round++) {
      if (number % 3 === 0) await connection.request(ada, DELETE, chat);
      else if (number % 3 === 1) await connection.request(ada, RESTORE, chat);
      else {
        const code = await refused(connection.request(ada, APPEND, chat, `${number} ${round}`, crypto.randomUUID()));
        if (code === "accepted") appended++;
        else equal(code, "PT410", "how an append was refused");
      }
    }
  }));
  const [{ deleted, message_count }] = await connections[0].request(ada, RESTORE, chat);
  equal([deleted, message_count], [false, appended], "the chat, restored");
  equal(
    (await stage.stored(chat)).map((row) => row.seq),
    Array.from({ length: appended }, (_, index) => index + 1),
    "positions",
  );
});

test("a purge spares a chat that is being restored, and a purged chat stays gone", async (stage) => {
  const ada = await stage.person();
  const owner = await stage.owner();
  const [restored, purged] = [await stage.chat(ada), await stage.chat(ada)];
  const [restorer, purger] = await stage.connections(2);
  const id = crypto.randomUUID();
  for (const chat of [restored, purged]) {
    await restorer.request(ada, APPEND_BATCH, chat, batch(["one", id], "two", "three"));
    await restorer.request(ada, DELETE, chat);
  }
  await owner.rows("update chatkeep.chats set deleted_at = now() - interval '40 days' where user_id = $1", ada.id);
  await restorer.begin(ada);
  await restorer.rows(RESTORE, restored);
  // The purge may wait for the restore or skip the chat. It must not remove the chat.
  const purging = background((async () => {
    for (;;) {
      const [{ rows }] = await purger.request(SERVICE, "select chatkeep.purge_chats(batch_size => 2) as rows");
      if (rows === 0) return;
    }
  })());
  await stage.waitsOrEnds(purger, restorer, purging);
  await restorer.commit();
  await purging;
  equal((await stage.stored(restored)).map((row) => row.content), ["one", "two", "three"], "the restored chat");
  equal(await stage.stored(purged), [], "the purged one");
  const [{ count }] = await owner.rows("select count(*)::int as count from chatkeep.chats where id = $1", purged);
  equal(count, 0, "its row");
  equal(await refused(restorer.request(ada, APPEND, purged, "one", id)), "PT404", "a late retry");
  equal((await restorer.request(ada, APPEND, restored, "one", id)).map((row) => row.seq), [1], "a retry in the other");
});

test("after any mix of deletes, restores and purges no message lacks its chat", async (stage) => {
  const owner = await stage.owner();
  const orphans = await owner.rows(
    `select m.id from chatkeep.messages m
     where not exists (select from chatkeep.chats c where c.id = m.chat_id and c.tenant_id = m.tenant_id)`,
  );
  equal(orphans, [], "orphans");
  const wrong = await owner.rows(
    `select c.id from chatkeep.chats c, lateral (
       select count(*) as messages, coalesce(max(m.seq), 0) as last from chatkeep.messages m
       where m.chat_id = c.id and m.tenant_id = c.tenant_id) held
     where c.message_count <> held.messages or c.last_seq <> held.last`,
  );
  equal(wrong, [], "chats that miscount");
});

// Shared chats beside other transactions: what a share allowed holds for a whole statement or not at all, and no call
// ends with an error that is not Chatkeep's own.

import { assert, equal } from "../journeys/assertions.ts";
import {
  APPEND,
  APPEND_BATCH,
  APPEND_STREAM,
  background,
  batch,
  type Caller,
  type Connection,
  NOBODY,
  numbers,
  type Outcome,
  outcome,
  type Person,
  refused,
  type Row,
  SERVICE,
  type Stage,
  test,
} from "./connections.ts";
import { wholeChat } from "./whole.ts";

const SHARE = "select id from chatkeep.share_chat($1, $2, permission => $3)";
const LINK = "select id, secret from chatkeep.share_chat($1, by_link => true)";
const REVOKE = "select id from chatkeep.revoke_share($1)";
const OPEN = "select messages from chatkeep.open_share($1)";
const LIST = "select content from chatkeep.list_messages($1, page_size => 2)";
const LIST_AFTER = "select content from chatkeep.list_messages($1, page_size => 2, after => $2)";
const FINISH = "select id from chatkeep.finish_message($1, $2, 'whole')";
const ATTACH = "select id from chatkeep.attach($1, $2, storage_path => 'x')";
const TRANSFER = "select user_id from chatkeep.transfer_chat($1, $2)";
const MOVE = "update chatkeep.memberships set tenant_id = gen_random_uuid() where user_id = $1";
const DISABLE = "update chatkeep.users set disabled_at = now() where id = $1";
const ERASE = "delete from auth.users where id = $1";

interface Shared {
  tenant: string;
  ada: Person;
  bob: Person;
  cyd: Person;
  /** Ada's chat with two messages. Bob may write. */
  chat: string;
  share: string;
  /** A message that Bob has begun. */
  stream: string;
}

async function shared(stage: Stage): Promise<Shared> {
  const tenant = crypto.randomUUID();
  const [ada, bob, cyd] = [await stage.person(tenant), await stage.person(tenant), await stage.person(tenant)];
  const chat = await stage.chat(ada);
  const connection = await stage.connection();
  await connection.request(ada, APPEND_BATCH, chat, batch("one", "two"));
  const [{ id: share }] = await connection.request(ada, SHARE, chat, bob.id, "write");
  const stream = crypto.randomUUID();
  await connection.request(bob, APPEND_STREAM, chat, stream);
  return { tenant, ada, bob, cyd, chat, share, stream };
}

/** The codes and messages with which Chatkeep itself refuses. Anything else is an error of the database that got out. */
function own({ code, message, hint }: Outcome, what: string): void {
  if (code === "accepted") return;
  assert(["PT404", "PT409", "PT410", "42501"].includes(code) && hint !== "", `${what}: ${code} ${message}`);
}

/** Fails unless the chat, if there still is one, is in order and its shares are of its owner and its tenant. */
async function inOrder(stage: Stage, chat: string, what: string): Promise<void> {
  const owner = await stage.owner();
  const stray = await owner.rows(
    `select s.id from chatkeep.chat_shares s left join chatkeep.chats c on c.id = s.chat_id and c.tenant_id = s.tenant_id
     where s.chat_id = $1 and ((c.user_id = s.user_id) is not true
       or (s.revoked_at is null and s.with_user_id is not null and not exists (
         select from chatkeep.memberships m where m.user_id = s.with_user_id and m.tenant_id = s.tenant_id)))`,
    chat,
  );
  equal(stray, [], `${what}: shares that are parted from their chat or from their reader`);
  if ((await owner.rows("select from chatkeep.chats where id = $1", chat)).length) await wholeChat(stage, chat, what);
}

async function authors(stage: Stage, chat: string): Promise<Row[]> {
  const owner = await stage.owner();
  return await owner.rows("select id, author_id, seq from chatkeep.messages where chat_id = $1 order by seq", chat);
}

/** The calls of a writer in a shared chat, and the number of messages that each adds. */
const writes = ({ chat, stream }: Shared): [call: string, added: number, ...values: unknown[]][] => [
  [APPEND, 1, chat, "late", crypto.randomUUID()],
  [APPEND_BATCH, 2, chat, batch("late", "later")],
  [APPEND_STREAM, 1, chat, crypto.randomUUID()],
  [FINISH, 0, chat, stream],
  [ATTACH, 0, chat, stream],
];

// Revocation ---------------------------------------------------------------------------------------

test("a reader who pages when the share is revoked gets no further page, in the same transaction too", async (stage) => {
  const { ada, bob, cyd, chat } = await shared(stage);
  const [reader, owner, visitor] = await stage.connections(3);
  const [{ id }] = await owner.request(ada, SHARE, chat, cyd.id, "read");
  const [{ id: link, secret }] = await owner.request(ada, LINK, chat);
  await reader.begin(cyd);
  equal((await reader.rows(LIST, chat)).length, 2, "the first page");
  await visitor.begin(NOBODY);
  equal((await visitor.rows(OPEN, secret))[0].messages.length, 3, "what the link shows");
  await owner.request(ada, REVOKE, id);
  await owner.request(ada, REVOKE, link);
  equal(await refused(reader.rows(LIST_AFTER, chat, "2020-01-01")), "PT404", "the next page");
  equal(await refused(visitor.rows(OPEN, secret)), "PT404", "the link, a second time");
  await Promise.all([reader.rollback(), visitor.rollback()]);
  equal(await refused(reader.request(cyd, LIST, chat)), "PT404", "a new transaction");
  equal((await reader.request(bob, LIST, chat)).length, 2, "the page of somebody else with a share");
  // A snapshot is older than the revocation: what it shows is what was shared then.
  const [{ id: again }] = await owner.request(ada, SHARE, chat, cyd.id, "read");
  await reader.begin(cyd, "isolation level repeatable read");
  equal((await reader.rows(LIST, chat)).length, 2, "the page of a snapshot");
  await owner.request(ada, REVOKE, again);
  const ended = await outcome(reader.rows(LIST, chat));
  own(ended, "a page of an old snapshot");
  await reader.rollback();
  equal(await refused(reader.request(cyd, LIST, chat)), "PT404", "after the snapshot");
});

/** The tables at which a call is stopped in the middle: a new index takes the same lock. */
const STOPS = ["chatkeep.messages", "chatkeep.attachments", "chatkeep.chats"];
/** What ends the rights of the writer, how the calls after it end, and whose statement it is. */
const ENDS: [name: string, end: (of: Shared, by: Connection) => Promise<unknown>][] = [
  ["the share is revoked", ({ ada, share }, by) => by.request(ada, REVOKE, share)],
  ["the writer is moved", ({ bob }, by) => by.request(SERVICE, MOVE, bob.id)],
  ["the writer is disabled", ({ bob }, by) => by.request(SERVICE, DISABLE, bob.id)],
];

for (const [name, end] of ENDS) {
  test(`${name} while the writer's call waits at any lock: the call stores all or nothing, and says so in Chatkeep's words`, async (stage) => {
    const [writer, ender] = await stage.connections(2);
    const holder = await stage.administrator();
    const wrong: string[] = [];
    for (const stop of ["the chat", ...STOPS]) {
      for (const place of numbers(5)) {
        const of = await shared(stage);
        const [call, added, ...values] = writes(of)[place - 1];
        const before = await authors(stage, of.chat);
        await holder.rows("begin");
        if (stop === "the chat") await holder.rows("select from chatkeep.chats where id = $1 for update", of.chat);
        else await holder.send(`lock table ${stop} in share mode`);
        const work = writer.request(of.bob, call, ...values);
        const ended = outcome(work);
        await stage.settles(writer, work);
        const ending = end(of, ender);
        await stage.settles(ender, ending);
        await holder.commit();
        await ending;
        const { code, message, hint, rows } = await ended;
        const what = `${call} stopped at ${stop}`;
        if (code !== "accepted" && (!["PT404", "42501"].includes(code) || !hint)) wrong.push(`${what}: ${code} ${message}`);
        const after = await authors(stage, of.chat);
        const grown = code === "accepted" ? added : 0;
        if (after.length !== before.length + grown) wrong.push(`${what}: ${after.length - before.length} new messages`);
        if (code === "accepted" && rows.length === 0) wrong.push(`${what}: accepted without a row`);
        await inOrder(stage, of.chat, what);
        own(await outcome(writer.request(of.bob, APPEND, of.chat, "x", crypto.randomUUID())), "a later append");
        equal((await authors(stage, of.chat)).length, after.length, `${what}: messages after a later append`);
      }
    }
    equal(wrong, [], "unexpected ends");
  });
}

test("a share that becomes one for reading ends the writer's call that waits for it", async (stage) => {
  const [writer, owner] = await stage.connections(2);
  for (const place of numbers(5)) {
    const of = await shared(stage);
    const [call, , ...values] = writes(of)[place - 1];
    const before = await authors(stage, of.chat);
    await owner.begin(of.ada);
    await owner.rows(SHARE, of.chat, of.bob.id, "read");
    const work = writer.request(of.bob, call, ...values);
    const ended = outcome(work);
    await stage.settles(writer, work);
    await owner.commit();
    const end = await ended;
    own(end, call);
    // finish_message needs no lock on the chat, so it may come before.
    assert(call === FINISH || end.code !== "accepted", `${call} was accepted`);
    equal((await authors(stage, of.chat)).length, before.length, `${call}: messages`);
    await inOrder(stage, of.chat, call);
  }
});

test("revocations beside writers under load: every append is stored whole or refused, and none once the revocation returned", async (stage) => {
  const { ada, bob, chat } = await shared(stage);
  const [owner, ...writers] = await stage.connections(4);
  const acknowledged = new Set<string>();
  const ends: Outcome[] = [];
  const late: string[] = [];
  // Whether a share may exist, and how many times that has changed.
  const now = { running: true, shared: true, changes: 0 };
  const writing = background(Promise.all(writers.map(async (writer, place) => {
    for (let round = 0; now.running; round++) {
      const ids = [crypto.randomUUID(), crypto.randomUUID()];
      const { shared, changes } = now;
      const end = await outcome(
        (place + round) % 2
          ? writer.request(bob, APPEND, chat, "x", ids[0])
          : writer.request(bob, APPEND_BATCH, chat, batch(["x", ids[0]], ["y", ids[1]])),
      );
      ends.push(end);
      if (end.code !== "accepted") continue;
      for (const row of end.rows) acknowledged.add(row.id);
      if (!shared && now.changes === changes) late.push(`an append between the changes ${changes} and ${changes + 1}`);
    }
  })));
  const more = async (what: string, list: { readonly size: number } | { readonly length: number }) => {
    const count = () => "size" in list ? list.size : list.length;
    const before = count();
    await stage.until(what, async (owner) => (await owner.rows("select"), count() > before + 5));
  };
  const change = (shared: boolean) => {
    now.shared = shared;
    now.changes++;
  };
  try {
    for (const _ of numbers(20)) {
      change(true);
      const [{ id }] = await owner.request(ada, SHARE, chat, bob.id, "write");
      await more("the writers write", acknowledged);
      await owner.request(ada, REVOKE, id);
      change(false);
      await more("the writers are refused", ends);
    }
  } finally {
    now.running = false;
  }
  await writing;
  for (const end of ends) own(end, "an append");
  equal(late, [], "appends that began after a revocation returned");
  const stored = await authors(stage, chat);
  const ofBob = new Set(stored.filter((row) => row.author_id === bob.id).map((row) => row.id));
  equal([...acknowledged].filter((id) => !ofBob.has(id)), [], "acknowledged messages that are lost");
  // The stream of the scene is the only message that no writer of this test was told of.
  equal(ofBob.size, acknowledged.size + 1, "messages of Bob");
  await inOrder(stage, chat, "after all");
});

test("a share that expires in the middle of a transaction ends at the next statement, and in the middle of a call not at all", async (stage) => {
  const of = await shared(stage);
  const { ada, bob, chat, share } = of;
  const [writer, owner] = await stage.connections(2);
  const administrator = await stage.administrator();
  // `expires` sets the end of the share shortly after now, `expired` awaits it by the server's clock.
  const expires = () =>
    owner.request(
      SERVICE,
      "update chatkeep.chat_shares set expires_at = clock_timestamp() + interval '300 ms' where id = $1",
      share,
    );
  const expired = () =>
    stage.until("the share expires", async (owner) =>
      (await owner.rows("select expires_at < clock_timestamp() as over from chatkeep.chat_shares where id = $1", share))[0].over);
  await writer.begin(bob);
  await writer.rows(LIST, chat);
  await expires();
  await expired();
  equal(await refused(writer.rows(LIST, chat)), "PT404", "a page after the end");
  await writer.rollback();
  for (const [call, , ...values] of writes(of)) {
    await owner.request(ada, SHARE, chat, bob.id, "write");
    await administrator.rows("begin");
    await administrator.rows("select from chatkeep.chats where id = $1 for update", chat);
    await administrator.send("lock table chatkeep.attachments in share mode");
    await expires();
    const work = writer.request(bob, call, ...values);
    const ended = outcome(work);
    await stage.settles(writer, work);
    await expired();
    await administrator.commit();
    own(await ended, `${call} over the end of its share`);
    await inOrder(stage, chat, call);
    equal(await refused(writer.request(bob, APPEND, chat, "x", crypto.randomUUID())), "PT404", "an append after the end");
  }
});

// Several writers ----------------------------------------------------------------------------------

test("the owner, two writers and a service append at once: one order without a gap, every author right", async (stage) => {
  const { ada, bob, cyd, chat } = await shared(stage);
  const clients = await stage.connections(6);
  await clients[0].request(ada, SHARE, chat, cyd.id, "write");
  const callers: (Person | Caller)[] = [ada, bob, cyd, SERVICE, bob, cyd];
  const expected = new Map<string, string | null>();
  await Promise.all(clients.map(async (client, place) => {
    const caller = callers[place];
    for (const round of numbers(25)) {
      const ids = [crypto.randomUUID(), crypto.randomUUID()];
      const [call, ...values]: [string, ...unknown[]] = round % 3
        ? [APPEND, chat, "x", ids[0]]
        : [APPEND_BATCH, chat, batch(["x", ids[0]], ["y", ids[1]])];
      const rows = await client.request(caller, call, ...values);
      // A retry answers with the same row.
      equal((await client.request(caller, call, ...values))[0].seq, rows[0].seq, "the seq of a retry");
      for (const row of rows) expected.set(row.id, "id" in caller ? caller.id : null);
    }
  }));
  const stored = await authors(stage, chat);
  equal(stored.length, expected.size + 3, "messages");
  equal(
    stored.filter((row) => expected.has(row.id) && expected.get(row.id) !== row.author_id),
    [],
    "messages with a wrong author",
  );
  await inOrder(stage, chat, "after all");
});

// Sharing ------------------------------------------------------------------------------------------

test("of two shares with the same person at once there is one, with what was said last", async (stage) => {
  const { tenant, ada, chat } = await shared(stage);
  const [one, two] = await stage.connections(2);
  for (const [first, second] of [["read", "write"], ["write", "read"]]) {
    for (const caller of [ada, SERVICE]) {
      const eve = await stage.person(tenant);
      await one.begin(ada);
      const [{ id }] = await one.rows(SHARE, chat, eve.id, first);
      const sharing = two.request(caller, SHARE, chat, eve.id, second);
      await stage.waits(two, one, sharing);
      await one.commit();
      equal(await sharing, [{ id }], "the share");
      const owner = await stage.owner();
      equal(
        await owner.rows("select permission from chatkeep.chat_shares where with_user_id = $1 and revoked_at is null", eve.id),
        [{ permission: second }],
        "the shares with one person",
      );
    }
  }
  // Revoked while it is shared again: the share that was revoked stays revoked, and there is a new one or none.
  const eve = await stage.person(tenant);
  const [{ id }] = await one.request(ada, SHARE, chat, eve.id, "read");
  await one.begin(ada);
  await one.rows(REVOKE, id);
  const sharing = two.request(ada, SHARE, chat, eve.id, "write");
  await stage.settles(two, sharing);
  await one.commit();
  const [{ id: again }] = await sharing;
  assert(again !== id, "a revoked share came back");
  equal((await two.request(eve, LIST, chat)).length, 2, "the page through the new share");
});

test("the owner is disabled while share_chat waits at any lock: a share or a refusal in Chatkeep's words", async (stage) => {
  const [sharer, ender] = await stage.connections(2);
  const holder = await stage.administrator();
  const calls = ({ chat, bob, cyd }: Shared): [string, ...unknown[]][] => [
    [SHARE, chat, bob.id, "read"],
    [SHARE, chat, cyd.id, "read"],
    [LINK, chat],
    ["select id from chatkeep.share_chat($1, with_tenant => true)", chat],
  ];
  for (const stop of ["the chat", "chatkeep.chat_shares", "the new share"]) {
    for (const place of calls(await shared(stage)).keys()) {
      const of = await shared(stage);
      const [call, ...values] = calls(of)[place];
      const what = `${call} stopped at ${stop}`;
      const owner = await stage.owner();
      const shares = async () =>
        (await owner.rows("select id from chatkeep.chat_shares where chat_id = $1 and revoked_at is null", of.chat)).length;
      const before = await shares();
      await holder.rows("begin");
      if (stop === "the chat") await holder.rows("select from chatkeep.chats where id = $1 for update", of.chat);
      else if (stop === "the new share") await holder.rows("select from chatkeep.memberships where user_id = $1 for update", of.cyd.id);
      else await holder.send(`lock table ${stop} in share mode`);
      const work = sharer.request(of.ada, call, ...values);
      const ended = outcome(work);
      await stage.settles(sharer, work);
      const ending = ender.request(SERVICE, DISABLE, of.ada.id);
      await stage.settles(ender, ending);
      await holder.commit();
      await ending;
      const end = await ended;
      own(end, what);
      equal(end.rows.length, end.code === "accepted" ? 1 : 0, `${what}: rows`);
      if (end.code !== "accepted") equal(await shares(), before, `${what}: shares`);
      await inOrder(stage, of.chat, what);
    }
  }
});

// Changes of people --------------------------------------------------------------------------------

const CHANGES: [name: string, change: string, values: (of: Shared) => unknown[]][] = [
  ["the chat goes to somebody else", TRANSFER, ({ chat, cyd }) => [chat, cyd.id]],
  ["the chat goes to the writer", TRANSFER, ({ chat, bob }) => [chat, bob.id]],
  ["all of the owner goes to the writer", "select from chatkeep.transfer_all($1, $2)", ({ ada, bob }) => [ada.id, bob.id]],
  ["the owner is moved", MOVE, ({ ada }) => [ada.id]],
  ["the writer is moved", MOVE, ({ bob }) => [bob.id]],
  ["the owner is erased", ERASE, ({ ada }) => [ada.id]],
  ["the writer is erased", ERASE, ({ bob }) => [bob.id]],
  ["the owner is disabled", DISABLE, ({ ada }) => [ada.id]],
  ["the writer leaves the tenant", "delete from chatkeep.memberships where user_id = $1", ({ bob }) => [bob.id]],
];

/** Calls beside the changes: the writer's, and those of the owner on shares. */
const beside = (of: Shared): [by: Person, call: string, ...values: unknown[]][] => [
  ...writes(of).map(([call, , ...values]): [Person, string, ...unknown[]] => [of.bob, call, ...values]),
  [of.bob, LIST, of.chat],
  [of.ada, SHARE, of.chat, of.bob.id, "read"],
  [of.ada, SHARE, of.chat, of.cyd.id, "write"],
  [of.ada, LINK, of.chat],
  [of.ada, REVOKE, of.share],
];

/** Whose rights the change ends or keeps is told by the policies; here the calls and the change must end well. */
for (const [name, change, values] of CHANGES) {
  test(`${name} beside every call on a shared chat, in both orders: no deadlock, no raw error, all in order`, async (stage) => {
    const caller = await stage.connection();
    const administrator = await stage.administrator();
    for (const place of beside(await shared(stage)).keys()) {
      for (const callFirst of [true, false]) {
        const of = await shared(stage);
        const [by, call, ...given] = beside(of)[place];
        const what = `${call}, ${callFirst ? "the call" : "the change"} first`;
        if (callFirst) {
          await caller.begin(by);
          const called = await outcome(caller.rows(call, ...given));
          equal([called.code, called.message], ["accepted", ""], what);
          const work = administrator.rows(change, ...values(of));
          const changed = outcome(work);
          await stage.settles(administrator, work);
          await caller.commit();
          const end = await changed;
          equal([end.code, end.message], ["accepted", ""], `the change, ${what}`);
        } else {
          await administrator.rows("begin");
          await administrator.rows(change, ...values(of));
          const work = caller.request(by, call, ...given);
          const called = outcome(work);
          await stage.settles(caller, work);
          await administrator.commit();
          own(await called, what);
        }
        await inOrder(stage, of.chat, what);
        // Whatever came first, the former share ends with the change of hands.
        if (change === TRANSFER || change === MOVE) {
          const owner = await stage.owner();
          const [{ live }] = await owner.rows(
            "select count(*)::int as live from chatkeep.chat_shares where id = $1 and revoked_at is null",
            of.share,
          );
          equal(live, 0, `${what}: the share of before`);
        }
      }
    }
  });
}

test("a deletion of the chat hides it from a reader's list and page at once", async (stage) => {
  const { ada, bob, chat } = await shared(stage);
  const [reader, owner] = await stage.connections(2);
  const MINE = "select chat_id from chatkeep.shared_with_me";
  const [{ secret }] = await owner.request(ada, LINK, chat);
  await reader.begin(bob);
  equal(await reader.rows(MINE), [{ chat_id: chat }], "the list before");
  await owner.begin(ada);
  await owner.rows("select from chatkeep.delete_chat($1)", chat);
  equal(await reader.rows(MINE), [{ chat_id: chat }], "the list while the deletion is open");
  equal((await reader.rows(LIST, chat)).length, 2, "the page while the deletion is open");
  await owner.commit();
  equal(await reader.rows(MINE), [], "the list after");
  equal(await refused(reader.rows(LIST, chat)), "PT404", "the page after");
  await reader.rollback();
  equal(await refused(reader.request(NOBODY, OPEN, secret)), "PT404", "the link after");
  equal(await refused(reader.request(bob, APPEND, chat, "x", crypto.randomUUID())), "PT404", "an append after");
  // An append that waits for the deletion.
  await owner.request(ada, "select from chatkeep.restore_chat($1)", chat);
  await owner.begin(ada);
  await owner.rows("select from chatkeep.delete_chat($1)", chat);
  const work = reader.request(bob, APPEND, chat, "x", crypto.randomUUID());
  const ended = outcome(work);
  await stage.waits(reader, owner, work);
  await owner.commit();
  const end = await ended;
  own(end, "an append that waits for the deletion");
  assert(end.code !== "accepted", "an append to a deleted chat");
  await inOrder(stage, chat, "after the deletion");
});

test("transfers, moves and revocations under load beside owners, writers and readers: no deadlock, no raw error", async (stage) => {
  const { tenant, ada, bob, cyd, chat } = await shared(stage);
  const people = [ada, bob, cyd];
  const clients = await stage.connections(5);
  const [service, mover] = await stage.connections(2);
  const administrator = await stage.administrator();
  const ends: [string, Outcome][] = [];
  const running = { yes: true };
  const acknowledged = new Set<string>();
  const working = background(Promise.all(clients.map(async (client, place) => {
    for (let round = place; running.yes; round++) {
      const [by, other] = [people[round % 3], people[(round + 1) % 3]];
      const id = crypto.randomUUID();
      const calls: [string, ...unknown[]][] = [
        [APPEND, chat, "x", id],
        [SHARE, chat, other.id, "write"],
        [APPEND_BATCH, chat, batch(["x", id])],
        [LIST, chat],
        [LINK, chat],
      ];
      const call = calls[(round * 7 + place) % calls.length];
      const end = await outcome(client.request(by, ...call));
      ends.push([call[0], end]);
      if (end.code === "accepted" && [APPEND, APPEND_BATCH].includes(call[0])) acknowledged.add(id);
      if (end.code === "accepted" && call[0] === LINK) {
        ends.push([REVOKE, await outcome(client.request(by, REVOKE, end.rows[0].id))]);
      }
    }
  })));
  const owner = await stage.owner();
  const transferring = (async () => {
    for (const round of numbers(40)) {
      ends.push([TRANSFER, await outcome(service.request(SERVICE, TRANSFER, chat, people[round % 3].id))]);
    }
  })();
  const moving = (async () => {
    for (const round of numbers(20)) {
      const { id } = people[round % 3];
      // To another tenant and back.
      for (const to of [crypto.randomUUID(), tenant]) {
        const move = "update chatkeep.memberships set tenant_id = $2 where user_id = $1";
        await administrator.rows("insert into chatkeep.tenants (id) values ($1) on conflict do nothing", to);
        ends.push([move, await outcome(mover.request(SERVICE, move, id, to))]);
      }
    }
  })();
  try {
    await Promise.all([transferring, moving]);
  } finally {
    running.yes = false;
  }
  await working;
  for (const [call, end] of ends) own(end, call);
  const stored = new Set((await authors(stage, chat)).map((row) => row.id));
  equal([...acknowledged].filter((id) => !stored.has(id)), [], "acknowledged messages that are lost");
  await inOrder(stage, chat, "after all");
  const [{ doubled }] = await owner.rows(
    `select count(*)::int as doubled from (
       select from chatkeep.chat_shares where chat_id = $1 and revoked_at is null and with_tenant_id is not null
       group by with_tenant_id, with_user_id having count(*) > 1) d`,
    chat,
  );
  equal(doubled, 0, "people with two live shares");
});

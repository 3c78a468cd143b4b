// Memberships that change while their people work: a removal holds at the next statement, and a tenant keeps an owner.

import { equal } from "../journeys/assertions.ts";
import { type Connection, outcome, type Person, SERVICE, type Stage, test } from "./connections.ts";

const ROLE = "select role from chatkeep.set_member_role($1, $2, $3)";
const REMOVE = "select disabled_at from chatkeep.remove_member($1, $2)";
const APPEND = "select seq from chatkeep.append_message($1, 'user', 'x')";

/** A tenant with two owners. */
async function owners(stage: Stage, service: Connection): Promise<[tenant: string, ada: Person, ben: Person]> {
  const tenant = crypto.randomUUID();
  const [ada, ben] = [await stage.person(tenant), await stage.person(tenant)];
  for (const { id } of [ada, ben]) await service.request(SERVICE, ROLE, tenant, id, "owner");
  return [tenant, ada, ben];
}

test("of two owners who step down at once, or who demote or remove each other, one stays", async (stage) => {
  const [one, other, service] = await stage.connections(3);
  const changes: [what: string, statement: string, byOther: boolean, ...values: unknown[]][] = [
    ["step down", ROLE, false, "member"],
    ["demote each other", ROLE, true, "admin"],
    ["leave", REMOVE, false],
    ["remove each other", REMOVE, true],
  ];
  for (const [what, statement, byOther, ...values] of changes) {
    for (let round = 0; round < 15; round++) {
      const [tenant, ada, ben] = await owners(stage, service);
      const ended = await Promise.all([
        outcome(one.request(ada, statement, tenant, byOther ? ben.id : ada.id, ...values)),
        outcome(other.request(ben, statement, tenant, byOther ? ada.id : ben.id, ...values)),
      ]);
      const owner = await stage.owner();
      const left = await owner.rows(
        "select from chatkeep.memberships where tenant_id = $1 and role = 'owner' and is_enabled",
        tenant,
      );
      equal(left.length, 1, `owners left after two who ${what}, of ${JSON.stringify(ended.map(({ code }) => code))}`);
      const refused = ended.filter(({ code }) => code !== "accepted");
      equal(refused.length, 1, `refusals of two who ${what}`);
      if (!["PT409", "PT404", "42501"].includes(refused[0].code)) {
        throw new Error(`two who ${what}: ${refused[0].code} ${refused[0].message}`);
      }
    }
  }
});

test("a removal waits for a call of the member, and the next call is refused", async (stage) => {
  const [caller, service] = await stage.connections(2);
  const tenant = crypto.randomUUID();
  const [ada, ben] = [await stage.person(tenant), await stage.person(tenant)];
  await service.request(SERVICE, ROLE, tenant, ada.id, "owner");
  // A first call takes the lock on the membership, and keeps it until its transaction ends.
  await caller.begin(ben);
  const [{ id: chat }] = await caller.rows("select id from chatkeep.create_chat()");
  const removal = service.request(ada, REMOVE, tenant, ben.id);
  await stage.waits(service, caller, removal);
  await caller.rows(APPEND, chat);
  await caller.commit();
  await removal;
  const owner = await stage.owner();
  equal((await owner.rows("select from chatkeep.messages where chat_id = $1", chat)).length, 1, "messages of the chat");
  equal((await outcome(caller.request(ben, APPEND, chat))).code, "PT404", "an append after the removal");
  equal((await outcome(caller.request(ben, "select chatkeep.create_chat()"))).code, "42501", "a new chat after it");
});

test("in an open transaction the next statement sees the removal, and what was read stays read", async (stage) => {
  const [caller, service] = await stage.connections(2);
  const tenant = crypto.randomUUID();
  const [ada, ben] = [await stage.person(tenant), await stage.person(tenant)];
  await service.request(SERVICE, ROLE, tenant, ada.id, "owner");
  const chat = await stage.chat(ben);
  await caller.begin(ben);
  equal((await caller.rows("select id from chatkeep.chats")).map((row) => row.id), [chat], "chats before");
  await service.request(ada, REMOVE, tenant, ben.id);
  equal(await caller.rows("select id from chatkeep.chats"), [], "chats in the next statement");
  equal(await caller.rows("select chatkeep.tenant_id()"), [{ tenant_id: null }], "the tenant in the next statement");
  await caller.commit();
});

test("a person who is disabled while an owner adds them stays disabled", async (stage) => {
  const [one, service] = await stage.connections(2);
  const [tenant, elsewhere] = [crypto.randomUUID(), crypto.randomUUID()];
  const [ada, ben] = [await stage.person(tenant), await stage.person(elsewhere)];
  await one.request(SERVICE, ROLE, tenant, ada.id, "owner");
  await service.begin(SERVICE);
  await service.rows("update chatkeep.users set disabled_at = now() where id = $1", ben.id);
  const adding = one.request(ada, "select is_enabled from chatkeep.add_member($1, $2)", tenant, ben.id);
  const ended = outcome(adding);
  await stage.waits(one, service, adding);
  await service.commit();
  equal((await ended).code, "PT404", "how the call of the owner ended");
  const owner = await stage.owner();
  const enabled = await owner.rows("select from chatkeep.memberships where user_id = $1 and is_enabled", ben.id);
  equal(enabled, [], "enabled memberships");
});

test("first uses of one person at once make one membership", async (stage) => {
  const clients = await stage.connections(6);
  for (let round = 0; round < 10; round++) {
    const ada = await stage.person();
    const ended = await Promise.all(clients.map((client) => outcome(client.request(ada, "select chatkeep.create_chat()"))));
    equal(ended.map(({ code, message }) => [code, message]), clients.map(() => ["accepted", ""]), "first uses");
    const owner = await stage.owner();
    const rows = await owner.rows("select tenant_id, role, is_home from chatkeep.memberships where user_id = $1", ada.id);
    equal(rows, [{ tenant_id: ada.id, role: "owner", is_home: true }], "memberships");
  }
});

// Sessions as a server uses them: it rotates and validates without a signed-in user, by possession of the token.

import { assert, columns, equal, ok } from "./assertions.ts";
import { anonymous, type Client, service, signUp } from "./people.ts";

const STATUS = ["expires_at", "generation", "idle_expires_at", "session_id", "status", "tenant_id", "user_id"];
const TOKEN = [...STATUS, "token"].sort();

/**
 * The row of rotate_session or validate_session. A refusal comes as a row under HTTP 401, and supabase-js hands
 * over the body of a 401 as its error.
 */
// deno-lint-ignore no-explicit-any
async function present(client: Client, call: string, token: string | null): Promise<any> {
  const { data, error, status } = await client.rpc(call, { token });
  const rows = data ?? error;
  assert(
    Array.isArray(rows) && rows.length === 1,
    `${call} of ${token?.slice(0, 12)}: HTTP ${status} ${JSON.stringify(rows)}`,
  );
  const [row] = rows;
  const good = ["rotated", "replayed", "valid"].includes(row.status);
  equal(status, good ? 200 : 401, `HTTP status of ${row.status}`);
  return row;
}

Deno.test("create_session returns a token once, and rotate_session and validate_session accept it", async () => {
  const ada = await signUp();
  const session = ok(
    await ada.db.rpc("create_session", { user_agent: "test", ip: "192.0.2.7", ttl: "1 hour", idle_ttl: "10 minutes" })
      .single(),
  );
  equal(columns(session), TOKEN, "columns of create_session");
  equal([session.status, session.user_id, session.generation], ["created", ada.id, 0], "the session");
  assert(/^cks_[A-Za-z0-9_-]{70}$/.test(session.token), "the token does not have the form of a token");

  const anon = anonymous();
  const valid = await present(anon, "validate_session", session.token);
  equal(columns(valid), STATUS, "columns of validate_session");
  equal([valid.status, valid.session_id], ["valid", session.session_id], "the validation");
  const rotated = await present(anon, "rotate_session", session.token);
  equal(columns(rotated), TOKEN, "columns of rotate_session");
  equal([rotated.status, rotated.generation, rotated.session_id], ["rotated", 1, session.session_id], "the rotation");
  assert(rotated.token !== session.token, "the rotated token is the old one");

  const listed = ok(await ada.db.from("sessions").select("id, user_agent, ip, revoked_at"));
  equal(
    listed,
    [{ id: session.session_id, user_agent: "test", ip: "192.0.2.7", revoked_at: null }],
    "the owner's sessions",
  );
});

Deno.test("after a lost response a rotation returns the identical token", async () => {
  const ada = await signUp();
  const anon = anonymous();
  const { token } = ok(await ada.db.rpc("create_session").single());
  const rotated = await present(anon, "rotate_session", token);
  const replayed = await present(anon, "rotate_session", token);
  equal([replayed.status, replayed.token, replayed.generation], ["replayed", rotated.token, 1], "the replay");
});

Deno.test("simultaneous rotations from many tabs return the same token", async () => {
  const ada = await signUp();
  const anon = anonymous();
  const { token } = ok(await ada.db.rpc("create_session").single());
  const rows = await Promise.all(Array.from({ length: 8 }, () => present(anon, "rotate_session", token)));
  equal(new Set(rows.map((row) => row.token)).size, 1, "different tokens");
  equal(rows.filter((row) => row.status === "rotated").length, 1, "rotations");
});

Deno.test("a spent token revokes the session for good", async () => {
  const ada = await signUp();
  const anon = anonymous();
  const { token, session_id } = ok(await ada.db.rpc("create_session").single());
  const second = await present(anon, "rotate_session", token);
  const third = await present(anon, "rotate_session", second.token);
  const spent = await present(anon, "rotate_session", token);
  equal([spent.status, spent.token], ["reuse_detected", null], "the spent token");
  for (const call of ["rotate_session", "validate_session"]) {
    equal((await present(anon, call, third.token)).status, "revoked", `${call} of the newest token`);
  }
  const row = ok(await ada.db.from("sessions").select("revoked_at, revoked_reason").eq("id", session_id).single());
  assert(row.revoked_at !== null && row.revoked_reason !== null, "the row does not say that the session was revoked");
});

Deno.test("the use of a successor ends the grace", async () => {
  const ada = await signUp();
  const anon = anonymous();
  const { token } = ok(await ada.db.rpc("create_session").single());
  const successor = await present(anon, "rotate_session", token);
  equal((await present(anon, "validate_session", successor.token)).status, "valid", "the successor");
  equal((await present(anon, "rotate_session", token)).status, "reuse_detected", "the token before it");
});

Deno.test("any text that is not a token is invalid", async () => {
  const ada = await signUp();
  const { token } = ok(await ada.db.rpc("create_session").single());
  const changed = token.slice(0, 10) + (token[10] === "A" ? "B" : "A") + token.slice(11);
  for (
    const presented of ["", "nonsense", "cks_", changed, token.slice(0, -1), `${token}A`, "x".repeat(10_000), null]
  ) {
    for (const call of ["rotate_session", "validate_session"]) {
      equal((await present(anonymous(), call, presented)).status, "invalid", `${call} of ${presented?.slice(0, 12)}`);
    }
  }
  equal((await present(anonymous(), "validate_session", token)).status, "valid", "the true token afterwards");
});

Deno.test("max_sessions revokes the oldest", async () => {
  const ada = await signUp();
  const open = async () => ok(await ada.db.rpc("create_session", { max_sessions: 2 }).single()).token;
  const tokens = [await open(), await open(), await open()];
  const statuses = [];
  for (const token of tokens) statuses.push((await present(anonymous(), "validate_session", token)).status);
  equal(statuses, ["revoked", "valid", "valid"], "the three sessions");
});

Deno.test("a service creates a session for a user whom it names", async () => {
  const ada = await signUp();
  const session = ok(await service().rpc("create_session", { user_id: ada.id }).single());
  equal([session.status, session.user_id], ["created", ada.id], "the session");
  equal(ok(await ada.db.from("sessions").select("id")), [{ id: session.session_id }], "the user's sessions");
});

Deno.test("the owner of a session can neither read its secrets nor change its row", async () => {
  const ada = await signUp();
  const { session_id, token } = ok(await ada.db.rpc("create_session").single());
  const { error } = await ada.db.from("sessions").select("session_token");
  equal(error?.code, "42501", "reading session_token");
  for (const change of [{ expires_at: "2100-01-01" }, { user_id: crypto.randomUUID() }, { aal: "aal2" }]) {
    await ada.db.from("sessions").update(change).eq("id", session_id);
  }
  const row = await present(anonymous(), "validate_session", token);
  equal([row.status, row.user_id], ["valid", ada.id], "the session afterwards");
  const left = ok(await ada.db.from("sessions").select("expires_at, aal").eq("id", session_id).single());
  assert(!left.expires_at.startsWith("2100") && left.aal !== "aal2", "the owner changed the session's row");
});

Deno.test("a user lists their sessions, and ends one, the others and all", async () => {
  const ada = await signUp();
  const anon = anonymous();
  const open = async (user_agent: string) => ok(await ada.db.rpc("create_session", { user_agent }).single());
  const [phone, laptop, tablet] = [await open("phone"), await open("laptop"), await open("tablet")];
  const listed = async () =>
    ok(await ada.db.from("my_sessions").select("user_agent, status, revoked_reason").order("created_at"));
  equal((await listed()).map((row: { status: string }) => row.status), ["active", "active", "active"], "statuses");

  const ended = ok(await ada.db.rpc("revoke_session", { session_id: phone.session_id }).single());
  equal([ended.id, ended.status, ended.revoked_reason], [phone.session_id, "revoked", "logout"], "the ended session");
  assert(!("session_token" in ended), "the row of a session shows its digest");
  equal((await present(anon, "rotate_session", phone.token)).status, "revoked", "its token");

  const others = ok(await ada.db.rpc("revoke_other_sessions", { token: laptop.token }).single());
  equal(others, { status: "valid", session_id: laptop.session_id, revoked: 1 }, "the answer of revoke_other_sessions");
  equal((await present(anon, "validate_session", tablet.token)).status, "revoked", "another token");
  equal((await present(anon, "validate_session", laptop.token)).status, "valid", "the kept token");

  const all = ok(await ada.db.rpc("revoke_all_sessions"));
  equal(all.map((row: { id: string }) => row.id), [laptop.session_id], "the sessions that were left");
  equal((await listed()).map((row: { status: string }) => row.status), ["revoked", "revoked", "revoked"], "at the end");
});

Deno.test("users and services cannot end, raise or purge sessions of others", async () => {
  const [ada, ben] = [await signUp(), await signUp()];
  const { session_id, token } = ok(await ada.db.rpc("create_session").single());
  const refusals = [
    [ben.db, "revoke_session", { session_id }, "PT404", 404],
    [ben.db, "revoke_session", {}, "PGRST202", 404],
    [ben.db, "revoke_all_sessions", { user_id: ada.id }, "42501", 403],
    [ben.db, "elevate_session", { token, aal: "aal2" }, "42501", 403],
    [ada.db, "elevate_session", { token, aal: "aal3" }, "42501", 403],
    [ada.db, "elevate_session", { token, aal: "gold" }, "22023", 400],
    [ada.db, "purge_sessions", {}, "42501", 403],
    [anonymous(), "revoke_other_sessions", { token }, "42501", 401],
  ] as const;
  for (const [client, call, values, code, http] of refusals) {
    const { error, status } = await client.rpc(call, values);
    equal([error?.code, status], [code, http], `${call} ${JSON.stringify(values).replaceAll(token, "TOKEN")}`);
    assert(!JSON.stringify(error).includes(token), `${call} repeats the token`);
  }
  equal((await present(anonymous(), "validate_session", token)).status, "valid", "the token afterwards");
  const raised = ok(await service().rpc("elevate_session", { token, aal: "aal2" }).single());
  equal(raised.status, "valid", "the answer of elevate_session to a service");
  equal(ok(await ada.db.from("my_sessions").select("aal").single()), { aal: "aal2" }, "the level of the session");
});

Deno.test("other users do not see a session", async () => {
  const [ada, ben] = [await signUp(), await signUp()];
  const { session_id } = ok(await ada.db.rpc("create_session").single());
  for (const stranger of [ben.db, anonymous()]) {
    equal(ok(await stranger.from("sessions").select("id").eq("id", session_id)), [], "sessions that a stranger reads");
  }
});

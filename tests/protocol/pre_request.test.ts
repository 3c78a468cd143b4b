// Sessions that guard the Data API, through a gateway that calls pre_request before every request.

import { equal, ok } from "../journeys/assertions.ts";
import { bearing, carrying, type Client, newChat, type Person, service, signUp } from "../journeys/people.ts";
import { callsPreRequest, said, signed } from "./gateway.ts";

function guarded(name: string, play: () => Promise<void>) {
  if (callsPreRequest) Deno.test(name, play);
}

const header = (token: string) => carrying({ "x-chatkeep-session": token });
const cookie = (token: string, more: Record<string, string> = {}) =>
  carrying({ cookie: `theme=dark; __Host-chatkeep=${token}`, ...more });

async function session(person: Person): Promise<{ token: string; session_id: string }> {
  return ok(await person.db.rpc("create_session").single());
}

/** The ids of the chats that a client reads. */
async function chats(client: Client): Promise<string[]> {
  return ok(await client.from("chats").select("id")).map(({ id }: { id: string }) => id);
}

/** The refusal of a read and of a write. */
async function refusals(client: Client): Promise<unknown[]> {
  return [await client.from("chats").select("id"), await client.rpc("create_chat")].map((answer) => {
    const { status, code, message } = said(answer);
    return [status, code, message];
  });
}

guarded("a token in the header signs in, for reads and calls, until its session is revoked", async () => {
  const ada = await signUp();
  const chat = await newChat(ada);
  const { token, session_id } = await session(ada);
  const device = header(token);
  equal(await chats(device), [chat], "the chats");
  ok(await device.rpc("append_message", { chat_id: chat, role: "user", content: "hello" }));
  const [{ user_id }] = ok(await device.rpc("list_messages", { chat_id: chat }));
  equal(user_id, ada.id, "the author");
  ok(await device.from("chats").update({ title: "by a session" }).eq("id", chat));
  equal(ok(await device.from("my_sessions").select("id").eq("is_current", true)), [{ id: session_id }], "this session");
  ok(await ada.db.rpc("revoke_session", { session_id }));
  const refusal = [401, "PT401", "x-chatkeep-session holds a token that is revoked"];
  equal(await refusals(device), [refusal, refusal], "after the revocation");
  equal(await chats(ada.db), [chat], "the JWT of the auth server lives on");
});

guarded("a session can end itself, and a rotation replaces its token", async () => {
  const ada = await signUp();
  const { token, session_id } = await session(ada);
  const next = ok(await carrying({}).rpc("rotate_session", { token }).single()).token;
  equal(await chats(header(next)), [], "the successor");
  ok(await header(next).rpc("revoke_session", { session_id }));
  equal(
    (await refusals(header(next)))[0],
    [401, "PT401", "x-chatkeep-session holds a token that is revoked"],
    "afterwards",
  );
});

guarded("a cookie signs in only beside the header that no form can send", async () => {
  const ada = await signUp();
  const chat = await newChat(ada);
  const { token } = await session(ada);
  equal(await chats(cookie(token, { "x-chatkeep-request": "1" })), [chat], "with the header");
  const others: Record<string, string>[] = [{}, { "x-requested-with": "XMLHttpRequest" }, {
    origin: "https://evil.example",
  }];
  for (const more of others) {
    equal(said(await cookie(token, more).from("chats").select("id")).code, "42501", `with ${JSON.stringify(more)}`);
  }
});

guarded("a JWT ends with the session that it names", async () => {
  const ada = await signUp();
  const chat = await newChat(ada);
  const { session_id } = await session(ada);
  const jwt = bearing(
    await signed({ role: "authenticated", sub: ada.id, session_id, exp: Math.floor(Date.now() / 1000) + 600 }),
  );
  equal(await chats(jwt), [chat], "while the session lives");
  ok(await ada.db.rpc("revoke_session", { session_id }));
  const refusal = [401, "PT401", "session_id of the JWT names a session that is revoked"];
  equal(await refusals(jwt), [refusal, refusal], "after the revocation");
});

guarded("requests without a session are as they were, and a bad token is refused", async () => {
  const ada = await signUp();
  const chat = await newChat(ada);
  equal(await chats(ada.db), [chat], "a JWT of the auth server");
  equal(ok(await service().from("chats").select("id").eq("id", chat)), [{ id: chat }], "the service");
  equal(said(await carrying({}).from("chats").select("id")).code, "42501", "nobody");
  const refusal = [401, "PT401", "x-chatkeep-session holds a token that is invalid"];
  equal(await refusals(header("cks_nonsense")), [refusal, refusal], "text that is no token");
  const [eve, ben] = [await signUp(), await signUp()];
  const { token } = await session(ben);
  const both = await eve.db.from("chats").select("id").setHeader("x-chatkeep-session", token);
  equal(
    said(both).message,
    "x-chatkeep-session holds a token of another user than the JWT",
    "a token of somebody else",
  );
});

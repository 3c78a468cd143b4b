// A user whom another provider signs in, through supabase-js and the gateway.

import { equal, ok } from "../journeys/assertions.ts";
import { bearing, service } from "../journeys/people.ts";
import { said, same, signed } from "./gateway.ts";

const hour = () => Math.floor(Date.now() / 1000) + 3600;

Deno.test("a user of a registered issuer signs in with any sub, and a user of another issuer is told how to register it", async () => {
  const issuer = `https://${crypto.randomUUID()}.clerk.example.com`;
  const claims = { iss: issuer, role: "authenticated", exp: hour() };
  const ada = bearing(await signed({ ...claims, sub: "user_2abcDEF" }));
  const refused = said(await ada.rpc("create_chat"));
  equal([refused.code, refused.message], ["42501", `the issuer ${issuer} is not registered`], "before the registration");
  equal(
    refused.hint,
    `Run as service_role: insert into chatkeep.identity_providers (issuer, name) values ('${issuer}', 'a name');`,
    "the hint",
  );
  ok(await service().from("identity_providers").insert({ issuer, name: "Clerk" }));

  const chat = ok(await ada.rpc("create_chat", { title: "of Ada" }).single());
  ok(await ada.rpc("append_message", { chat_id: chat.id, role: "user", content: "hello" }));
  const messages = ok(await ada.rpc("list_messages", { chat_id: chat.id }));
  equal(messages.map((message: { content: string }) => message.content), ["hello"], "what the user reads");
  const [user] = ok(await ada.from("users").select("id, issuer, subject, auth_user_id"));
  same(user, { id: chat.user_id, issuer, subject: "user_2abcDEF", auth_user_id: null }, "the user's row");

  const ben = bearing(await signed({ ...claims, sub: "user_2abcdef" }));
  equal(ok(await ben.from("chats").select("id")), [], "what another user of the issuer sees");
});

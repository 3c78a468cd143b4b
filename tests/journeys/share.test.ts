// Shared chats through supabase-js: a public link, a colleague who writes along, a bot that answers, and the end of it.

import { assert, columns, equal, hintedRefusal, ok, refusal } from "./assertions.ts";
import { anonymous, newChat, type Person, service, shareTenant, signUp } from "./people.ts";
import { type ChatkeepError, chatkeep } from "chatkeep";

/** Ada with a chat of three messages, the second of them on a branch that is not shown. */
async function shared(): Promise<{ ada: Person; chat_id: string; first: string }> {
  const ada = await signUp();
  const { id: chat_id } = ok(await ada.db.rpc("create_chat", { title: "Lisbon" }).single());
  const first = ok(await ada.db.rpc("append_message", { chat_id, role: "user", content: "Where to?" }).single()).id;
  const answer = { chat_id, role: "assistant", parent_id: first };
  ok(await ada.db.rpc("append_message", { ...answer, content: "a draft that nobody sees" }));
  ok(await ada.db.rpc("append_message", { ...answer, content: "To Lisbon." }));
  ok(await ada.db.rpc("attach", { chat_id, message_id: first, name: "map.png", storage_path: `${ada.id}/map.png` }));
  return { ada, chat_id, first };
}

const contents = (messages: { content: string }[]) => messages.map(({ content }) => content);

Deno.test("a visitor opens a public link with the anonymous key, until it is revoked", async () => {
  const { ada, chat_id, first } = await shared();
  const visitor = anonymous();
  const link = ok(await ada.db.rpc("share_chat", { chat_id, by_link: true }).single());
  assert(/^cksh_[A-Za-z0-9_-]{32}$/.test(link.secret), `the secret is ${link.secret}`);
  const { secret } = link;

  const opened = ok(await visitor.rpc("open_share", { secret }).single());
  equal([opened.share_id, opened.chat_id, opened.title, opened.permission], [link.id, chat_id, "Lisbon", "read"], "the chat");
  equal(contents(opened.messages), ["Where to?", "To Lisbon."], "the active path");
  equal(opened.messages[0].attachments.map((a: { name: string }) => a.name), ["map.png"], "its attachments");
  const said = JSON.stringify(opened);
  assert(!said.includes(ada.id) || said.split(ada.id).length === 2, "the visitor learns more of the owner than a storage path");
  assert(!columns(opened).includes("user_id"), `the columns are ${columns(opened)}`);
  const page = ok(await visitor.rpc("open_share", { secret, page_size: 1 }).single());
  equal(contents(page.messages), ["Where to?"], "the first page");
  const next = ok(await visitor.rpc("open_share", { secret, page_size: 1, after: page.messages[0].created_at }).single());
  equal(contents(next.messages), ["To Lisbon."], "the next page");

  // The link is live, and another one ends at a message.
  const ended = ok(await ada.db.rpc("share_chat", { chat_id, by_link: true, up_to_message_id: first }).single());
  ok(await ada.db.rpc("append_message", { chat_id, role: "user", content: "When?" }));
  equal(ok(await visitor.rpc("open_share", { secret }).single()).messages.length, 3, "messages of the live link");
  equal(
    contents(ok(await visitor.rpc("open_share", { secret: ended.secret }).single()).messages),
    ["Where to?"],
    "messages of the link that ends",
  );

  // Nothing else is open to the visitor, and the secret is told once.
  for (const table of ["chats", "messages", "attachments", "chat_shares", "my_shares", "shared_with_me"]) {
    const { data, error } = await visitor.from(table).select("*");
    assert(error || data.length === 0, `a visitor reads ${table}`);
  }
  refusal(await visitor.rpc("list_messages", { chat_id }), "42501", 401, "list_messages");
  refusal(await visitor.rpc("share_chat", { chat_id, by_link: true }), "42501", 401, "share_chat");
  refusal(await visitor.rpc("revoke_share", { share_id: link.id }), "42501", 401, "revoke_share");
  const mine = ok(await ada.db.from("my_shares").select("*").eq("id", link.id).single());
  equal([mine.by_link, mine.revoked_at, JSON.stringify(mine).includes(secret)], [true, null, false], "the link in my_shares");

  ok(await ada.db.rpc("revoke_share", { share_id: link.id }));
  hintedRefusal(await visitor.rpc("open_share", { secret }), "PT404", 404, "secret opens no chat");
  equal(ok(await visitor.rpc("open_share", { secret: ended.secret }).single()).messages.length, 1, "the other link");
  ok(await ada.db.rpc("delete_chat", { chat_id }));
  hintedRefusal(await visitor.rpc("open_share", { secret: ended.secret }), "PT404", 404, "secret opens no chat");
});

Deno.test("a colleague reads, then writes along, and both see who wrote what", async () => {
  const { ada, chat_id, first } = await shared();
  const [ben, eve] = [await signUp(), await signUp()];
  const read = () => ben.db.rpc("list_messages", { chat_id }).select("content, author_id");
  await shareTenant(ada, ben);
  hintedRefusal(await read(), "PT404", 404, "chat_id names no chat of yours");
  hintedRefusal(await ada.db.rpc("share_chat", { chat_id, with_user_id: eve.id }), "PT404", 404, "with_user_id names no member");

  const invited = { chat_id, with_user_id: ben.id };
  const share = ok(await ada.db.rpc("share_chat", invited).single());
  equal(share.secret, null, "the secret of a share with a person");
  const listed = ok(await ben.db.from("shared_with_me").select("id, chat_id, owner_id, title, permission"));
  equal(listed, [{ id: share.id, chat_id, owner_id: ada.id, title: "Lisbon", permission: "read" }], "what is shared with Ben");
  equal(contents(ok(await read())), ["Where to?", "To Lisbon."], "what Ben reads");
  equal(ok(await ben.db.rpc("open_share", { share_id: share.id }).single()).messages.length, 2, "what open_share shows");
  const hello = { chat_id, role: "user", content: "And I?" };
  hintedRefusal(await ben.db.rpc("append_message", hello), "42501", 403, "chat_id names a chat that you may only read");

  equal(ok(await ada.db.rpc("share_chat", { ...invited, permission: "write" }).single()).id, share.id, "the same share");
  const written = ok(await ben.db.rpc("append_message", hello).single());
  equal([written.seq, written.author_id, written.user_id], [4, ben.id, ada.id], "what Ben wrote");
  ok(await ben.db.rpc("attach", { chat_id, message_id: written.id, storage_path: `${ben.id}/ticket.pdf` }));
  ok(await ada.db.rpc("append_message", { chat_id, role: "user", content: "You too." }));
  const both = [["Where to?", ada.id], ["To Lisbon.", ada.id], ["And I?", ben.id], ["You too.", ada.id]];
  for (const of of [ada, ben]) {
    const page = ok(await of.db.rpc("list_messages", { chat_id }).select("content, author_id, seq").order("seq"));
    equal(page.map((row: { content: string; author_id: string }) => [row.content, row.author_id]), both, "who wrote what");
  }

  // What a writer cannot do, and what the refusals look like.
  hintedRefusal(await ben.db.rpc("append_message", { ...hello, parent_id: first }), "PT409", 409, "parent_id names a message");
  hintedRefusal(
    await ben.db.rpc("append_message", { ...hello, content: "else", message_id: written.id }),
    "PT409",
    409,
    "message_id is taken",
  );
  hintedRefusal(await ben.db.rpc("share_chat", { chat_id, by_link: true }), "PT404", 404, "chat_id names no chat of yours");
  hintedRefusal(await ben.db.rpc("delete_chat", { chat_id }), "PT404", 404, "chat_id names no chat of yours");
  hintedRefusal(await ben.db.rpc("revoke_share", { share_id: share.id }), "PT404", 404, "share_id names no share of yours");
  equal(ok(await ben.db.from("messages").select("id").eq("chat_id", chat_id)), [], "rows of the table that Ben reads");
  const { data: changed } = await ben.db.from("chats").update({ title: "Mine" }).eq("id", chat_id).select("title");
  equal(changed ?? [], [], "chats that Ben renames");
  hintedRefusal(await eve.db.rpc("list_messages", { chat_id }), "PT404", 404, "chat_id names no chat of yours");
  hintedRefusal(await ada.db.rpc("share_chat", { chat_id, with_user_id: ada.id }), "22023", 400, "with_user_id must be somebody else");
  hintedRefusal(await ada.db.rpc("share_chat", { ...invited, permission: "own" }), "22023", 400, "permission must be read or write");
  hintedRefusal(
    await ada.db.rpc("share_chat", { ...invited, expires_at: "2020-01-01T00:00:00Z" }),
    "22023",
    400,
    "expires_at must be in the future",
  );

  ok(await ada.db.rpc("revoke_share", { share_id: share.id }));
  hintedRefusal(await read(), "PT404", 404, "chat_id names no chat of yours");
  hintedRefusal(await ben.db.rpc("append_message", hello), "PT404", 404, "chat_id names no chat of yours");
  equal(ok(await ben.db.from("shared_with_me").select("id")), [], "what is still shared with Ben");
  equal(ok(await ada.db.rpc("list_messages", { chat_id }).select("id")).length, 4, "what Ben wrote stays");
});

Deno.test("a bot streams into a shared chat, and the colleague and the visitor see the answer", async () => {
  const { ada, chat_id } = await shared();
  const [ben, bot, visitor] = [await signUp(), service(), anonymous()];
  await shareTenant(ada, ben);
  // The bot shares for the owner, too.
  ok(await bot.rpc("share_chat", { chat_id, with_tenant: true, permission: "write" }));
  const { secret } = ok(await bot.rpc("share_chat", { chat_id, by_link: true }).single());
  ok(await ben.db.rpc("append_message", { chat_id, role: "user", content: "Which train?" }));
  const begun = { chat_id, role: "assistant", content: "", status: "streaming" };
  const answer = ok(await bot.rpc("append_message", begun).single());
  const last = async () => {
    const listed = ok(await ben.db.rpc("list_messages", { chat_id }).select("seq, content, status").order("seq")).at(-1);
    const opened = ok(await visitor.rpc("open_share", { secret }).single()).messages.at(-1);
    equal([opened.content, opened.status], [listed.content, listed.status], "what the link shows, beside the list");
    return [listed.content, listed.status];
  };
  equal(await last(), ["", "streaming"], "the answer while it is written");
  refusal(await ben.db.rpc("finish_message", { chat_id, message_id: answer.id, content: "mine" }), "42501", 403, "message_id names");
  ok(await bot.rpc("finish_message", { chat_id, message_id: answer.id, content: "The night train." }));
  equal(await last(), ["The night train.", "complete"], "the answer");
  const own = ok(await ben.db.rpc("append_message", begun).single());
  ok(await ben.db.rpc("finish_message", { chat_id, message_id: own.id, content: "from a colleague's agent" }));
  equal(await last(), ["from a colleague's agent", "complete"], "an answer that the colleague streamed");
});

Deno.test("the package shares, opens and revokes, and its errors say what to do", async () => {
  const { ada, chat_id: chatId } = await shared();
  const ben = await signUp();
  await shareTenant(ada, ben);
  const visitor = chatkeep({ schema: () => anonymous() });
  // deno-lint-ignore no-explicit-any
  const data = async (work: Promise<any>) => {
    const { data, error } = await work;
    assert(!error, `refused: ${error?.code} ${error?.message}`);
    return data;
  };
  const fails = async (work: Promise<{ error: ChatkeepError | null }>, code: string, status: number, argument: string) => {
    const { error } = await work;
    equal([error?.code, error?.status, error?.argument], [code, status, argument], "the refusal");
    assert(error?.hint, `"${error?.message}" has no hint`);
  };

  const link = await data(ada.ck.shareChat({ chatId, byLink: true, expiresAt: "2100-01-01T00:00:00Z" }));
  equal([link.by_link, link.permission], [true, "read"], "the link");
  const opened = await data(visitor.openShare({ secret: link.secret }));
  equal(contents(opened.messages), ["Where to?", "To Lisbon."], "what the link shows");
  const share = await data(ada.ck.shareChat({ chatId, withUserId: ben.id, permission: "write" }));
  equal((await data(ben.ck.openShare({ shareId: share.id, pageSize: 1 }))).messages.length, 1, "a page of the share");
  equal((await data(ben.ck.appendMessage({ chatId, role: "user", content: "Hi" }))).author_id, ben.id, "the author");

  await fails(ada.ck.shareChat({ chatId }), "22023", 400, "with_user_id");
  await fails(ada.ck.shareChat({ chatId, byLink: true, permission: "write" }), "22023", 400, "permission");
  await fails(ada.ck.shareChat({ chatId, withUserId: crypto.randomUUID() }), "PT404", 404, "with_user_id");
  await fails(ben.ck.shareChat({ chatId, withTenant: true }), "PT404", 404, "chat_id");
  await fails(ben.ck.revokeShare({ shareId: share.id }), "PT404", 404, "share_id");
  await fails(visitor.openShare({ secret: "nonsense" }), "PT404", 404, "secret");
  await fails(visitor.openShare({ shareId: share.id }), "PT404", 404, "share_id");

  const revoked = await data(ada.ck.revokeShare({ shareId: link.id }));
  assert(revoked.revoked_at, "a revoked share has no time");
  equal((await data(ada.ck.revokeShare({ shareId: link.id }))).revoked_at, revoked.revoked_at, "a second revocation");
  await fails(visitor.openShare({ secret: link.secret }), "PT404", 404, "secret");
  await data(ada.ck.revokeShare({ shareId: share.id }));
  await fails(ben.ck.appendMessage({ chatId, role: "user", content: "Hi" }), "PT404", 404, "chat_id");
  await fails(ben.ck.openShare({ shareId: share.id }), "PT404", 404, "share_id");
});

Deno.test("a share stays within its tenant and ends with its owner's chat", async () => {
  const { ada, chat_id } = await shared();
  const ben = await signUp();
  await shareTenant(ada, ben);
  ok(await ada.db.rpc("share_chat", { chat_id, with_user_id: ben.id, permission: "write" }));
  const own = await newChat(ben);
  ok(await ben.db.rpc("append_message", { chat_id: own, role: "user", content: "of Ben" }));
  // The new owner is the former writer: the chat is the person's own now, and no share of it is left.
  ok(await service().rpc("transfer_chat", { chat_id, to_user_id: ben.id }));
  equal(ok(await ben.db.from("shared_with_me").select("id")), [], "what is shared with the new owner");
  const shares = ok(await ben.db.from("my_shares").select("revoked_at"));
  equal(shares.map((row: { revoked_at: string | null }) => row.revoked_at !== null), [true], "the shares of the chat");
  equal(ok(await ben.db.rpc("list_messages", { chat_id }).select("id")).length, 2, "the new owner's page");
  hintedRefusal(await ada.db.rpc("list_messages", { chat_id }), "PT404", 404, "chat_id names no chat of yours");
});

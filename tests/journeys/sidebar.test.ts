// Lists of chats, as an application's sidebar shows them with supabase-js.

import { equal, hintedRefusal, ok, refusal } from "./assertions.ts";
import { anonymous, newChat, service, shareTenant, signUp } from "./people.ts";

// deno-lint-ignore no-explicit-any
type Row = any;

const titles = (page: Row[]) => page.map((row) => row.title);

Deno.test("a sidebar: titles by a model, pins, folders, unread answers, pages and the trash", async () => {
  const [ada, ben] = [await signUp(), await signUp()];
  await shareTenant(ada, ben);
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) {
    const chat_id = await newChat(ada);
    ids.push(chat_id);
    const messages = [{ role: "user", content: `question ${n}` }, {
      role: "assistant",
      content: `answer ${n} `.repeat(50),
    }];
    ok(await ada.db.rpc("append_messages", { chat_id, messages }));
    const named = { chat_id, title: `chat ${n}`, if_title_source: "model" };
    equal(ok(await ada.db.rpc("update_chat", named).single()).title_source, "model", "whose title");
  }
  ok(await ada.db.from("chats").update({ title: "mine" }).eq("id", ids[1]));
  const again = await ada.db.rpc("update_chat", { chat_id: ids[1], title: "the model's", if_title_source: "model" })
    .single();
  equal([ok(again).title, ok(again).title_source], ["mine", "user"], "a title by a person");

  ok(await ada.db.rpc("update_chat", { chat_id: ids[0], pinned: true, folder: "Work", tags: ["b", "a", "b"] }));
  await Promise.all(
    ["left", "right"].map((tab) =>
      ada.db.rpc("update_chat", { chat_id: ids[0], metadata_merge: { tabs: { [tab]: true } } })
    ),
  );
  ok(await ada.db.rpc("update_chat", { chat_id: ids[4], read_up_to_seq: 0 }));
  ok(await ada.db.rpc("update_chat", { chat_id: ids[3], read_up_to_seq: 2 }));
  ok(await ada.db.rpc("share_chat", { chat_id: ids[3], with_user_id: ben.id }));

  const page = ok(await ada.db.rpc("list_chats", { page_size: 3 }));
  equal(titles(page), ["chat 0", "chat 4", "chat 3"], "the first page");
  const [pinned, unread, shared] = page;
  equal(
    [pinned.folder, pinned.tags, pinned.metadata.tabs],
    ["Work", ["b", "a"], { left: true, right: true }],
    "the pinned chat",
  );
  equal([unread.unread_count, unread.preview, unread.preview_role], [
    1,
    "answer 4 ".repeat(50).slice(0, 200),
    "assistant",
  ], "an unread answer");
  equal(
    [shared.unread_count, shared.is_shared, unread.is_shared, pinned.unread_count],
    [0, true, false, null],
    "a shared chat",
  );
  equal(
    titles(ok(await ada.db.rpc("list_chats", { page_size: 3, before: page.at(-1) }))),
    ["chat 2", "mine"],
    "the second page",
  );
  equal(titles(ok(await ada.db.rpc("list_chats", { folder: "Work" }))), ["chat 0"], "a folder");
  equal(titles(ok(await ada.db.rpc("list_chats", { tag: "a", archived: null }))), ["chat 0"], "a tag");

  const seen = ok(await ben.db.rpc("get_chat", { chat_id: ids[3] }).single());
  equal([seen.title, seen.user_id, seen.preview_role, seen.unread_count, seen.is_shared], [
    "chat 3",
    ada.id,
    "assistant",
    null,
    true,
  ], "the share");
  hintedRefusal(await ben.db.rpc("get_chat", { chat_id: ids[0] }), "PT404", 404, "chat_id");
  hintedRefusal(await ben.db.rpc("update_chat", { chat_id: ids[3], title: "Ben's" }), "PT404", 404, "chat_id");

  ok(await ada.db.rpc("delete_chat", { chat_id: ids[2] }));
  equal(titles(ok(await ada.db.rpc("list_chats", { deleted: true }))), ["chat 2"], "the trash");
  equal(ok(await ben.db.rpc("list_chats", { deleted: true })), [], "a colleague's trash");
  hintedRefusal(await ada.db.rpc("update_chat", { chat_id: ids[2], title: "x" }), "PT410", 410, "chat_id");
  ok(await ada.db.rpc("restore_chat", { chat_id: ids[2] }));
  equal(ok(await ada.db.rpc("get_chat", { chat_id: ids[2] }).single()).title, "chat 2", "restored");

  equal(ok(await service().rpc("list_chats", { user_id: ada.id })).length, 5, "chats that a service lists for Ada");
  refusal(await anonymous().rpc("list_chats"), "42501", 401, "list_chats");
  refusal(await anonymous().rpc("get_chat", { chat_id: ids[0] }), "42501", 401, "get_chat");
  refusal(await ben.db.rpc("list_chats", { user_id: ada.id }), "42501", 403, "user_id");
});

Deno.test("the fields of a chat within their limits", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const cases: [given: object, argument: string][] = [
    [{ folder: "x".repeat(201) }, "folder"],
    [{ tags: Array(51).fill("a") }, "tags"],
    [{ tags: ["a", null] }, "tags"],
    [{ tags: [""] }, "tags"],
    [{ metadata_merge: [] }, "metadata_merge"],
    [{ title: "x", if_title_source: "bot" }, "if_title_source"],
    [{ read_up_to_seq: -1 }, "read_up_to_seq"],
  ];
  for (const [given, argument] of cases) {
    hintedRefusal(await ada.db.rpc("update_chat", { chat_id, ...given }), "22023", 400, argument);
  }
  hintedRefusal(await ada.db.rpc("list_chats", { before: { id: chat_id } }), "22023", 400, "before");
  const nul = await ada.db.rpc("update_chat", { chat_id, metadata_merge: { a: "\u0000" } });
  equal(nul.status >= 400 && nul.status < 500, true, "NUL in metadata is refused");
});

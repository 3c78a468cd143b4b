// Copies of chats: "try another way from here", and "continue this conversation" from a shared chat.

import { equal, hintedRefusal, ok } from "./assertions.ts";
import { newChat, shareTenant, signUp } from "./people.ts";

Deno.test("a chat is copied up to a message, with its attachments, and goes on without the original", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const question = ok(await ada.db.rpc("append_message", { chat_id, role: "user", content: "Where to?" }).single());
  const answer = ok(
    await ada.db.rpc("append_message", { chat_id, role: "assistant", content: "Oslo", model: "a model" }).single(),
  );
  ok(await ada.db.rpc("append_message", { chat_id, role: "user", content: "Too cold" }));
  ok(await ada.db.rpc("attach", { chat_id, message_id: question.id, storage_path: "ada/map.png" }));
  ok(await ada.db.rpc("update_chat", { chat_id, title: "Travel", folder: "Trips", tags: ["may"], pinned: true }));

  const new_chat_id = crypto.randomUUID();
  const copied = { chat_id, up_to_message_id: answer.id, new_chat_id };
  const copy = ok(await ada.db.rpc("copy_chat", copied).single());
  equal(
    [copy.id, copy.title, copy.folder, copy.tags, copy.pinned_at, copy.message_count],
    [new_chat_id, "Travel", "Trips", ["may"], null, 2],
    "the copy",
  );
  equal(copy.metadata.copied_from, { chat_id, message_id: answer.id }, "where it comes from");
  const messages = ok(
    await ada.db.rpc("list_messages", { chat_id: new_chat_id }).select(
      "seq, content, model, created_at, attachments(storage_path)",
    ),
  );
  equal(
    messages,
    [
      {
        seq: 1,
        content: "Where to?",
        model: null,
        created_at: question.created_at,
        attachments: [{ storage_path: "ada/map.png" }],
      },
      { seq: 2, content: "Oslo", model: "a model", created_at: answer.created_at, attachments: [] },
    ],
    "its messages",
  );
  ok(await ada.db.rpc("append_message", { chat_id: new_chat_id, role: "user", content: "And in June?" }));
  equal(ok(await ada.db.rpc("copy_chat", copied).single()).message_count, 3, "the same call again");
  const contents = ok(await ada.db.rpc("list_messages", { chat_id })).map((row: { content: string }) => row.content);
  equal(contents, ["Where to?", "Oslo", "Too cold"], "the original");

  const again = await ada.ck.copyChat({ chatId: chat_id, title: "Another way" });
  equal([again.data?.title, again.data?.message_count], ["Another way", 3], "a copy by the package");
  const taken = await ada.db.rpc("copy_chat", { chat_id: new_chat_id, new_chat_id: chat_id });
  hintedRefusal(taken, "PT409", 409, "new_chat_id");
});

Deno.test("whoever reads a shared chat continues it in a copy, and sees nothing else of its owner", async () => {
  const [ada, ben] = [await signUp(), await signUp()];
  await shareTenant(ada, ben);
  const chat_id = await newChat(ada);
  ok(await ada.db.rpc("update_chat", { chat_id, title: "Plans", folder: "Secret", metadata_merge: { secret: 1 } }));
  const shown = ok(await ada.db.rpc("append_message", { chat_id, role: "user", content: "shown" }).single());
  const shared = { chat_id, with_user_id: ben.id, up_to_message_id: shown.id };
  const share = ok(await ada.db.rpc("share_chat", shared).single());
  const later = ok(await ada.db.rpc("append_message", { chat_id, role: "user", content: "later" }).single());

  const copy = ok(await ben.db.rpc("copy_chat", { chat_id }).single());
  equal(
    [copy.title, copy.folder, copy.metadata, copy.user_id],
    ["Plans", null, { copied_from: { chat_id, message_id: shown.id } }, ben.id],
    "the copy",
  );
  hintedRefusal(
    await ben.db.rpc("copy_chat", { chat_id, up_to_message_id: later.id }),
    "PT404",
    404,
    "up_to_message_id",
  );
  ok(await ada.db.rpc("revoke_share", { share_id: share.id }));
  hintedRefusal(await ben.db.rpc("copy_chat", { chat_id }), "PT404", 404, "chat_id");
  const next = await ben.db.rpc("append_message", { chat_id: copy.id, role: "user", content: "and on" }).single();
  equal([ok(next).seq, ok(next).parent_id === null], [2, false], "the next message of the copy");
  equal(ok(await ada.db.from("chats").select("id")), [{ id: chat_id }], "the chats of the owner");
});

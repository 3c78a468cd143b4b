// Thumbs up and down, as an application shows them beside messages.

import { equal, hintedRefusal, ok } from "./assertions.ts";
import { newChat, shareTenant, signUp } from "./people.ts";

Deno.test("a thumb with a comment is stored, changed, embedded with its message and taken back", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  ok(await ada.db.rpc("append_message", { chat_id, role: "user", content: "Where is it warm?" }));
  const answer = await ada.db.rpc("append_message", { chat_id, role: "assistant", content: "In Oslo." }).single();
  const message_id = ok(answer).id;

  const down = { chat_id, message_id, rating: -1, comment: "The wrong city", labels: ["facts", "facts"] };
  const first = ok(await ada.db.rpc("rate_message", down).single());
  equal(
    [first.rating, first.comment, first.labels, first.rated_by, first.user_id],
    [-1, "The wrong city", ["facts"], ada.id, ada.id],
    "the rating",
  );
  equal(ok(await ada.db.rpc("rate_message", down).single()), first, "the same rating again");
  const embedded = await ada.db.rpc("list_messages", { chat_id }).select("content, message_ratings(rating, comment)");
  equal(
    ok(embedded),
    [
      { content: "Where is it warm?", message_ratings: [] },
      { content: "In Oslo.", message_ratings: [{ rating: -1, comment: "The wrong city" }] },
    ],
    "messages with their ratings",
  );
  const listed = await ada.db.from("messages").select("content, message_ratings(rating)").eq("chat_id", chat_id).order(
    "seq",
  );
  equal(ok(listed)[1].message_ratings, [{ rating: -1 }], "a rating in a table request");

  const up = await ada.ck.rateMessage({ chatId: chat_id, messageId: message_id, rating: 1 });
  equal([up.data?.rating, up.data?.comment, up.data?.labels], [1, null, []], "a thumb up");
  equal(
    await ada.ck.rateMessage({ chatId: chat_id, messageId: message_id, rating: null }),
    { data: null, error: null },
    "taken back",
  );
  equal(ok(await ada.db.from("message_ratings").select("*").eq("chat_id", chat_id)), [], "ratings that are left");
  hintedRefusal(await ada.db.rpc("rate_message", { chat_id, message_id, rating: 5 }), "22023", 400, "rating");
});

Deno.test("whoever reads a shared chat rates it, and its owner sees whose rating it is", async () => {
  const [ada, ben] = [await signUp(), await signUp()];
  await shareTenant(ada, ben);
  const chat_id = await newChat(ada);
  const shown = ok(await ada.db.rpc("append_message", { chat_id, role: "assistant", content: "shown" }).single());
  ok(await ada.db.rpc("share_chat", { chat_id, with_user_id: ben.id, up_to_message_id: shown.id }));
  const later = ok(await ada.db.rpc("append_message", { chat_id, role: "assistant", content: "later" }).single());

  const rating = ok(await ben.db.rpc("rate_message", { chat_id, message_id: shown.id, rating: 1 }).single());
  equal([rating.rated_by, rating.user_id], [ben.id, ada.id], "who rated, in whose chat");
  const hidden = await ben.db.rpc("rate_message", { chat_id, message_id: later.id, rating: 1 });
  hintedRefusal(hidden, "PT404", 404, "message_id");
  equal(ok(await ben.db.from("message_ratings").select("rating")), [], "what the reader sees in the table");
  equal(
    ok(await ada.db.from("message_ratings").select("rated_by, rating").eq("chat_id", chat_id)),
    [{ rated_by: ben.id, rating: 1 }],
    "what the owner sees",
  );
});

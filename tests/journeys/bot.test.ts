// A bot: a program with the secret key that acts for people, and has no user of its own.

import { equal, hintedRefusal, ok } from "./assertions.ts";
import { service, signUp } from "./people.ts";

const sum = () => (crypto.randomUUID() + crypto.randomUUID()).replaceAll("-", "");

Deno.test("a bot opens a chat for a person, streams, attaches a document, and the person sees all of it", async () => {
  const [ada, eve, bot] = [await signUp(), await signUp(), service()];

  // The person has never used Chatkeep.
  const chat = ok(await bot.rpc("create_chat", { title: "From your bot", user_id: ada.id }).single());
  equal([chat.user_id, chat.tenant_id], [ada.id, ada.id], "the owner and the tenant");
  const asked = { chat_id: chat.id, role: "user", content: "Summarise my report" };
  ok(await bot.rpc("append_message", asked));
  const begun = { chat_id: chat.id, role: "assistant", content: "", status: "streaming", model: "m-1" };
  const answer = ok(await bot.rpc("append_message", begun).single());
  const streaming = await ada.db.rpc("list_messages", { chat_id: chat.id }).select("content, status");
  equal(
    ok(streaming),
    [{ content: "Summarise my report", status: "complete" }, { content: "", status: "streaming" }],
    "the chat while the bot writes",
  );
  const finished = { chat_id: chat.id, message_id: answer.id, content: "It is short.", token_count: 4 };
  ok(await bot.rpc("finish_message", finished));

  const report = { source_uri: "https://example.org/report", checksum: sum(), title: "Report", user_id: ada.id };
  const document = ok(await bot.rpc("register_document", report).single());
  const attached = { chat_id: chat.id, message_id: answer.id, document_id: document.id, name: "report.html" };
  ok(await bot.rpc("attach", { ...attached, user_id: ada.id }));
  ok(await bot.rpc("set_document_status", { document_id: document.id, status: "ready" }));

  // What the person sees, and who wrote it.
  equal(ok(await ada.db.from("chats").select("title")), [{ title: "From your bot" }], "the person's chats");
  const page = await ada.db.rpc("list_messages", { chat_id: chat.id })
    .select("content, status, author_id, written_as, attachments(name, documents(title, status))");
  const written = { status: "complete", author_id: null, written_as: "service_role" };
  equal(
    ok(page),
    [
      { content: "Summarise my report", ...written, attachments: [] },
      {
        content: "It is short.",
        ...written,
        attachments: [{ name: "report.html", documents: { title: "Report", status: "ready" } }],
      },
    ],
    "the person's page",
  );
  const again = { source_uri: report.source_uri, checksum: report.checksum };
  const known = ok(await ada.db.rpc("register_document", again).single());
  equal([known.outcome, known.id], ["duplicate", document.id], "the document, registered by the person");
  const reply = { chat_id: chat.id, role: "user", content: "Thanks" };
  const own = ok(await ada.db.rpc("append_message", reply).single());
  equal([own.author_id, own.written_as, own.seq], [ada.id, "authenticated", 3], "the person's answer");

  // Nobody else sees it.
  ok(await eve.db.rpc("create_chat"));
  equal(ok(await eve.db.from("messages").select("id").eq("chat_id", chat.id)), [], "messages that a stranger sees");
  equal(ok(await eve.db.from("documents").select("id").eq("id", document.id)), [], "documents that a stranger sees");
});

Deno.test("a bot imports a chat and a batch of documents for a person", async () => {
  const [ada, bot] = [await signUp(), service()];
  const messages = [{ role: "user", content: "old", created_at: "2024-01-01T00:00:00Z" }];
  const chat = ok(await bot.rpc("import_chat", { chat: { title: "Before", messages }, user_id: ada.id }).single());
  const read = await ada.db.from("messages").select("content, author_id, written_as").eq("chat_id", chat.id);
  equal(ok(read), [{ content: "old", author_id: null, written_as: "service_role" }], "the imported message");
  const documents = [{ source_uri: "a", checksum: sum() }, { source_uri: "b", checksum: sum() }];
  const registered = ok(await bot.rpc("register_documents", { documents, user_id: ada.id }).select("outcome, user_id"));
  const created = { outcome: "created", user_id: ada.id };
  equal(registered, [created, created], "the batch");
  equal(ok(await ada.db.from("documents").select("source_uri").order("source_uri")).length, 2, "the person's documents");
});

Deno.test("a bot acts for people only, and people act for nobody else", async () => {
  const [ada, eve, bot] = [await signUp(), await signUp(), service()];
  const chat = ok(await bot.rpc("create_chat", { user_id: eve.id }).single());
  const message = ok(await bot.rpc("append_message", { chat_id: chat.id, role: "user", content: "x" }).single());
  const nobody = crypto.randomUUID();
  hintedRefusal(await bot.rpc("create_chat", { user_id: nobody }), "PT404", 404, "user_id names no user");
  hintedRefusal(await bot.rpc("create_chat"), "42501", 403, "no user is signed in");
  hintedRefusal(await ada.db.rpc("create_chat", { user_id: eve.id }), "42501", 403, "user_id can be named");
  const attached = { chat_id: chat.id, message_id: message.id, storage_path: "a.png" };
  hintedRefusal(await bot.rpc("attach", { ...attached, user_id: ada.id }), "PT404", 404, "chat_id names no chat");
  hintedRefusal(await ada.db.rpc("attach", { ...attached, user_id: eve.id }), "42501", 403, "user_id can be named");
  ok(await bot.rpc("attach", { ...attached, user_id: eve.id }));
  equal(ok(await ada.db.rpc("create_chat", { user_id: ada.id }).single()).user_id, ada.id, "the caller's own id");
  equal(ok(await eve.db.from("attachments").select("storage_path")), [{ storage_path: "a.png" }], "the attachment");
});

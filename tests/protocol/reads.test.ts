// Direct reads of tables with the filters of applications.

import { equal, ok } from "../journeys/assertions.ts";
import { newChat, type Person, signUp } from "../journeys/people.ts";
import { answers, same } from "./gateway.ts";

const sum = (n: number) => "abcdef"[n].repeat(64);
// deno-lint-ignore no-explicit-any
const titles = (answer: any) => ok(answer).map((row: { title: string }) => row.title).join("");

/** Five documents of one owner, oldest first. Their titles are 0 to 4. */
async function library(person: Person) {
  const rows: { id: string; created_at: string }[] = [];
  for (let n = 0; n < 5; n++) {
    const tags = { lang: n % 2 ? "de" : "en", topics: ["all", `topic-${n}`], year: 2020 + n, draft: n === 4 };
    const given = { source_uri: `https://example.org/${n}`, checksum: sum(n), title: `${n}`, tags };
    rows.push(ok(await person.db.rpc("register_document", given).single()));
  }
  const move = (n: number, status: string) => person.db.rpc("set_document_status", { document_id: rows[n].id, status });
  ok(await move(1, "ready"));
  ok(await move(3, "failed"));
  ok(await person.db.rpc("register_document", { source_uri: "folder/alias,of-2", checksum: sum(2) }));
  return rows;
}

Deno.test("documents are found by status, source, alias, bytes, time and title", async () => {
  const [ada, eve] = [await signUp(), await signUp()];
  const rows = await library(ada);
  await library(eve);
  const read = () => ada.db.from("documents").select("title").order("created_at");
  equal(titles(await read().eq("status", "pending")), "024", "status");
  equal(titles(await read().in("status", ["ready", "failed"])), "13", "statuses");
  equal(titles(await read().eq("source_uri", "https://example.org/4")), "4", "source_uri");
  equal(titles(await read().contains("aliases", ['"folder/alias,of-2"'])), "2", "alias");
  equal(titles(await read().like("source_uri", "https://example.org/%")), "01234", "a beginning of source_uri");
  equal(titles(await read().eq("checksum", sum(3))), "3", "checksum");
  equal(titles(await read().gt("created_at", rows[2].created_at)), "34", "later than");
  equal(
    titles(await read().gte("created_at", rows[1].created_at).lt("created_at", rows[3].created_at)),
    "12",
    "between",
  );
  equal(titles(await read().is("mime_type", null).not("error", "is", null)), "", "null and not null");
  equal(
    titles(await read().or('source_uri.eq."https://example.org/0",aliases.cs.{"folder/alias,of-2"}')),
    "02",
    "either",
  );
  const newest = ada.db.from("documents").select("title").order("created_at", { ascending: false }).limit(2);
  equal(titles(await newest), "43", "the newest two");
  ok(await ada.db.rpc("register_document", { source_uri: "annual report", checksum: "0".repeat(64) }));
  const blank = ada.db.from("documents").select("source_uri").eq("source_uri", "annual report");
  answers("a filter with a blank, which supabase-js writes as +", ok(await blank), [{ source_uri: "annual report" }]);
});

Deno.test("documents are found by tags", async () => {
  const [ada, eve] = [await signUp(), await signUp()];
  await library(ada);
  await library(eve);
  const tagged = ada.db.from("document_metadata").select("year:tags->year").contains("tags", { lang: "de" });
  same(ok(await tagged.order("created_at")), [{ year: 2021 }, { year: 2023 }], "rows of metadata");
  const inner = () => ada.db.from("documents").select("title, document_metadata!inner(tags)").order("created_at");
  equal(titles(await inner().contains("document_metadata.tags", { lang: "en" })), "024", "a tag");
  equal(titles(await inner().contains("document_metadata.tags", { topics: ["topic-3"] })), "3", "an item of a tag");
  equal(titles(await inner().contains("document_metadata.tags", { draft: true, year: 2024 })), "4", "two tags");
  equal(
    titles(await inner().eq("document_metadata.tags->>lang", "de").eq("status", "ready")),
    "1",
    "a tag and a status",
  );
});

Deno.test("chats are listed newest first, without the archived ones, page by page", async () => {
  const ada = await signUp();
  for (const title of ["a", "b", "c", "d"]) {
    ok(await ada.db.rpc("create_chat", { title, metadata: { project: title } }));
  }
  ok(await ada.db.from("chats").update({ archived_at: "2024-05-06T07:08:09Z" }).eq("title", "b"));
  const read = () => ada.db.from("chats").select("title").order("updated_at", { ascending: false });
  equal(titles(await read()), "dcba", "all");
  equal(titles(await read().is("archived_at", null)), "dca", "not archived");
  equal(titles(await read().is("archived_at", null).range(1, 1)), "c", "the second page of one");
  equal(titles(await read().eq("metadata->>project", "d")), "d", "by metadata");
  equal(titles(await read().contains("metadata", { project: "a" })), "a", "by contained metadata");
  equal(titles(await read().ilike("title", "A%")), "a", "by title");
});

Deno.test("attachments are found by message, by document and by the state of the document", async () => {
  const ada = await signUp();
  const given = { source_uri: "leaflet", checksum: sum(0) };
  const { id: document_id } = ok(await ada.db.rpc("register_document", given).single());
  const chat_id = await newChat(ada);
  const message = { chat_id, role: "user", content: "look" };
  const { id: message_id } = ok(await ada.db.rpc("append_message", message).single());
  ok(await ada.db.rpc("attach", { chat_id, message_id, document_id, name: "registered", byte_size: 5 }));
  ok(await ada.db.rpc("attach", { chat_id, message_id, storage_path: "uploads/a.png", name: "stored" }));
  const read = () => ada.db.from("attachments").select("name, byte_size, documents(source_uri)").order("created_at");
  const registered = { name: "registered", byte_size: 5, documents: { source_uri: "leaflet" } };
  const stored = { name: "stored", byte_size: null, documents: null };
  same(ok(await read().eq("message_id", message_id)), [registered, stored], "of a message");
  same(ok(await read().eq("document_id", document_id)), [registered], "of a document");
  same(ok(await read().is("document_id", null)), [stored], "of no document");
  ok(await ada.db.rpc("delete_document", { document_id }));
  same(ok(await read().is("document_deleted", true)), [{ ...registered, documents: null }], "of a deleted document");
});

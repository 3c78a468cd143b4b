// Answers with many rows: the gateway cuts each to 1,000 rows (db-max-rows, [api] max_rows) and reports no error.

import { assert, equal, ok } from "../journeys/assertions.ts";
import { newChat, type Person, signUp } from "../journeys/people.ts";
import { answers, same } from "./gateway.ts";

const MOST = 1000;

/** This number of new documents. */
function documents(count: number): { source_uri: string; checksum: string }[] {
  return Array.from({ length: count }, (_, n) => ({
    source_uri: `https://example.org/${n}`,
    checksum: n.toString(16).padStart(8, "0").padEnd(64, "c"),
  }));
}

async function count(person: Person): Promise<number> {
  const { count, error } = await person.db.from("documents").select("id", { count: "exact", head: true });
  assert(!error, `counting failed: ${error?.message}`);
  return count;
}

Deno.test("an answer of more than 1,000 rows is cut without an error, after the call has done all its work", async () => {
  const ada = await signUp();
  const { data, error, status } = await ada.db.rpc("register_documents", { documents: documents(10_000) });
  same([status, error], [200, null], "the call");
  equal(await count(ada), 10_000, "documents that it registered");
  answers("rows of register_documents that come back", data.length, MOST);

  const again = await ada.db.rpc("register_documents", { documents: documents(2000) }, { count: "exact" });
  equal(ok(again)[0].outcome, "duplicate", "the same again");
  answers("a cut answer that is counted", [again.status, again.data.length, again.count], [206, MOST, 2000]);

  const read = await ada.db.from("documents").select("id");
  same([read.status, ok(read).length], [200, MOST], "a table");
  const more = await ada.db.from("documents").select("id").limit(5000);
  equal(ok(more).length, MOST, "a table with a larger limit");
  const counted = await ada.db.from("documents").select("id", { count: "exact" });
  same([counted.status, ok(counted).length, counted.count], [206, MOST, 10_000], "a table that is counted");
  const next = await ada.db.from("documents").select("source_uri").order("created_at").order("id").range(MOST, 1999);
  equal(ok(next).length, MOST, "the next thousand");
});

Deno.test("batches of 1,000 are returned completely", async () => {
  const ada = await signUp();
  const all = documents(2000);
  for (const start of [0, MOST]) {
    const batch = all.slice(start, start + MOST);
    const rows = ok(await ada.db.rpc("register_documents", { documents: batch }));
    const sources = rows.map((row: { source_uri: string }) => row.source_uri);
    equal(sources, batch.map(({ source_uri }) => source_uri), `sources from ${start}, in the order of the array`);
  }
  const chat_id = await newChat(ada);
  const messages = Array.from({ length: MOST }, (_, n) => ({ role: "user", content: `${n + 1}` }));
  const appended = ok(await ada.db.rpc("append_messages", { chat_id, messages }));
  same([appended.length, appended[999].seq], [MOST, MOST], "a batch of messages");
});

Deno.test("pages are below the limit, so none is cut", async () => {
  const ada = await signUp();
  const chat_id = await newChat(ada);
  const messages = Array.from({ length: 450 }, (_, n) => ({ role: "user", content: `word ${n + 1}` }));
  ok(await ada.db.rpc("append_messages", { chat_id, messages }));
  const read: number[] = [];
  let after = "-infinity";
  for (;;) {
    const page = ok(await ada.db.rpc("list_messages", { chat_id, after, page_size: 200 }).select("seq, created_at"));
    if (page.length === 0) break;
    read.push(...page.map((row: { seq: number }) => row.seq));
    after = page.at(-1).created_at;
  }
  equal(read, Array.from({ length: 450 }, (_, n) => n + 1), "all messages, page by page");
  const found = ok(await ada.db.rpc("search_messages", { query: "word", chat_id, page_size: 200 }));
  equal(found.length, 200, "a page of a search");
});

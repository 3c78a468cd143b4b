// Documents: registration, ingest, tags, deletion, and reads through the Data API.

import { assert, columns, equal, hintedRefusal, ok, refusal } from "./assertions.ts";
import { anonymous, newChat, type Person, service, shareTenant, signUp } from "./people.ts";

const COLUMNS = [
  "access",
  "aliases",
  "byte_size",
  "checksum",
  "created_at",
  "deleted_at",
  "error",
  "id",
  "mime_type",
  "outcome",
  "source_uri",
  "status",
  "supersedes",
  "tenant_id",
  "title",
  "updated_at",
  "user_id",
  "visibility",
];
const ONE = "1".repeat(64);
const TWO = "2".repeat(64);

async function register(person: Person, source_uri: string, checksum: string, more: object = {}) {
  return ok(await person.db.rpc("register_document", { source_uri, checksum, ...more }).single());
}

Deno.test("document_checksum is the SHA-256 of the bytes", async () => {
  const checksum = async (content: string) => ok(await anonymous().rpc("document_checksum", { content }));
  equal(await checksum("\\x616263"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "of abc");
  equal(await checksum("\\x"), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "of nothing");
});

Deno.test("a new document is created with its given columns", async () => {
  const ada = await signUp();
  const given = {
    title: "A",
    mime_type: "text/html",
    byte_size: 12,
    tags: { lang: "en" },
    properties: { pages: [1, 2] },
  };
  const row = await register(ada, "https://example.org/a", ONE.toUpperCase(), given);
  equal(columns(row), COLUMNS, "columns");
  equal(
    [row.outcome, row.checksum, row.title, row.mime_type, row.byte_size],
    ["created", ONE, "A", "text/html", 12],
    "the document",
  );
  equal([row.user_id, row.visibility, row.status, row.supersedes], [ada.id, "private", "pending", null], "its state");
  const metadata = await ada.db.from("document_metadata").select("tags, properties").eq("document_id", row.id);
  equal(ok(metadata), [{ tags: { lang: "en" }, properties: { pages: [1, 2] } }], "its metadata");
});

Deno.test("the same bytes are a duplicate, whatever their source", async () => {
  const ada = await signUp();
  const first = await register(ada, "https://example.org/a", ONE);
  const again = await register(ada, "https://example.org/a", ONE);
  equal([again.outcome, again.id, again.aliases], ["duplicate", first.id, []], "the same source again");
  const other = await register(ada, "https://example.org/b", ONE);
  equal([other.outcome, other.id, other.aliases], ["duplicate", first.id, ["https://example.org/b"]], "another source");
  equal(ok(await ada.db.from("documents").select("id")), [{ id: first.id }], "documents");
});

Deno.test("new bytes from a known source are a new version", async () => {
  const ada = await signUp();
  const first = await register(ada, "https://example.org/a", ONE);
  const second = await register(ada, "https://example.org/a", TWO);
  equal([second.outcome, second.supersedes], ["new_version", first.id], "the second version");
  const old = ok(await ada.db.from("documents").select("status").eq("id", first.id).single());
  equal(old.status, "archived", "status of the first version");
});

Deno.test("the same bytes registered at once are stored once", async () => {
  const ada = await signUp();
  await newChat(ada);
  const rows = await Promise.all(
    Array.from({ length: 8 }, (_, index) => register(ada, `https://example.org/${index}`, ONE)),
  );
  equal(new Set(rows.map((row) => row.id)).size, 1, "documents");
  equal(rows.filter((row) => row.outcome === "created").length, 1, "creations");
});

Deno.test("documents of other users are no duplicates and stay out of sight", async () => {
  const [ada, ben, cleo] = [await signUp(), await signUp(), await signUp()];
  await newChat(ada);
  await shareTenant(ada, ben);
  const own = [];
  for (const person of [ada, ben, cleo]) own.push(await register(person, "https://example.org/a", ONE));
  equal(own.map((row) => row.outcome), ["created", "created", "created"], "outcomes");
  equal(new Set(own.map((row) => row.id)).size, 3, "documents");
  assert(ok(await cleo.db.from("documents").select("id")).length === 1, "a stranger sees more than their own document");
});

Deno.test("a document that a colleague shares is a duplicate for another member who shares the same bytes", async () => {
  const [ada, ben] = [await signUp(), await signUp()];
  await newChat(ada);
  await shareTenant(ada, ben);
  const first = await register(ada, "https://example.org/a", ONE, { visibility: "tenant" });
  const again = await register(ben, "https://example.org/a", ONE, { visibility: "tenant" });
  equal([again.outcome, again.id, again.user_id], ["duplicate", first.id, ada.id], "the colleague's registration");
});

Deno.test("an ingest goes from pending over a claim and a failure to ready", async () => {
  const ada = await signUp();
  const { id: document_id } = await register(ada, "https://example.org/a", ONE);
  const move = (status: string, more: object = {}) =>
    ada.db.rpc("set_document_status", { document_id, status, ...more }).single();
  equal(ok(await move("processing")).status, "processing", "the claim");
  hintedRefusal(await move("processing"), "PT409", 409, "status cannot go from processing to processing");
  const failed = ok(await move("failed", { error: "no text in it" }));
  equal([failed.status, failed.error], ["failed", "no text in it"], "the failure");
  hintedRefusal(await move("ready"), "PT409", 409, "status cannot go from failed to ready");
  const again = ok(await move("pending"));
  equal([again.status, again.error], ["pending", null], "the next attempt");
  ok(await move("processing"));
  const ready = ok(await move("ready"));
  equal(ok(await move("ready")).updated_at, ready.updated_at, "a repeated answer writes nothing");
  hintedRefusal(await move("done"), "22023", 400, "status must be");
  hintedRefusal(await move("archived", { error: "x" }), "22023", 400, "error");
});

Deno.test("of eight workers that claim one document, one gets it", async () => {
  const ada = await signUp();
  const { id: document_id } = await register(ada, "https://example.org/a", ONE);
  const claims = await Promise.all(
    Array.from({ length: 8 }, () => ada.db.rpc("set_document_status", { document_id, status: "processing" })),
  );
  equal(claims.map(({ status }) => status).sort(), [200, 409, 409, 409, 409, 409, 409, 409], "HTTP statuses");
});

Deno.test("tags merge, and each member has a namespace", async () => {
  const [ada, ben, eve] = [await signUp(), await signUp(), await signUp()];
  await newChat(ada);
  await newChat(eve);
  await shareTenant(ada, ben);
  const given = { visibility: "tenant", tags: { lang: "en", draft: true } };
  const { id: document_id } = await register(ada, "https://example.org/a", ONE, given);
  const tag = (person: Person, tags: object, more: object = {}) =>
    person.db.rpc("tag_document", { document_id, tags, ...more });
  const [row] = ok(await tag(ada, { draft: null, topics: ["x", "y"] }));
  equal(row.tags, { lang: "en", topics: ["x", "y"] }, "Ada's tags");
  hintedRefusal(await tag(ben, { lang: "de" }), "42501", 403, "namespace is another member's");
  const [own] = ok(await tag(ben, { read: true }, { namespace: "ben" }));
  equal([own.user_id, own.namespace, own.tags], [ben.id, "ben", { read: true }], "Ben's");
  hintedRefusal(await tag(eve, { mine: 1 }, { namespace: "eve" }), "PT404", 404, "document_id");
  const all = ada.db.from("document_metadata").select("namespace").eq("document_id", document_id).order("namespace");
  equal(ok(await all), [{ namespace: "ben" }, { namespace: "default" }], "the rows that Ada reads");
  equal(ok(await eve.db.from("document_metadata").select("namespace")), [], "rows of a stranger");
});

Deno.test("a deleted document is gone, and its bytes can be registered again", async () => {
  const [ada, eve] = [await signUp(), await signUp()];
  await newChat(eve);
  const { id: document_id } = await register(ada, "https://example.org/a", ONE, { tags: { a: 1 } });
  hintedRefusal(await eve.db.rpc("delete_document", { document_id }), "PT404", 404, "document_id");
  const deleted = ok(await ada.db.rpc("delete_document", { document_id }).single());
  assert(deleted.deleted_at, "it does not say when it was deleted");
  equal(ok(await ada.db.rpc("delete_document", { document_id }).single()), deleted, "deleted again");
  equal(ok(await ada.db.from("documents").select("id")), [], "documents");
  equal(ok(await ada.db.from("document_metadata").select("tags")), [], "metadata");
  hintedRefusal(await ada.db.rpc("tag_document", { document_id, tags: {} }), "PT410", 410, "document_id");
  assert((await register(ada, "https://example.org/a", ONE)).id !== document_id, "the deleted document came back");
});

/** A checksum of letters, which no program mistakes for a number. */
const sum = (n: number) => "abcdef"[n].repeat(64);

/** Five documents of one owner, oldest first. Their sources end in 0 to 4. */
async function library(person: Person) {
  const rows = [];
  for (let n = 0; n < 5; n++) {
    const tags = { lang: n % 2 ? "de" : "en", topics: ["all", `topic ${n}`], year: 2020 + n };
    rows.push(await register(person, `https://example.org/${n}`, sum(n), { title: `Title ${n}`, tags }));
  }
  ok(await person.db.rpc("set_document_status", { document_id: rows[1].id, status: "ready" }));
  ok(await person.db.rpc("set_document_status", { document_id: rows[3].id, status: "failed", error: "empty" }));
  await register(person, "https://example.org/alias of 2", sum(2));
  return rows;
}

// deno-lint-ignore no-explicit-any
const titles = (answer: any) => ok(answer).map((row: { title: string }) => row.title.slice(-1)).join("");

Deno.test("documents are read by status, source, alias and time", async () => {
  const [ada, eve] = [await signUp(), await signUp()];
  const rows = await library(ada);
  await library(eve);
  const read = () => ada.db.from("documents").select("title").order("created_at");
  equal(titles(await read()), "01234", "all, oldest first");
  equal(titles(await read().eq("status", "pending")), "024", "pending");
  equal(titles(await read().in("status", ["ready", "failed"])), "13", "ready or failed");
  equal(titles(await read().eq("source_uri", "https://example.org/4")), "4", "of a source");
  equal(titles(await read().contains("aliases", ['"https://example.org/alias of 2"'])), "2", "of an alias");
  const of = ["https://example.org/alias of 2", "https://example.org/0"];
  const either = await read().or(`source_uri.eq."${of[1]}",aliases.cs.{"${of[0]}"}`);
  equal(titles(either), "02", "of a source or an alias");
  equal(titles(await read().gt("created_at", rows[2].created_at)), "34", "later than");
  const between = read().gte("created_at", rows[1].created_at).lt("created_at", rows[3].created_at);
  equal(titles(await between), "12", "from and before");
  const newest = ada.db.from("documents").select("title").order("created_at", { ascending: false }).limit(2);
  equal(titles(await newest), "43", "the newest two");
  equal(titles(await read().eq("checksum", sum(3))), "3", "of bytes");
});

Deno.test("documents are read by tags, directly and embedded", async () => {
  const [ada, eve] = [await signUp(), await signUp()];
  await library(ada);
  await library(eve);
  const tagged = ada.db.from("document_metadata").select("tags->year").contains("tags", { lang: "de" });
  // deno-lint-ignore no-explicit-any
  equal(ok(await tagged).map((row: any) => row.year).sort(), [2021, 2023], "years of tags in German");
  const inner = () => ada.db.from("documents").select("title, document_metadata!inner(tags)").order("created_at");
  equal(titles(await inner().contains("document_metadata.tags", { lang: "en" })), "024", "documents in English");
  const topic = inner().contains("document_metadata.tags", { topics: ["topic 3"] });
  equal(titles(await topic), "3", "documents of a topic");
  equal(titles(await topic.eq("status", "ready")), "", "documents of a topic that are ready");
  const [first] = ok(await ada.db.from("documents").select("title, document_metadata(namespace, tags)").limit(1));
  equal(first.document_metadata.length, 1, "namespaces");
});

Deno.test("documents and their metadata can be changed by the calls only", async () => {
  const ada = await signUp();
  const { id, tenant_id } = await register(ada, "https://example.org/a", ONE, { tags: { a: 1 } });
  for (const change of [{ status: "ready" }, { title: "x" }, { visibility: "tenant" }, { deleted_at: "2026-01-01" }]) {
    refusal(await ada.db.from("documents").update(change).eq("id", id), "42501", 403, "documents");
  }
  const row = { tenant_id, user_id: ada.id, source_uri: "x", checksum: TWO };
  refusal(await ada.db.from("documents").insert(row), "42501", 403, "documents");
  refusal(await ada.db.from("documents").update({ checksum: TWO }).eq("id", id), "42501", 403, "documents");
  refusal(await ada.db.from("documents").delete().eq("id", id), "42501", 403, "documents");
  const own = { document_id: id, tenant_id, user_id: ada.id, document_access: "private", namespace: "x" };
  refusal(await ada.db.from("document_metadata").insert(own), "42501", 403, "document_metadata");
  refusal(await ada.db.from("document_metadata").delete().eq("document_id", id), "42501", 403, "document_metadata");
  refusal(await ada.db.from("document_metadata").update({ tags: {} }).eq("document_id", id), "42501", 403, "document_metadata");
  const wrong = await service().from("documents").update({ status: "archived" }).eq("id", id).select("status").single();
  equal(ok(wrong).status, "archived", "service_role archives directly");
  const back = await service().from("documents").update({ status: "ready" }).eq("id", id);
  hintedRefusal(back, "PT409", 409, "status cannot go from archived to ready");
});

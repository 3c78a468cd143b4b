// document_checksum and register_document: duplicates, new versions, owners.

import { assert, columns, equal, ok } from "./assertions.ts";
import { anonymous, newChat, type Person, shareTenant, signUp } from "./people.ts";

const COLUMNS = [
  "aliases",
  "byte_size",
  "checksum",
  "created_at",
  "deleted_at",
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

Deno.test("a new document is created with what was said about it", async () => {
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

Deno.test("the same bytes are a duplicate, from wherever they come", async () => {
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

Deno.test("what others store is not a duplicate, and does not show", async () => {
  const [ada, ben, cleo] = [await signUp(), await signUp(), await signUp()];
  await newChat(ada);
  await shareTenant(ada, ben);
  const own = [];
  for (const person of [ada, ben, cleo]) own.push(await register(person, "https://example.org/a", ONE));
  equal(own.map((row) => row.outcome), ["created", "created", "created"], "outcomes");
  equal(new Set(own.map((row) => row.id)).size, 3, "documents");
  assert(ok(await cleo.db.from("documents").select("id")).length === 1, "a stranger sees more than their own document");
});

Deno.test("what a colleague shares with the tenant is a duplicate for who shares it too", async () => {
  const [ada, ben] = [await signUp(), await signUp()];
  await newChat(ada);
  await shareTenant(ada, ben);
  const first = await register(ada, "https://example.org/a", ONE, { visibility: "tenant" });
  const again = await register(ben, "https://example.org/a", ONE, { visibility: "tenant" });
  equal([again.outcome, again.id, again.user_id], ["duplicate", first.id, ada.id], "the colleague's registration");
});

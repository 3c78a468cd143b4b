// Real documents: the files of a documentation folder, registered by the checksum of their bytes.

import { checksum } from "chatkeep";
import { expect, inParallel, must, type Person, Progress } from "./support.ts";

const DOCUMENTS = 600;
const MOST_DUPLICATES = 150;
/** Files that are read to find that many documents with duplicates among them. */
const READ = 6_000;
const LARGEST = 1024 * 1024;
/** Documents whose checksum the database computes too, to compare. */
const SAMPLE = 10;
const WIDTH = 12;

interface Document {
  path: string;
  bytes: number;
  checksum: string;
}

/** Registers documents of the first of `folders` that has enough of them; `sample` is the id of one of them. */
export async function registerDocuments(folders: string[], owner: Person) {
  const { folder, documents } = await choose(folders);
  const distinct = new Set(documents.map((document) => document.checksum)).size;
  await compareWithDatabase(documents.slice(0, SAMPLE), owner);
  const progress = new Progress("Documents", documents.length, "documents");
  const outcomes: Record<string, number> = { created: 0, duplicate: 0 };
  let sample = "";
  await inParallel(documents, WIDTH, async ({ path, bytes, checksum }) => {
    const row = await must<{ outcome: string; id: string; checksum: string }>(
      "register_document",
      owner.chatkeep.rpc("register_document", {
        source_uri: `file://${path.split("/").map(encodeURIComponent).join("/")}`,
        checksum,
        title: path.slice(path.lastIndexOf("/") + 1),
        mime_type: path.endsWith(".html") ? "text/html" : "text/plain",
        byte_size: bytes,
        tags: { collection: "documentation" },
      }).single(),
    );
    expect(row.checksum === checksum, `${path} was stored with another checksum`);
    outcomes[row.outcome]++;
    sample ||= row.id;
    progress.advance();
  });
  const { seconds, rate } = progress.finish();
  const { created, duplicate: duplicates } = outcomes;
  const expected = documents.length - distinct;
  expect(created === distinct, `${created} documents were created, but ${distinct} are distinct`);
  expect(duplicates === expected, `${duplicates} duplicates were found, not ${expected}`);
  const bytes = documents.reduce((sum, document) => sum + document.bytes, 0);
  return { folder, documents: documents.length, distinct, duplicates, bytes, seconds, rate, sample };
}

async function choose(folders: string[]): Promise<{ folder: string; documents: Document[] }> {
  for (const folder of folders) {
    const documents: Document[] = [];
    for await (const path of files(folder)) {
      const content = await Deno.readFile(path);
      documents.push({ path, bytes: content.length, checksum: await must("checksum", checksum(content)) });
      if (documents.length === READ) break;
    }
    if (documents.length >= DOCUMENTS) return { folder, documents: withDuplicates(documents) };
  }
  const list = folders.join(", ");
  expect(false, `none of ${list} holds ${DOCUMENTS} documents; name folders that do in CHATKEEP_DOCUMENTS`);
}

/** Some documents that share their bytes with another one, then others, in the order of their paths. */
function withDuplicates(documents: Document[]): Document[] {
  const chosen = new Set<Document>();
  for (const same of Map.groupBy(documents, (document) => document.checksum).values()) {
    if (same.length > 1 && chosen.size + same.length <= MOST_DUPLICATES) same.forEach((one) => chosen.add(one));
  }
  expect(chosen.size > 0, `no two of the first ${documents.length} documents are the same`);
  for (const document of documents) {
    if (chosen.size < DOCUMENTS) chosen.add(document);
  }
  return documents.filter((document) => chosen.has(document));
}

/** The HTML and text files below a folder, sorted by path, without links. */
async function* files(folder: string): AsyncGenerator<string> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const { name, isDirectory, isFile } of entries) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* files(path);
    if (!isFile || !/\.(html?|md|txt)$|^(README|copyright|NEWS|AUTHORS)/i.test(name)) continue;
    const { size } = await Deno.stat(path);
    if (size > 0 && size <= LARGEST) yield path;
  }
}

/** The checksum computed here, in WASM, must be the one the database computes from the same bytes. */
async function compareWithDatabase(documents: Document[], owner: Person): Promise<void> {
  for (const { path, checksum } of documents) {
    const content = `\\x${(await Deno.readFile(path)).toHex()}`;
    const answer = await must<string>("document_checksum", owner.chatkeep.rpc("document_checksum", { content }));
    expect(answer === checksum, `the database's checksum of ${path} differs from the one computed here`);
  }
}

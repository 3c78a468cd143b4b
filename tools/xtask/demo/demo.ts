// The demo: real conversations and documents, stored through supabase-js under row level security.
//
// Environment: CHATKEEP_URL, CHATKEEP_ANON_KEY, CHATKEEP_SERVICE_KEY (of the gateway), CHATKEEP_DATASET (chitchat's
// dataset.json), CHATKEEP_DOCUMENTS (folders of documents, separated by ":"), CHATKEEP_SUMMARY (optional: a file
// for the counts, as JSON). Summary on stdout, progress on stderr. Exit 1 as soon as something is not as promised.

import type { Message } from "chatkeep";
import { importConversations } from "./conversations.ts";
import { registerDocuments } from "./documents.ts";
import { must, Unmet } from "./expect.ts";
import { showIsolation } from "./isolation.ts";
import { liveTurn, rotations } from "./live.ts";
import { type Person, signUpThree } from "./people.ts";

async function main(): Promise<void> {
  const started = performance.now();
  const people = await signUpThree(given("CHATKEEP_URL"), given("CHATKEEP_ANON_KEY"), given("CHATKEEP_SERVICE_KEY"));
  const { ada, ben, cleo, anonymous } = people;
  const [engine] = await must<{ engine: string; version: string; schema_version: string }[]>(
    "engine",
    anonymous.rpc("engine"),
  );
  say(`Chatkeep ${engine.version}, ${engine.engine} engine, schema ${engine.schema_version}`);
  say(`Signed up Ada, Ben and Cleo. Ada and Ben share tenant ${ada.tenant}, Cleo has her own.`);

  const conversations = await importConversations(given("CHATKEEP_DATASET"), [ada, ben, cleo]);
  say(
    `Conversations: ${number(conversations.chats)} chats, ${number(conversations.messages)} messages in ` +
      `${conversations.seconds.toFixed(1)} s, ${number(conversations.rate)} messages/s`,
    `  ${conversations.selection}; the first speaker is stored as user, the other as assistant`,
  );

  const documents = await registerDocuments(given("CHATKEEP_DOCUMENTS").split(":"), ada);
  say(
    `Documents: ${number(documents.documents)} files (${
      (documents.bytes / 1024 / 1024).toFixed(1)
    } MiB) of ${documents.folder} in ` +
      `${documents.seconds.toFixed(1)} s, ${number(documents.rate)} documents/s`,
    `  ${number(documents.distinct)} stored, ${number(documents.duplicates)} recognised as duplicates by checksum`,
  );

  const { sample } = conversations;
  const turn = await liveTurn(sample.owner, sample.id);
  say(
    `Live turn through the WASM module: messages ${turn.question.seq} and ${turn.answer.seq}; the retry stored nothing`,
    `  content with a NUL character never leaves the client: ${turn.refusal}`,
  );

  say("A session:", ...(await rotations(ada, anonymous)).map((line) => `  ${line}`));
  say(
    "Isolation:",
    ...(await showIsolation(people, { chat: sample.id, document: documents.sample })).map((line) => `  ${line}`),
  );

  const page = await must<Message[]>(
    "list_messages",
    sample.owner.chatkeep.rpc("list_messages", { chat_id: sample.id, page_size: 20 }),
  );
  say(`One conversation of ${sample.owner.name}'s, as list_messages gives it:`, ...page.map(lineOf));

  const counts = await countRows([ada, ben, cleo]);
  const seconds = (performance.now() - started) / 1000;
  say(
    "Rows, as their owners read them: " +
      Object.entries(counts).map(([table, rows]) => `${table} ${number(rows)}`).join(", "),
    `Demo finished in ${seconds.toFixed(1)} s.`,
  );
  const summary = Deno.env.get("CHATKEEP_SUMMARY");
  if (summary) {
    const { sample: _, ...imported } = conversations;
    await Deno.writeTextFile(
      summary,
      JSON.stringify({ engine, counts, conversations: imported, documents, seconds }, null, 2) + "\n",
    );
  }
}

/** What each owner sees of their own, added up: tables with a shared row count it once. */
async function countRows(owners: Person[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of ["users", "sessions", "chats", "messages", "documents", "document_metadata"]) {
    counts[table] = 0;
    for (const owner of owners) {
      const column = table === "users" ? "id" : "user_id";
      const read = owner.chatkeep.from(table).select(column, { count: "exact", head: true }).eq(column, owner.id);
      const { count, error } = await read;
      if (error || count === null) {
        throw new Unmet(`counting ${table} failed: ${error?.message ?? "no count came back"}`);
      }
      counts[table] += count;
    }
  }
  return counts;
}

function lineOf({ seq, role, created_at, content }: Message): string {
  const line = content.replace(/\s+/g, " ");
  return `  ${String(seq).padStart(3)}  ${created_at.slice(0, 23)}  ${role.padEnd(9)}  ${
    line.length > 90 ? `${line.slice(0, 89)}…` : line
  }`;
}

function say(...lines: string[]): void {
  console.log(lines.join("\n") + "\n");
}

function number(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function given(name: string): string {
  const value = Deno.env.get(name);
  if (!value) throw new Unmet(`${name} is not set`);
  return value;
}

try {
  await main();
} catch (error) {
  console.error(`demo: ${error instanceof Unmet ? error.message : error instanceof Error ? error.stack : error}`);
  Deno.exit(1);
}

// The demo: real conversations and documents, stored through supabase-js under row level security.
//
// Environment: CHATKEEP_URL, CHATKEEP_ANON_KEY, CHATKEEP_SERVICE_KEY (of the gateway), CHATKEEP_DATASET (chitchat's
// dataset.json), CHATKEEP_DOCUMENTS (folders of documents, separated by ":"). Summary on stdout, progress on stderr. Exit 1 as
// soon as something is not as promised.

import type { Message } from "chatkeep";
import { importConversations } from "./conversations.ts";
import { registerDocuments } from "./documents.ts";
import { showIsolation } from "./isolation.ts";
import { liveTurn, rotations } from "./live.ts";
import { expect, must, type Person, signUpThree, Unmet } from "./support.ts";

async function main(): Promise<void> {
  const started = performance.now();
  const people = await signUpThree(given("CHATKEEP_URL"), given("CHATKEEP_ANON_KEY"), given("CHATKEEP_SERVICE_KEY"));
  const { ada, ben, cleo, anonymous } = people;
  const [engine] = await must<Record<string, string>[]>("engine", anonymous.rpc("engine"));
  say(`Chatkeep ${engine.version}, ${engine.engine} engine, schema ${engine.schema_version}`);
  say(`Signed up Ada, Ben and Cleo. Ada and Ben share tenant ${ada.tenant}, Cleo has her own.`);

  const { sample, ...chats } = await importConversations(given("CHATKEEP_DATASET"), [ada, ben, cleo]);
  say(
    `Conversations: ${number(chats.chats)} chats, ${number(chats.messages)} messages in ${chats.seconds.toFixed(1)} s, ` +
      `${number(chats.rate)} messages/s`,
    `  ${chats.selection}; the first speaker is stored as user, the other as assistant`,
  );

  const documents = await registerDocuments(given("CHATKEEP_DOCUMENTS").split(":"), ada);
  const size = (documents.bytes / 1024 / 1024).toFixed(1);
  say(
    `Documents: ${number(documents.documents)} files (${size} MiB) of ${documents.folder} in ` +
      `${documents.seconds.toFixed(1)} s, ${number(documents.rate)} documents/s`,
    `  ${number(documents.distinct)} stored, ${number(documents.duplicates)} recognised as duplicates by checksum`,
  );

  const turn = await liveTurn(sample.owner, sample.id);
  say(
    `Live turn through the WASM module: messages ${turn.question.seq} and ${turn.answer.seq}; the retry stored nothing`,
    `  content with a NUL character never leaves the client: ${turn.refusal}`,
  );
  say("A session:", ...(await rotations(ada, anonymous)).map((line) => `  ${line}`));
  const isolation = await showIsolation(people, { chat: sample.id, document: documents.sample });
  say("Isolation:", ...isolation.map((line) => `  ${line}`));

  const listed = sample.owner.chatkeep.rpc("list_messages", { chat_id: sample.id, page_size: 20 });
  const page = await must<Message[]>("list_messages", listed);
  say(`One conversation of ${sample.owner.name}'s, as list_messages gives it:`, ...page.map(lineOf));
  say(
    `Rows, as their owners read them: ${await countRows([ada, ben, cleo])}`,
    `Demo finished in ${((performance.now() - started) / 1000).toFixed(1)} s.`,
  );
}

/** What each owner sees of their own, added up: tables with a shared row count it once. */
async function countRows(owners: Person[]): Promise<string> {
  const counts: string[] = [];
  for (const table of ["users", "sessions", "chats", "messages", "documents", "document_metadata"]) {
    const column = table === "users" ? "id" : "user_id";
    let sum = 0;
    for (const { id, chatkeep } of owners) {
      const { count, error } = await chatkeep.from(table).select(column, { count: "exact", head: true }).eq(column, id);
      expect(!error && count !== null, `counting ${table} failed: ${error?.message ?? "no count came back"}`);
      sum += count;
    }
    counts.push(`${table} ${number(sum)}`);
  }
  return counts.join(", ");
}

function lineOf({ seq, role, created_at, content }: Message): string {
  const line = content.replace(/\s+/g, " ");
  const short = line.length > 90 ? `${line.slice(0, 89)}…` : line;
  return `  ${String(seq).padStart(3)}  ${created_at.slice(0, 23)}  ${role.padEnd(9)}  ${short}`;
}

function say(...lines: string[]): void {
  console.log(lines.join("\n") + "\n");
}

function number(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function given(name: string): string {
  const value = Deno.env.get(name);
  expect(value, `${name} is not set`);
  return value;
}

try {
  await main();
} catch (error) {
  console.error(`demo: ${error instanceof Unmet ? error.message : error instanceof Error ? error.stack : error}`);
  Deno.exit(1);
}

// What one person sees of another's: nothing, and an error that does not tell a foreign chat from an unknown one.

import { type Client, expect, must, type People, type Person, refused } from "./support.ts";

/** Lines that say what was tried with Ada's chat and document, and what came back. */
export async function showIsolation(people: People, owned: { chat: string; document: string }): Promise<string[]> {
  const { ada, ben, cleo, anonymous } = people;
  const lines: string[] = [];
  const append = (client: Client, chat_id: string) =>
    client.rpc("append_message", { chat_id, role: "user", content: "may I?" });

  for (const stranger of [ben, cleo]) {
    for (
      const [table, column, value] of [
        ["chats", "id", owned.chat],
        ["messages", "chat_id", owned.chat],
        ["sessions", "user_id", ada.id],
        ["documents", "id", owned.document],
      ]
    ) {
      const read = stranger.chatkeep.from(table).select("id").eq(column, value);
      const rows = await must<unknown[]>(`reading ${table}`, read);
      expect(rows.length === 0, `${stranger.name} reads ${rows.length} ${table} of Ada's`);
    }
    const whose = stranger.tenant === ada.tenant ? "same tenant" : "other tenant";
    lines.push(`${stranger.name} (${whose}) reads 0 of Ada's chats, messages, sessions and private documents`);

    const foreign = await refused(`${stranger.name}'s append`, "PT404", append(stranger.chatkeep, owned.chat));
    const unknown = await refused(`${stranger.name}'s append`, "PT404", append(stranger.chatkeep, crypto.randomUUID()));
    expect(foreign === unknown, `a foreign chat and an unknown one are refused differently: ${foreign} / ${unknown}`);
    lines.push(`${stranger.name} appends to Ada's chat: ${foreign}, the same as for a chat that does not exist`);
  }

  for (const table of ["chats", "messages", "documents"]) {
    await refused(`anon reading ${table}`, "42501", anonymous.from(table).select("id").limit(1));
  }
  // Sessions are the exception: whoever presents a token may see its row, and nobody did here.
  const sessions = await must<unknown[]>("anon reading sessions", anonymous.from("sessions").select("id"));
  expect(sessions.length === 0, `anon reads ${sessions.length} sessions`);
  lines.push(`Nobody signed in: ${await refused("anon's append", "42501", append(anonymous, owned.chat))}`);
  return [...lines, await sharedDocument(people)];
}

/** A document for the whole tenant is what two people of one tenant do share. */
async function sharedDocument({ ada, ben, cleo }: People): Promise<string> {
  const document = await must<{ id: string }>(
    "register_document",
    ada.chatkeep.rpc("register_document", {
      source_uri: "https://example.org/handbook",
      checksum: crypto.getRandomValues(new Uint8Array(32)).toHex(),
      title: "Handbook",
      visibility: "tenant",
    }).single(),
  );
  const seenBy = async ({ chatkeep }: Person) => {
    const read = chatkeep.from("documents").select("title").eq("id", document.id);
    return (await must<unknown[]>("reading documents", read)).length;
  };
  expect(await seenBy(ben) === 1, "Ben does not see the document that Ada shares with the tenant");
  expect(await seenBy(cleo) === 0, "Cleo sees a document of a tenant that is not hers");
  return "A document that Ada shares with her tenant: Ben reads it, Cleo does not";
}

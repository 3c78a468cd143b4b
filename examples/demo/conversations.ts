// Real conversations: chitchat-dataset, two people each, imported through create_chat and append_message.

import { expect, inParallel, must, type Person, Progress } from "./support.ts";

const CHATS = 1_000;
/** A conversation longer than this is left out, so that the demo ends within two minutes; the summary says so. */
const LONGEST = 40;
/** Chats in flight. Within a chat, messages go one after the other: their order is the conversation. */
const WIDTH = 16;

interface Utterance {
  text: string;
  timestamp: string;
  sender: string;
}
type Conversation = [id: string, utterances: Utterance[]];

/** The first chats of the data set in which both people speak, of bounded length. */
async function choose(path: string): Promise<Conversation[]> {
  const dataset: Record<string, { messages: Utterance[][] }> = JSON.parse(await Deno.readTextFile(path));
  const all = Object.entries(dataset).map(([id, { messages }]): Conversation => [id, messages.flat()]);
  const chosen = all.filter(([, said]) => said.length <= LONGEST && new Set(said.map((one) => one.sender)).size === 2);
  expect(chosen.length >= CHATS, `${path} holds only ${chosen.length} conversations of two people`);
  return chosen.slice(0, CHATS);
}

/** What was imported, and one chat, with its owner, to show. */
export async function importConversations(path: string, owners: Person[]) {
  const conversations = await choose(path);
  const messages = conversations.reduce((sum, [, utterances]) => sum + utterances.length, 0);
  const progress = new Progress("Conversations", messages, "messages");
  let sample: { id: string; owner: Person } | undefined;
  await inParallel(conversations, WIDTH, async ([id, utterances], index) => {
    const owner = owners[index % owners.length];
    const title = utterances.find(({ text }) => text.trim() !== "")?.text.trim() ?? "";
    const chat = await must<{ id: string }>(
      "create_chat",
      owner.chatkeep.rpc("create_chat", {
        title: Array.from(title).slice(0, 80).join("") || null,
        metadata: { dataset: "chitchat", id },
      }).single(),
    );
    for (const { text, timestamp, sender } of utterances) {
      await must(
        "append_message",
        owner.chatkeep.rpc("append_message", {
          chat_id: chat.id,
          // The data set knows two people, not an assistant: who spoke first is stored as the user.
          role: sender === utterances[0].sender ? "user" : "assistant",
          content: text,
          metadata: { sender, sent_at: timestamp },
        }).select("seq").single(),
      );
      progress.advance();
    }
    if (owner === owners[0] && isPresentable(utterances)) sample ??= { id: chat.id, owner };
  });
  const { seconds, rate } = progress.finish();
  expect(sample, "no conversation of 8 to 12 messages was imported, so there is none to show");
  const selection = `the first ${CHATS.toLocaleString("en")} conversations of the data set in which both people speak, ` +
    `of at most ${LONGEST} messages`;
  return { chats: conversations.length, messages, seconds, rate, selection, sample };
}

/** Short enough for a page, and without what looks like a telephone number or an address of somebody's. */
function isPresentable(utterances: Utterance[]): boolean {
  const { length } = utterances;
  return length >= 8 && length <= 12 && !utterances.some(({ text }) => /\d{3}|@|\.com/.test(text));
}

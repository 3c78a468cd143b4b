// Real conversations: chitchat-dataset, two people each, imported through create_chat and append_message.

import { expect, must } from "./expect.ts";
import type { Person } from "./people.ts";
import { inParallel, Progress } from "./progress.ts";

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
interface Conversation {
  id: string;
  utterances: Utterance[];
}

export interface Imported {
  chats: number;
  messages: number;
  seconds: number;
  rate: number;
  selection: string;
  /** One imported chat, with its owner, to show. */
  sample: { id: string; owner: Person; length: number };
}

/** The first chats of the data set in which both people speak, of bounded length. */
async function choose(path: string): Promise<Conversation[]> {
  const dataset: Record<string, { messages: Utterance[][] }> = JSON.parse(await Deno.readTextFile(path));
  const chosen: Conversation[] = [];
  for (const [id, { messages }] of Object.entries(dataset)) {
    const utterances = messages.flat();
    const speakers = new Set(utterances.map((utterance) => utterance.sender));
    if (speakers.size === 2 && utterances.length <= LONGEST) chosen.push({ id, utterances });
    if (chosen.length === CHATS) return chosen;
  }
  expect(false, `${path} holds only ${chosen.length} conversations of two people and at most ${LONGEST} messages`);
}

export async function importConversations(path: string, owners: Person[]): Promise<Imported> {
  const conversations = await choose(path);
  const total = conversations.reduce((sum, conversation) => sum + conversation.utterances.length, 0);
  const progress = new Progress("Conversations", total, "messages");
  let sample: Imported["sample"] | undefined;

  await inParallel(conversations, WIDTH, async ({ id, utterances }, index) => {
    const owner = owners[index % owners.length];
    const chat = await must<{ id: string }>(
      "create_chat",
      owner.chatkeep.rpc("create_chat", { title: titleOf(utterances), metadata: { dataset: "chitchat", id } }).single(),
    );
    // The data set knows two people, not an assistant: who spoke first is stored as the user.
    const firstSpeaker = utterances[0].sender;
    for (const { text, timestamp, sender } of utterances) {
      await must(
        "append_message",
        owner.chatkeep.rpc("append_message", {
          chat_id: chat.id,
          role: sender === firstSpeaker ? "user" : "assistant",
          content: text,
          metadata: { sender, sent_at: timestamp },
        }).select("seq").single(),
      );
      progress.advance();
    }
    if (owner === owners[0] && isPresentable(utterances)) sample ??= { id: chat.id, owner, length: utterances.length };
  });

  const { seconds, rate } = progress.finish();
  expect(sample, "no conversation of 8 to 12 messages was imported, so there is none to show");
  const selection =
    `the first ${CHATS.toLocaleString("en")} conversations of the data set in which both people speak, ` +
    `of at most ${LONGEST} messages`;
  return { chats: conversations.length, messages: total, seconds, rate, selection, sample };
}

/** Short enough for a page, and without what looks like a telephone number or an address of somebody's. */
function isPresentable(utterances: Utterance[]): boolean {
  return utterances.length >= 8 && utterances.length <= 12 &&
    !utterances.some(({ text }) => /\d{3}|@|\.com/.test(text));
}

function titleOf(utterances: Utterance[]): string | null {
  const said = utterances.find((utterance) => utterance.text.trim() !== "")?.text.trim();
  return said === undefined ? null : Array.from(said).slice(0, 80).join("");
}

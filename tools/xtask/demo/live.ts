// A live turn and a session, through the WASM module.

import { type Chatkeep, chatkeep, type Message, uuidv7 } from "chatkeep";
import { expect, must } from "./expect.ts";
import type { Client, Person } from "./people.ts";

export interface Turn {
  question: Message;
  answer: Message;
  /** How the module refused content that PostgreSQL cannot store, before any request. */
  refusal: string;
}

/** One question and its answer, a retry that stores nothing, and a refusal without a request. */
export async function liveTurn(owner: Person, chatId: string): Promise<Turn> {
  const ck = chatkeep(owner.supabase);
  const messageId = uuidv7();
  const ask = () =>
    ck.appendMessage({ chatId, messageId, role: "user", content: "And what shall we talk about next?" });
  const question = await must("appendMessage", ask());
  const retried = await must("appendMessage, again", ask());
  expect(retried.seq === question.seq, "a retry with the same messageId stored the message twice");
  const answer = await must(
    "appendMessage",
    ck.appendMessage({ chatId, role: "assistant", content: "Whatever you like: I keep it.", parentId: question.id }),
  );
  expect(answer.seq === question.seq + 1, "the answer does not follow the question");

  const { error } = await ck.appendMessage({ chatId, role: "user", content: "no\u0000where" });
  expect(
    error?.code === "22023" && error.argument === "content",
    "content with a NUL character was not refused by name",
  );
  return { question, answer, refusal: `${error.code} ${error.message}` };
}

/** Opens a session, rotates it twice, presents a spent token. The lines say what came back. */
export async function rotations(owner: Person, anonymous: Client): Promise<string[]> {
  const lines: string[] = [];
  const session = await must(
    "createSession",
    chatkeep(owner.supabase).createSession({ userAgent: "demo", ttl: "1 day" }),
  );
  const ck = chatkeep({ schema: () => anonymous });
  const first = session.token;
  lines.push(`created        ${shown(first)}`);

  const second = await rotate(ck, first, "rotated", lines);
  const again = await rotate(ck, first, "replayed", lines);
  expect(again === second, "the first token, presented again at once, gave another successor");
  const third = await rotate(ck, second, "rotated", lines);
  // The successor was used, so the first token is spent for good.
  await rotate(ck, first, "reuse_detected", lines);

  const last = await must("validateSession", ck.validateSession({ token: third }));
  expect(last.status === "revoked", `after the reuse, the newest token is ${last.status}, not revoked`);
  lines.push(`${last.status.padEnd(14)} ${shown(third)}, the newest token: the session is over for everybody`);

  const row = await must<{ revoked_reason: string | null; revoked_at: string | null }>(
    "reading the session",
    owner.chatkeep.from("sessions").select("revoked_at, revoked_reason").eq("id", session.session_id).single(),
  );
  expect(row.revoked_at !== null, "the session's row does not say that it was revoked");
  return lines;
}

async function rotate(ck: Chatkeep, token: string, status: string, lines: string[]): Promise<string> {
  const row = await must("rotateSession", ck.rotateSession({ token }));
  expect(row.status === status, `rotating answered ${row.status}, not ${status}`);
  lines.push(`${row.status.padEnd(14)} ${shown(token)}${row.token ? ` -> ${shown(row.token)}` : ""}`);
  return row.token ?? "";
}

/** Enough of a token to tell it from another, too little to use it. */
function shown(token: string): string {
  return `${token.slice(0, 4)}...${token.slice(-4)}`;
}

// A live turn and a session, through the WASM module.

import { chatkeep, uuidv7 } from "chatkeep";
import { type Client, expect, must, type Person } from "./support.ts";

/** One question and its answer, a retry that stores nothing, and a refusal without a request. */
export async function liveTurn(owner: Person, chatId: string) {
  const ck = chatkeep(owner.supabase);
  const messageId = uuidv7();
  const ask = () =>
    ck.appendMessage({ chatId, messageId, role: "user", content: "And what shall we talk about next?" });
  const question = await must("appendMessage", ask());
  const retried = await must("appendMessage, again", ask());
  expect(retried.seq === question.seq, "a retry with the same messageId stored the message twice");
  const content = "Whatever you like: I keep it.";
  const answered = ck.appendMessage({ chatId, role: "assistant", content, parentId: question.id });
  const answer = await must("appendMessage", answered);
  expect(answer.seq === question.seq + 1, "the answer does not follow the question");

  // Content that PostgreSQL cannot store.
  const { error } = await ck.appendMessage({ chatId, role: "user", content: "no\u0000where" });
  const isNamed = error?.code === "22023" && error.argument === "content";
  expect(isNamed, "content with a NUL character was not refused by name");
  return { question, answer, refusal: `${error.code} ${error.message}` };
}

/** Opens a session, rotates it twice, presents a spent token. The lines say what came back. */
export async function rotations(owner: Person, anonymous: Client): Promise<string[]> {
  const opened = chatkeep(owner.supabase).createSession({ userAgent: "demo", ttl: "1 day" });
  const { session_id, token: first } = await must("createSession", opened);
  const ck = chatkeep({ schema: () => anonymous });
  const lines = [`created        ${shown(first)}`];
  const rotate = async (token: string, status: string): Promise<string> => {
    const row = await must("rotateSession", ck.rotateSession({ token }));
    expect(row.status === status, `rotating answered ${row.status}, not ${status}`);
    lines.push(`${row.status.padEnd(14)} ${shown(token)}${row.token ? ` -> ${shown(row.token)}` : ""}`);
    return row.token ?? "";
  };

  const second = await rotate(first, "rotated");
  const again = await rotate(first, "replayed");
  expect(again === second, "the first token, presented again at once, gave another successor");
  const third = await rotate(second, "rotated");
  // The successor was used, so the first token is spent for good.
  await rotate(first, "reuse_detected");

  const { status } = await must("validateSession", ck.validateSession({ token: third }));
  expect(status === "revoked", `after the reuse, the newest token is ${status}, not revoked`);
  lines.push(`${status.padEnd(14)} ${shown(third)}, the newest token: the session is over for everybody`);
  const row = owner.chatkeep.from("sessions").select("revoked_at").eq("id", session_id).single();
  const { revoked_at } = await must<{ revoked_at: string | null }>("reading the session", row);
  expect(revoked_at !== null, "the session's row does not say that it was revoked");
  return lines;
}

/** Enough of a token to tell it from another, too little to use it. */
function shown(token: string): string {
  return `${token.slice(0, 4)}...${token.slice(-4)}`;
}

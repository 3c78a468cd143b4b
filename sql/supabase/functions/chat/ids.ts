// The ids of a turn, derived from the request, so that a retry has the same ones.

import { toUuid } from "chatkeep";

const MINUTE = 60_000;

interface Turn {
  chatId?: string;
  messageId?: string;
  text: string;
}

/** `isStored(chatId, id)` tells whether a message is stored. */
export async function idsOf(request: Request, turn: Turn, isStored: (chatId: string, id: string) => Promise<boolean>) {
  if (turn.messageId) return idsFor(turn, turn.messageId);
  const minute = Math.floor(Date.now() / MINUTE);
  const key = (at: number) => JSON.stringify([userOf(request), turn.chatId ?? null, turn.text, at]);
  // The first request may have come just before the minute was full.
  const before = idsFor(turn, key(minute - 1));
  return await isStored(before.chatId, before.questionId) ? before : idsFor(turn, key(minute));
}

function idsFor({ chatId }: Turn, key: string) {
  const questionId = toUuid(key);
  return { chatId: toUuid(chatId ?? `the chat of ${questionId}`), questionId, answerId: toUuid(`the answer to ${questionId}`) };
}

/** The user of the request's JWT. Nothing is decided by it: it keeps the ids of users apart. */
function userOf(request: Request): string {
  try {
    const [, claims] = (request.headers.get("Authorization") ?? "").split(".");
    return JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))).sub;
  } catch {
    return "";
  }
}

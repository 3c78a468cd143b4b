// What the user wrote, checked before anything is stored.

import type { ChatkeepError } from "chatkeep";

/** The longest content of a message, in bytes. */
const LONGEST = 1024 * 1024;

/** Why a text cannot be stored; null if it can. */
export function faultIn(text: unknown): ChatkeepError | null {
  if (typeof text !== "string" || text.trim() === "") return fault("is missing", "Send what the user wrote as text.");
  if (/\0|\p{Surrogate}/u.test(text)) return fault("has a character that cannot be stored", "Remove U+0000 and halves of surrogate pairs.");
  if (new TextEncoder().encode(text).length > LONGEST) return fault(`is longer than ${LONGEST} bytes`, "Split it, or attach it as a file.");
  return null;
}

function fault(rule: string, hint: string): ChatkeepError {
  return { code: "22023", status: 400, argument: "text", message: `text ${rule}`, details: null, hint, retryable: false };
}

// A reversible escape for what Postgres cannot store as text: U+0000, and halves of surrogate pairs without their other half.
//
// Each of them is written as MARK and the four hexadecimal digits of its UTF-16 unit. MARK itself is written twice, always, so
// that text which contains an escape comes back as it was. MARK is the last private-use character: nobody writes it.

const MARK = "\u{10FFFD}";

const UNSTORABLE = /\u{10FFFD}|\0|\p{Surrogate}/gu;
// The same in JSON: JSON.stringify writes what cannot be stored as an escape. The last alternative skips every other escape.
const UNSTORABLE_IN_JSON = /\u{10FFFD}|\\(?:u(0000|d[89a-f][0-9a-f]{2})|[^])/gu;
const ESCAPED = /\u{10FFFD}(\u{10FFFD}|0000|d[89a-f][0-9a-f]{2})/gu;

const twice = (text) => (text.includes(MARK) ? text.replaceAll(MARK, MARK + MARK) : text);

/** Text as it is stored. Without `escapes` it keeps what cannot be stored, which is refused afterwards. */
export function escapeText(text, escapes) {
  if (!escapes) return twice(text);
  return text.replace(UNSTORABLE, (found) => MARK + (found === MARK ? MARK : hex(found)));
}

/** The same for JSON that JSON.stringify wrote. */
export function escapeJson(written, escapes) {
  if (!escapes) return twice(written);
  return written.replace(UNSTORABLE_IN_JSON, (found, unit) => (found === MARK ? MARK + MARK : unit ? MARK + unit : found));
}

const hex = (unit) => unit.charCodeAt(0).toString(16).padStart(4, "0");

/** What was escaped. Text that is no escape stays as it is. */
export function unescapeText(text) {
  if (!text.includes(MARK)) return text;
  return text.replace(ESCAPED, (_, found) => (found === MARK ? MARK : String.fromCharCode(parseInt(found, 16))));
}

/** The same for every text and key in a JSON value. */
function unescapeJson(value) {
  if (typeof value === "string") return unescapeText(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(unescapeJson);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [unescapeText(key), unescapeJson(inner)]));
}

// The rows that `readable` returned. What it has read must not be read twice.
const read = new WeakSet();

/** A row with the text of messages as it was before it was escaped. */
export function readable(row) {
  if (typeof row !== "object" || row === null || read.has(row)) return row;
  const legible = { ...row };
  for (const column of ["content", "preview", "snippet"]) {
    if (typeof row[column] === "string") legible[column] = unescapeText(row[column]);
  }
  // Metadata of chats and documents are never escaped.
  for (const column of "content" in row ? ["parts", "metadata"] : []) {
    if (column in row) legible[column] = unescapeJson(row[column]);
  }
  if (Array.isArray(row.messages)) legible.messages = row.messages.map(readable);
  read.add(legible);
  return legible;
}

// Exposes a schema in a project's supabase/config.toml: adds one string to api.schemas and changes nothing else, not even
// comments and spaces. So it edits the file as text, and then checks the result with a TOML parser.

import * as jsonc from "jsonc-parser";
import { parse } from "smol-toml";
import { isDeepStrictEqual } from "node:util";

/** The CLI's default for api.schemas. Source: the config.toml that `supabase init` writes. */
const DEFAULT_SCHEMAS = ["public", "graphql_public"];

/**
 * Whether a configuration exposes `schema`. Returns
 *   exposure   "there"; "missing", with the changed text as `exposing`; or "unclear" if the user has to change it
 *   hiddenIn   the branches ([remotes.NAME]) whose own list lacks the schema
 * Throws the parser's error for text that it cannot read.
 */
export function exposure(text, name, schema) {
  const isToml = name.endsWith(".toml");
  const before = isToml ? parse(text) : parseJson(text);
  const hiddenIn = Object.entries(before.remotes ?? {})
    .filter(([, remote]) => Array.isArray(remote?.api?.schemas) && !remote.api.schemas.includes(schema))
    .map(([branch]) => branch);
  const listed = before.api?.schemas ?? DEFAULT_SCHEMAS;
  if (!Array.isArray(listed)) return { exposure: "unclear", hiddenIn };
  if (listed.includes(schema)) return { exposure: "there", hiddenIn };
  const exposing = isToml ? expose(text, before, [...listed, schema]) : undefined;
  return { exposure: exposing === undefined ? "unclear" : "missing", exposing, hiddenIn };
}

/** The text with these schemas, of which the last is new; undefined if the list is written in an unknown way. */
function expose(text, before, schemas) {
  const wanted = plain({ ...before, api: { ...before.api, schemas } });
  const candidates = [longerList(text, schemas.at(-1)), newKey(text, schemas), newTable(text, schemas)];
  return candidates.find((candidate) => isDeepStrictEqual(meaning(candidate), wanted));
}

/** JSON with comments and trailing commas, as config.jsonc may have them. */
function parseJson(text) {
  const faults = [];
  const value = jsonc.parse(text, faults, { allowTrailingComma: true });
  const [first] = faults;
  if (first) {
    const line = text.slice(0, first.offset).split("\n").length;
    throw new SyntaxError(`${jsonc.printParseErrorCode(first.error)} in line ${line}`);
  }
  return value;
}

function meaning(text) {
  try {
    return text === undefined ? undefined : plain(parse(text));
  } catch {
    return undefined;
  }
}

/** Tables without their prototypes: those of the parser's tables differ from those of ours. */
const plain = (tables) => JSON.parse(JSON.stringify(tables));

/** Adds an entry to `schemas = [...]` below `[api]`, in the style of the last entry. */
function longerList(text, schema) {
  const table = apiTable(text);
  const key = table && /^[ \t]*schemas[ \t]*=[ \t]*\[/m.exec(text.slice(table.start, table.end));
  if (!key) return undefined;
  const start = table.start + key.index + key[0].length;
  const last = lastString(text, start);
  if (last === undefined) return `${text.slice(0, start)}"${schema}"${text.slice(start)}`;
  const line = text.lastIndexOf("\n", last.start) + 1;
  const before = text.slice(line, last.start);
  // A list with one entry per line keeps that form.
  const gap = line > start && before.trim() === "" ? newline(text) + before : " ";
  return `${text.slice(0, last.end)},${gap}"${schema}"${text.slice(last.end)}`;
}

/** The position of the last string in the array that begins at `start`. */
function lastString(text, start) {
  const token = /#[^\n]*|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\]/g;
  token.lastIndex = start;
  let last;
  for (let found = token.exec(text); found && found[0] !== "]"; found = token.exec(text)) {
    if (!found[0].startsWith("#")) last = { start: found.index, end: token.lastIndex };
  }
  return last;
}

function newKey(text, schemas) {
  const table = apiTable(text);
  return table && `${text.slice(0, table.start)}${keyOf(schemas)}${newline(text)}${text.slice(table.start)}`;
}

function newTable(text, schemas) {
  const end = newline(text);
  const gap = text === "" || text.endsWith(`${end}${end}`) ? "" : text.endsWith("\n") ? end : end + end;
  return `${text}${gap}[api]${end}${keyOf(schemas)}${end}`;
}

/** The lines between the header `[api]` and the next one. */
function apiTable(text) {
  const header = /^[ \t]*\[[ \t]*api[ \t]*\][^\n]*\n/m.exec(text);
  if (!header) return undefined;
  const start = header.index + header[0].length;
  const next = /^[ \t]*\[/m.exec(text.slice(start));
  return { start, end: next ? start + next.index : text.length };
}

const keyOf = (schemas) => `schemas = [${schemas.map((schema) => JSON.stringify(schema)).join(", ")}]`;
const newline = (text) => (text.includes("\r\n") ? "\r\n" : "\n");

// Exposes a schema in a project's supabase/config.toml: one string more in api.schemas, and nothing else changed, neither
// a comment nor a blank. The file is edited as text; a TOML parser then says whether that text means what was wanted.

import * as jsonc from "jsonc-parser";
import { parse } from "smol-toml";
import { isDeepStrictEqual } from "node:util";

/** What the CLI takes where config.toml does not say. Source: the config.toml that `supabase init` writes. */
const DEFAULT_SCHEMAS = ["public", "graphql_public"];

/**
 * Whether a configuration exposes `schema`, and what there is to do: `exposure` is "there", "missing", with the text that
 * exposes it as `exposing`, or "unclear", where a person has to change it; `hiddenIn` names the branches ([remotes.NAME])
 * with a list of their own that leaves it out. Throws what the parser throws for text that is none.
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

/** The text with these schemas, the last of which is new; undefined where it is written in a way not known here. */
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

/** Tables without the prototypes that tell the parser's from ours. */
const plain = (tables) => JSON.parse(JSON.stringify(tables));

/** `schemas = [...]` below `[api]` gets one more entry, written as the last one is. */
function longerList(text, schema) {
  const table = apiTable(text);
  const key = table && /^[ \t]*schemas[ \t]*=[ \t]*\[/m.exec(text.slice(table.start, table.end));
  if (!key) return undefined;
  const start = table.start + key.index + key[0].length;
  const last = lastString(text, start);
  if (last === undefined) return `${text.slice(0, start)}"${schema}"${text.slice(start)}`;
  const line = text.lastIndexOf("\n", last.start) + 1;
  const before = text.slice(line, last.start);
  // A list of one entry per line stays one.
  const gap = line > start && before.trim() === "" ? newline(text) + before : " ";
  return `${text.slice(0, last.end)},${gap}"${schema}"${text.slice(last.end)}`;
}

/** Where the last string of the array that begins at `start` lies. */
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

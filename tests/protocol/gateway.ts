// The gateway of a run, and its deviations from PostgREST. Every test expects PostgREST's answer. An entry here is the
// answer of one gateway instead, and a run fails as soon as the gateway no longer gives it.

import { SignJWT } from "jose";
import { assert, equal } from "../journeys/assertions.ts";

type Gateway = "lite" | "postrust";

const gateway = Deno.env.get("CHATKEEP_GATEWAY") as Gateway;
assert(["lite", "postrust"].includes(gateway), "CHATKEEP_GATEWAY is not set: see cargo xtask test");

/** Whether the gateway calls pre_request, as PostgREST does with `db-pre-request`. @supabase/lite has no such setting. */
export const callsPreRequest = gateway !== "lite";

/** The answers of gateways that differ from PostgREST's, and the source of PostgREST's answer. */
type Deviation = Partial<Record<Gateway, unknown>> & { source: string };

// Files without a folder are PostgREST's, below src/library/PostgREST.
const DEVIATIONS = {
  "zeros at the end of a second": {
    postrust: ["2024-01-02T03:04:06.120+00:00", "2024-01-02T03:04:07+00:00"],
    source: "Query/SqlFragment.hs: PostgreSQL's json_agg prints rows; postrust prints 0, 3, 6 or 9 digits",
  },
  "digits of a real": {
    postrust: 0.0607927106320858,
    source: "Query/SqlFragment.hs: PostgreSQL's json_agg prints rows; postrust takes the number for a double",
  },
  "text[] of a named type": {
    postrust: null,
    source:
      "Query/SqlFragment.hs: PostgreSQL's json_agg prints rows; postrust knows no column of a type without a table",
  },
  "columns, filters, limit and order of a named type": {
    postrust: [25, 3, 3, "known"],
    source: "docs/references/api/functions.rst, Table-Valued Functions; postrust shapes rows of tables alone",
  },
  "null as a uuid, as content and as a title": {
    postrust: [400, 200, ""],
    source: "Query/SqlFragment.hs: json_to_record reads null as NULL; postrust passes an empty text",
  },
  "NUL in a text": {
    lite: [400, "22021"],
    postrust: [400, "22021"],
    source: "Query/SqlFragment.hs: PostgreSQL's json_to_record reads the body; these read it themselves",
  },
  "a lone surrogate in a text": {
    lite: [200, null],
    postrust: [400, "PGRST102"],
    source: "Query/SqlFragment.hs: PostgreSQL's json_to_record reads the body; lite puts U+FFFD in its place",
  },
  "a filter with a blank, which supabase-js writes as +": {
    postrust: [],
    source: "ApiRequest/QueryParams.hs: parseQueryReplacePlus; postrust leaves the + as it is",
  },
  "code of an unknown column": {
    postrust: "PGRST204",
    source: "docs/references/errors.rst: PostgreSQL's 42703 for columns of a read",
  },
  "status of 42501 for a user": {
    postrust: 401,
    source: "Error.hs, mapSQLtoHTTP: 403 for every role but the anonymous one",
  },
  "status of an unknown role": {
    lite: 400,
    source: "Error.hs, mapSQLtoHTTP: 401 where 22023 is of a role that does not exist",
  },
  "transaction_read_only of a STABLE call by POST": {
    postrust: "off",
    source: "Plan.hs, callReadPlan: read only where the function is not VOLATILE",
  },
  "HEAD of calls": {
    lite: [400, 400, 400, 200, 400],
    source: "ApiRequest.hs: HEAD calls as GET does; lite reads no arguments of a HEAD",
  },
  "rows that a refused single() left": {
    lite: 2,
    source: "MainTx.hs, failNotSingular: condemns the transaction",
  },
  "messages that one counted append made": {
    postrust: 2,
    source: "Query/Statements.hs, mainCall: counts the rows of the one call; postrust calls again",
  },
  "count of an update": {
    postrust: null,
    source: "Response.hs: Content-Range of an update ends with the count where that is asked for",
  },
  "an insert of two rows": {
    postrust: 400,
    source: "ApiRequest/QueryParams.hs: names in columns may be quoted, as supabase-js quotes them",
  },
  "rows of register_documents that come back": {
    postrust: 10_000,
    source: "Plan.hs, treeRestrictRange: db-max-rows holds for calls too; postrust cuts rows of tables alone",
  },
  "a cut answer that is counted": {
    lite: [200, 1000, null],
    postrust: [200, 2000, 2000],
    source: "RangeQuery.hs, rangeStatus: 206 where rows are left out; Query/Statements.hs counts all",
  },
} satisfies Record<string, Deviation>;

/** The answer must be PostgREST's, or the known deviation of this gateway. */
export function answers(what: keyof typeof DEVIATIONS, actual: unknown, expected: unknown): void {
  const deviation: Deviation = DEVIATIONS[what];
  if (!(gateway in deviation)) return same(actual, expected, what);
  assert(plain(deviation[gateway]) !== plain(expected), `${what}: the deviation of ${gateway} is none`);
  same(
    actual,
    deviation[gateway],
    `${what}, where PostgREST answers ${plain(expected)} and ${gateway} is known to deviate`,
  );
}

/**
 * How a message embeds its chat. lite takes attachments and message_search for junctions between the two, because both refer
 * to both, so it needs the name of the foreign key.
 */
export const CHAT_OF_MESSAGE = gateway === "lite" ? "chats!messages_chat_id_fkey" : "chats";

/** The names of all deviations, for the test that finds unused ones. */
export const deviations = Object.keys(DEVIATIONS);

/** Compares values without the order of keys, which has no meaning in JSON. */
export function same(actual: unknown, expected: unknown, what: string): void {
  equal(sorted(actual), sorted(expected), what);
}

function plain(value: unknown): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, sorted(v)]));
}

/** A refusal as supabase-js returns it, with the HTTP status. */
// deno-lint-ignore no-explicit-any
export function said({ data, error, status }: any) {
  assert(error && data === null, `it was not refused, and answered ${JSON.stringify(data)} (HTTP ${status})`);
  const { code, message, details, hint } = error;
  return { status, code, message, details, hint };
}

/** A JWT as the auth server signs it, or with another secret. */
export function signed(claims: Record<string, unknown>, secret = Deno.env.get("CHATKEEP_JWT_SECRET")): Promise<string> {
  assert(secret, "CHATKEEP_JWT_SECRET is not set: see cargo xtask test");
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(new TextEncoder().encode(secret));
}

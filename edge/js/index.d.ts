// The types of the package: rows, calls and the toolkit in types/, and how one gets the calls.

import type { Chatkeep } from "./types/calls.js";

export type * from "./types/calls.js";
export type * from "./types/rows.js";
export * from "./types/toolkit.js";

/** The schema as supabase-js wants to know it: `createClient<Database, "chatkeep">(url, key, { db: { schema: "chatkeep" } })`. */
export type { Database } from "./database.types.ts";

/** What this package needs of a supabase-js client, whatever its `Database` type. */
export interface SupabaseClientLike {
  // The client's own signature depends on its Database type, which need not know this schema.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  schema(name: any): any;
}

/** The Data API of a project, for callers without supabase-js. */
export interface DataApi {
  /** Of the project, without a path. */
  url: string;
  /** The publishable (anon) key, or a secret one. */
  key: string;
  /** The user's JWT, asked for at every request; the key where there is none. */
  accessToken?: () => string | null | undefined | Promise<string | null | undefined>;
  headers?: Record<string, string>;
  /** The runtime's own when left out. */
  fetch?: typeof fetch;
}

export interface ChatkeepOptions {
  /**
   * How lost answers are repeated: at most `attempts` (4) requests within `deadline` (15,000) milliseconds, the first pause
   * `firstPause` (100), twice as long each time up to `longestPause` (2,000). `false` sends every request once.
   */
  retry?: false | { attempts?: number; deadline?: number; firstPause?: number; longestPause?: number };
}

/** The calls of Chatkeep on a supabase-js client, or on the Data API itself. Throws a TypeError when it is given neither. */
export function chatkeep(connection: SupabaseClientLike | DataApi, options?: ChatkeepOptions): Chatkeep;

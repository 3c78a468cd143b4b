// What every part of the demo needs: answers that are checked, people who sign up, progress.

import { createClient } from "@supabase/supabase-js";

/** How the demo fails: with one plain sentence, never with a stack. */
export class Unmet extends Error {}

/** Stops the demo unless `condition` holds. */
export function expect(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new Unmet(sentence);
}

interface Answer<Data> {
  data: Data | null;
  error: { code?: string; message?: string; hint?: string | null } | null;
  status?: number;
}

/** The data of an answer that must have succeeded. */
export async function must<Data>(doing: string, asked: PromiseLike<Answer<Data>>): Promise<Data> {
  const { data, error } = await asked;
  const why = [error?.code, error?.message, error?.hint].filter(Boolean).join(", ");
  expect(!error, `${doing} failed: ${why}`);
  expect(data !== null, `${doing} answered nothing`);
  return data;
}

/** The refusal of an answer that must have been refused, as `SQLSTATE (HTTP status) message`. */
export async function refused(doing: string, code: string, asked: PromiseLike<Answer<unknown>>): Promise<string> {
  const { error, status } = await asked;
  expect(error, `${doing} was not refused`);
  expect(error.code === code, `${doing} was refused with ${error.code}, not ${code}: ${error.message}`);
  return `${error.code} (HTTP ${status}) ${error.message}`;
}

// deno-lint-ignore no-explicit-any
export type Client = any;

export interface Person {
  name: string;
  id: string;
  tenant: string;
  /** supabase-js, signed in, on schema chatkeep. */
  chatkeep: Client;
  /** The same client without a schema, as applications hold it. */
  supabase: Client;
}

export type People = Record<"ada" | "ben" | "cleo", Person> & { anonymous: Client };

/** Three people in two tenants, each with a client of their own; a service moves one of them. */
export async function signUpThree(url: string, anonKey: string, serviceKey: string): Promise<People> {
  const connect = (key: string) =>
    createClient(url, key, { auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false } });
  const run = crypto.randomUUID().slice(0, 8);
  const signUp = async (name: string): Promise<Person> => {
    const supabase = connect(anonKey);
    const email = `${name.toLowerCase()}.${run}@example.org`;
    const { data: { user, session }, error } = await supabase.auth.signUp({ email, password: crypto.randomUUID() });
    expect(session && user, `signing up ${name} failed: ${error?.message ?? "no session came back"}`);
    return { name, id: user.id, tenant: user.id, supabase, chatkeep: supabase.schema("chatkeep") };
  };
  const [ada, ben, cleo] = await Promise.all([signUp("Ada"), signUp("Ben"), signUp("Cleo")]);
  // Everybody's tenant is their own id until a service says otherwise: Ben joins Ada's.
  const service = connect(serviceKey).schema("chatkeep");
  ben.tenant = ada.id;
  await must("moving Ben into Ada's tenant", service.rpc("add_member", { tenant_id: ada.id, user_id: ben.id }).single());
  for (const { name, tenant, chatkeep } of [ada, ben, cleo]) {
    const chat = await must<{ tenant_id: string }>(
      `${name}'s first chat`,
      chatkeep.rpc("create_chat", { title: "Welcome" }).single(),
    );
    expect(chat.tenant_id === tenant, `${name}'s chat is in tenant ${chat.tenant_id}, not ${tenant}`);
  }
  return { ada, ben, cleo, anonymous: connect(anonKey).schema("chatkeep") };
}

/** Progress on stderr: a line that moves on a terminal, else a line every five seconds. */
export class Progress {
  readonly #started = performance.now();
  readonly #terminal = Deno.stderr.isTerminal();
  #shown = this.#started;
  #done = 0;

  /** `total` is how many `unit` (plural) there are to do. */
  constructor(readonly title: string, readonly total: number, readonly unit: string) {}

  advance(): void {
    this.#done++;
    if (performance.now() - this.#shown >= (this.#terminal ? 100 : 5_000)) this.#show();
  }

  /** Seconds and rate of the whole. */
  finish(): { seconds: number; rate: number } {
    const { seconds, rate } = this.#show();
    if (this.#terminal) console.error();
    return { seconds, rate };
  }

  #show(): { seconds: number; rate: number } {
    this.#shown = performance.now();
    const seconds = (this.#shown - this.#started) / 1000;
    const rate = this.#done / seconds;
    const [done, total, each] = [this.#done, this.total, Math.round(rate)].map((count) => count.toLocaleString("en"));
    const line = `${this.title}: ${done}/${total} ${this.unit}, ${each}/s`;
    Deno.stderr.writeSync(new TextEncoder().encode(this.#terminal ? `\r${line}   ` : `${line}\n`));
    return { seconds, rate };
  }
}

/** Runs `work` on every item, at most `width` at a time, starting in order. The first failure ends it. */
export async function inParallel<Item>(items: Item[], width: number, work: (item: Item, index: number) => Promise<void>) {
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) await work(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
}

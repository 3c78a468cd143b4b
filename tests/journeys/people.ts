// Signed-up users and the other clients of the tests. Every test makes its own people, so tests can run on any
// database, next to other data, and again.

import { createClient } from "@supabase/supabase-js";
import { type Chatkeep, chatkeep } from "chatkeep";
import { assert } from "./assertions.ts";

// deno-lint-ignore no-explicit-any
export type Client = any;

export interface Person {
  id: string;
  /** supabase-js as this user, on the schema chatkeep. */
  db: Client;
  /** The npm package as this user. */
  ck: Chatkeep;
}

const url = given("CHATKEEP_URL");
const anonKey = given("CHATKEEP_ANON_KEY");
const serviceKey = given("CHATKEEP_SERVICE_KEY");

function connect(key: string, headers: Record<string, string> = {}) {
  return createClient(url, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { headers },
  });
}

export async function signUp(): Promise<Person> {
  const supabase = connect(anonKey);
  const { data, error } = await supabase.auth.signUp({
    email: `${crypto.randomUUID()}@example.org`,
    password: crypto.randomUUID(),
  });
  assert(!error && data.user && data.session, `sign-up failed: ${error?.message}`);
  return { id: data.user.id, db: supabase.schema("chatkeep"), ck: chatkeep(supabase) };
}

/** Moves guests into the tenant of the host, as a service does. They must not have used Chatkeep before. */
export async function shareTenant(host: Person, ...guests: Person[]): Promise<void> {
  for (const guest of guests) {
    const { error } = await service().rpc("add_member", { tenant_id: host.id, user_id: guest.id });
    assert(!error, `adding a member failed: ${error?.message}`);
  }
}

/** A client without a user. */
export function anonymous(): Client {
  return connect(anonKey).schema("chatkeep");
}

export function service(): Client {
  return connect(serviceKey).schema("chatkeep");
}

/** A client that sends this bearer token. */
export function bearing(token: string): Client {
  return connect(anonKey, { Authorization: `Bearer ${token}` }).schema("chatkeep");
}

/** A client that sends the anonymous key and these headers. */
export function carrying(headers: Record<string, string>): Client {
  return connect(anonKey, headers).schema("chatkeep");
}

/** A new chat of this person. */
export async function newChat(person: Person): Promise<string> {
  const { data, error } = await person.db.rpc("create_chat").single();
  assert(!error, `create_chat failed: ${error?.message}`);
  return data.id;
}

function given(name: string): string {
  const value = Deno.env.get(name);
  if (!value) throw new Error(`${name} is not set: these tests need a gateway, see cargo xtask test`);
  return value;
}

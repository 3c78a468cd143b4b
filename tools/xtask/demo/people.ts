// Three people in two tenants, each with a supabase-js client of their own, and the service that moved one of them.

import { createClient } from "@supabase/supabase-js";
import { expect, must } from "./expect.ts";

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

export interface People {
  ada: Person;
  ben: Person;
  cleo: Person;
  anonymous: Client;
}

export async function signUpThree(url: string, anonKey: string, serviceKey: string): Promise<People> {
  const connect = (key: string) =>
    createClient(url, key, { auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false } });
  const run = crypto.randomUUID().slice(0, 8);

  const signUp = async (name: string): Promise<Person> => {
    const supabase = connect(anonKey);
    const { data, error } = await supabase.auth.signUp({
      email: `${name.toLowerCase()}.${run}@example.org`,
      password: crypto.randomUUID(),
    });
    expect(
      !error && data.session && data.user,
      `signing up ${name} failed: ${error?.message ?? "no session came back"}`,
    );
    return { name, id: data.user.id, tenant: data.user.id, supabase, chatkeep: supabase.schema("chatkeep") };
  };
  const [ada, ben, cleo] = await Promise.all([signUp("Ada"), signUp("Ben"), signUp("Cleo")]);

  // Everybody's tenant is their own id until a service says otherwise: Ben joins Ada's.
  const service = connect(serviceKey).schema("chatkeep");
  await must(
    "moving Ben into Ada's tenant",
    service.from("users").insert({ id: ben.id, tenant_id: ada.id }).select().single(),
  );
  ben.tenant = ada.id;

  for (const person of [ada, ben, cleo]) {
    const first = await must<{ tenant_id: string }>(
      `${person.name}'s first chat`,
      person.chatkeep.rpc("create_chat", { title: "Welcome" }).single(),
    );
    expect(
      first.tenant_id === person.tenant,
      `${person.name}'s chat is in tenant ${first.tenant_id}, not ${person.tenant}`,
    );
  }
  return { ada, ben, cleo, anonymous: connect(anonKey).schema("chatkeep") };
}

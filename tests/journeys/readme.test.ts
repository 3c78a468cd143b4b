// The example of the README runs unchanged.

import { createClient } from "@supabase/supabase-js";
import { assert, equal } from "./assertions.ts";

Deno.test("the README's example makes a chat, stores a message once and pages", async () => {
  const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1];
  assert(example, "README.md has no example in TypeScript");

  const [url, anonKey] = ["CHATKEEP_URL", "CHATKEEP_ANON_KEY"].map((name) => Deno.env.get(name) ?? "");
  const [email, password] = [`${crypto.randomUUID()}@example.org`, crypto.randomUUID()];
  // A test must end the timers of a browser session.
  const auth = { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false };
  const connect = (url: string, key: string, options = {}) => createClient(url, key, { ...options, auth });
  const { error } = await connect(url, anonKey).auth.signUp({ email, password });
  assert(!error, `sign-up failed: ${error?.message}`);

  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const body = example.replace(/^import .*$/m, "") + "\nreturn { chat, message, page, older, titles };";
  const run = new AsyncFunction("createClient", "url", "anonKey", "email", "password", body);
  const { chat, message, page, older, titles } = await run(connect, url, anonKey, email, password);
  equal([chat.title, message.seq, page.length, older, titles.length], ["Travel plans", 1, 1, [], 1], "the rows of the example");
});

// @supabase/lite on PGlite, as docs/supabase.md says to serve it: the file that stands there, in a project of its own.
//
// Environment: CHATKEEP_LITE_WORKDIR (the project: a folder with supabase/migrations, below that of the npm packages),
// CHATKEEP_GUIDE (docs/supabase.md), CHATKEEP_GATEWAY_PORT. When it serves, it prints one line of JSON to stdout:
// {"url", "anon_key", "service_role_key"}. It stops at SIGTERM or SIGINT, and with --stop-with-stdin also when its
// standard input ends.

import { generateApiKey } from "@supabase/lite";
import process from "node:process";
import { required, run, untilToldToStop } from "./program.ts";

async function main(): Promise<void> {
  const port = Number(required("CHATKEEP_GATEWAY_PORT"));
  const guide = await Deno.readTextFile(required("CHATKEEP_GUIDE"));
  const example = /```ts lite-on-pglite\n([\s\S]*?)```/.exec(guide)?.[1];
  if (!example) throw new Error("docs/supabase.md does not say how to serve @supabase/lite on PGlite");
  // Lite looks for the migrations below the folder that it runs in.
  Deno.chdir(required("CHATKEEP_LITE_WORKDIR"));
  await Deno.writeTextFile("serve.ts", example);
  const [{ key: anonKey }, { key: serviceKey }] = [await generateApiKey("publishable"), await generateApiKey("secret")];
  Object.assign(process.env, { JWT_SECRET: crypto.randomUUID(), PUBLISHABLE_KEY: anonKey, SECRET_KEY: serviceKey });
  const { default: { fetch } } = await import(`file://${Deno.cwd()}/serve.ts`);
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, fetch);
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}`, anon_key: anonKey, service_role_key: serviceKey }));
  await untilToldToStop();
  await server.shutdown();
}

run("lite", main);

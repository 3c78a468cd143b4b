// @supabase/lite as docs/supabase.md says to serve it: a file that stands there, in a project of its own.
//
// Environment: CHATKEEP_LITE_WORKDIR (the project: a folder with supabase/migrations, below that of the npm packages),
// CHATKEEP_GUIDE (docs/supabase.md), CHATKEEP_EXAMPLE (which file: lite-on-pglite or lite-on-postgres), DATABASE_URL
// (for the second), CHATKEEP_GATEWAY_PORT. When it serves, it prints one line of JSON to stdout: {"url", "anon_key",
// "service_role_key"}. It stops at SIGTERM or SIGINT, and with --stop-with-stdin also when its standard input ends.

import { generateApiKey } from "@supabase/lite";
import process from "node:process";
import { required, run, untilToldToStop } from "./program.ts";

async function main(): Promise<void> {
  const port = Number(required("CHATKEEP_GATEWAY_PORT"));
  const guide = await Deno.readTextFile(required("CHATKEEP_GUIDE"));
  const name = required("CHATKEEP_EXAMPLE");
  const [, example] = guide.split("```ts " + name + "\n");
  if (!example) throw new Error(`docs/supabase.md has no example ${name}`);
  // Lite looks for the migrations below the folder that it runs in.
  Deno.chdir(required("CHATKEEP_LITE_WORKDIR"));
  await Deno.writeTextFile("serve.ts", example.split("```")[0]);
  const [{ key: anonKey }, { key: serviceKey }] = [await generateApiKey("publishable"), await generateApiKey("secret")];
  Object.assign(process.env, { JWT_SECRET: crypto.randomUUID(), PUBLISHABLE_KEY: anonKey, SECRET_KEY: serviceKey });
  const { default: { fetch } } = await import(`file://${Deno.cwd()}/serve.ts`);
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, fetch);
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}`, anon_key: anonKey, service_role_key: serviceKey }));
  await untilToldToStop();
  await server.shutdown();
}

run("lite", main);

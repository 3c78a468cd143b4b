// Runs a function much as Supabase's edge runtime does: with the release of Deno whose interfaces that runtime has,
// with `EdgeRuntime`, and on an address that the platform chooses, whatever the function passes to Deno.serve.
//
// Usage: deno run edge.ts FILE. It prints "Waited for N." when the promises that were passed to EdgeRuntime.waitUntil
// have settled.

import { pathToFileURL } from "node:url";

let waited = 0;
Object.assign(globalThis, {
  EdgeRuntime: {
    waitUntil(promise: Promise<unknown>) {
      promise.finally(() => console.log(`Waited for ${++waited}.`));
    },
  },
});

const { serve } = Deno;
// In every form of Deno.serve with a handler of its own, the handler is the last argument.
Deno.serve = ((...given: unknown[]) => serve({ hostname: "127.0.0.1", port: 0 }, given.at(-1) as Deno.ServeHandler)) as typeof Deno.serve;

await import(pathToFileURL(Deno.args[0]).href);

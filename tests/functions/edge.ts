// Runs one function as Supabase does, as far as that can be had without its edge runtime: in the release of Deno whose
// interfaces it has, with `EdgeRuntime`, and served where the platform says, whatever the function asks for.
//
// deno run edge.ts FILE. Prints "Waited for N." when the promises that were handed to EdgeRuntime.waitUntil have settled.

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
// Its last argument is the handler in every form of Deno.serve that takes one by itself.
Deno.serve = ((...given: unknown[]) => serve({ hostname: "127.0.0.1", port: 0 }, given.at(-1) as Deno.ServeHandler)) as typeof Deno.serve;

await import(pathToFileURL(Deno.args[0]).href);

// The assembled package: the folder CHATKEEP_PACKAGE names, or the one that `cargo xtask edge` fills.
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..", "..");
/** Where the package lies. */
export const folder = resolve(process.env.CHATKEEP_PACKAGE ?? join(root, "target", "chatkeep", "package"));

/** Where the tools of the tests are installed. */
export const tools = resolve(process.env.CHATKEEP_TOOLS ?? join(root, "target", "chatkeep", "npm", "node_modules"));

export const chatkeepPackage = await import(pathToFileURL(join(folder, "index.js")).href);

/** What the WASM module exports. */
export const rules = await import(pathToFileURL(join(folder, "wasm", "rules.js")).href);

/** The memory of the loaded module: the glue returns what it loaded. */
export function moduleMemory() {
  return rules.initSync().memory;
}

/** A supabase-js client that records requests and answers each with `response`. */
export function recorder(response = { data: [{ id: "row" }], error: null, status: 200 }) {
  const requests = [];
  const client = {
    schema: (schema) => ({
      rpc: (name, sent) => {
        requests.push({ schema, name, sent });
        return Promise.resolve(typeof response === "function" ? response(name) : response);
      },
    }),
  };
  return { client, requests };
}

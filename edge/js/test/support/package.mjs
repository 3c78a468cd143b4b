// The assembled package: the folder in CHATKEEP_PACKAGE, or the one that `cargo xtask edge` fills.
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The repository's folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..", "..");
/** The package's folder. */
export const folder = resolve(process.env.CHATKEEP_PACKAGE ?? join(root, "target", "chatkeep", "package"));

/** The folder with the tools of the tests. */
export const tools = resolve(process.env.CHATKEEP_TOOLS ?? join(root, "target", "chatkeep", "npm", "node_modules"));

export const chatkeepPackage = await import(pathToFileURL(join(folder, "index.js")).href);

/** The exports of the WASM module. */
export const rules = await import(pathToFileURL(join(folder, "wasm", "rules.js")).href);

/** The memory of the loaded module. The glue returns the module if it is loaded already. */
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

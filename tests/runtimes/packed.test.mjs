// The package as `npm pack` makes it, installed and used in Deno, Node, Bun and workerd, and bundled, with a real
// gateway and database. Nothing is configured: no flag, no file to copy, no path.
//
// Environment: CHATKEEP_URL, CHATKEEP_ANON_KEY; CHATKEEP_PACKAGE, the folder to pack; CHATKEEP_TOOLS, the folder
// node_modules of xtask; CHATKEEP_DENO_OF_SUPABASE, the Deno release of Supabase's edge runtime.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { serving } from "./serving.mjs";
import { EXPECTED } from "./visit.mjs";

const { CHATKEEP_URL: url, CHATKEEP_ANON_KEY: key, CHATKEEP_PACKAGE: folder, CHATKEEP_TOOLS: tools } = process.env;
const sources = dirname(fileURLToPath(import.meta.url));
const home = mkdtempSync(join(tmpdir(), "chatkeep-runtimes-"));
let jwt;

before(async () => {
  install();
  const answer = await fetch(`${url}/auth/v1/signup`, {
    method: "POST",
    headers: { apikey: key, "content-type": "application/json" },
    body: JSON.stringify({ email: `${crypto.randomUUID()}@example.org`, password: crypto.randomUUID() }),
  });
  jwt = (await answer.json()).access_token;
  assert.ok(jwt, `sign-up answered ${answer.status}`);
});
after(() => rmSync(home, { recursive: true, force: true }));

/** Makes an application with the packed package and supabase-js. */
function install() {
  const packed = spawnSync("npm", ["pack", "--json", "--pack-destination", home], { cwd: folder, encoding: "utf8" });
  assert.equal(packed.status, 0, packed.stderr);
  const modules = join(home, "node_modules");
  mkdirSync(join(modules, "chatkeep"), { recursive: true });
  const tarball = join(home, JSON.parse(packed.stdout)[0].filename);
  const unpacked = spawnSync("tar", ["--extract", "--gzip", "--file", tarball, "--strip-components", "1"], { cwd: join(modules, "chatkeep") });
  assert.equal(unpacked.status, 0, String(unpacked.stderr));
  for (const name of ["@supabase", "tslib"]) symlinkSync(join(tools, name), join(modules, name));
  writeFileSync(
    join(home, "package.json"),
    JSON.stringify({ type: "module", dependencies: { chatkeep: "*", "@supabase/supabase-js": "*" } }),
  );
  for (const name of ["visit.mjs", "program.mjs", "worker.mjs"]) copyFileSync(join(sources, name), join(home, name));
}

function run(program, ...words) {
  const env = { PATH: process.env.PATH, HOME: home, DENO_DIR: join(home, "deno"), CHATKEEP_URL: url, CHATKEEP_ANON_KEY: key, CHATKEEP_JWT: jwt };
  const { status, stdout, stderr, error } = spawnSync(program, words, { cwd: home, encoding: "utf8", env });
  assert.equal(status, 0, error?.message ?? stderr);
  return JSON.parse(stdout);
}

const both = { alone: EXPECTED, underSupabase: EXPECTED };

const allowed = ["--no-prompt", "--no-remote", "--node-modules-dir=manual", "--allow-net=127.0.0.1", "--allow-env"];

test("the package runs in Deno", () => assert.deepEqual(run(join(tools, ".bin", "deno"), "run", ...allowed, "program.mjs"), both));

test("the package runs in the Deno release of Supabase's edge runtime", () => {
  assert.deepEqual(run(process.env.CHATKEEP_DENO_OF_SUPABASE, "run", ...allowed, "program.mjs"), both);
});

test("the package runs in Node", () => assert.deepEqual(run(join(tools, ".bin", "node"), "program.mjs"), both));

test("the package runs in Bun", () => {
  // An installation script would put Bun's program in place, but no scripts are run.
  const [platform] = readdirSync(join(tools, "@oven"));
  assert.deepEqual(run(join(tools, "@oven", platform, "bin", "bun"), "program.mjs"), both);
});

test("the package runs from a bundle of one file", async () => {
  await bundle("program.mjs", { platform: "node", outfile: join(home, "alone", "bundle.mjs") });
  assert.deepEqual(run(join(tools, ".bin", "node"), join("alone", "bundle.mjs")), both);
});

test("the package runs in workerd, which compiles no WASM at run time", async () => {
  // As wrangler does, the configuration names the module beside the worker.
  const wasm = {
    name: "wasm",
    setup: (build) => build.onResolve({ filter: /\.wasm$/ }, () => ({ path: "./rules.wasm", external: true })),
  };
  await bundle("worker.mjs", { conditions: ["workerd"], outfile: join(home, "worker", "worker.js"), plugins: [wasm] });
  copyFileSync(join(home, "node_modules", "chatkeep", "wasm", "rules.wasm"), join(home, "worker", "rules.wasm"));
  copyFileSync(join(sources, "worker.capnp"), join(home, "worker", "worker.capnp"));
  assert.doesNotMatch(readFileSync(join(home, "worker", "worker.js"), "utf8"), /fromBase64/);

  const { default: workerd } = await tool("workerd");
  await serving(workerd, join(home, "worker"), async (address) => {
    const answer = await fetch(address, { method: "POST", body: JSON.stringify({ url, key, jwt }) });
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    assert.deepEqual(JSON.parse(text), EXPECTED);
  });
});

async function bundle(entry, options) {
  const { build } = await tool("esbuild");
  await build({ absWorkingDir: home, entryPoints: [entry], bundle: true, format: "esm", logLevel: "error", ...options });
}

const tool = (name) => import(pathToFileURL(join(tools, name, "lib", "main.js")).href);

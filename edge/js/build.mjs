// Assembles the npm package: node build.mjs GLUE PACKAGE NODE_MODULES [WASM_OPT]
//
// GLUE          the folder that `wasm-bindgen --target web --omit-default-module-path` wrote
// PACKAGE       the folder to fill; it is emptied first
// NODE_MODULES  the folder with the package's dependencies
// WASM_OPT      binaryen's wasm-opt, which makes the module smaller; the package works without it
// `cargo xtask edge` runs this. It writes only PACKAGE.

import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const source = dirname(fileURLToPath(import.meta.url));
const root = join(source, "..", "..");

// The features that rustc and wasm-bindgen use. The stripped module no longer lists them, so wasm-opt needs options.
const FEATURES = [
  "simd",
  "bulk-memory",
  "nontrapping-float-to-int",
  "sign-ext",
  "mutable-globals",
  "reference-types",
  "multivalue",
].map((feature) => `--enable-${feature}`);

function fail(message) {
  console.error(`build.mjs: ${message}`);
  process.exit(1);
}

const [glue, target, installed, wasmOpt] = process.argv.slice(2);
if (!glue || !target || !installed) fail("usage: node build.mjs GLUE PACKAGE NODE_MODULES [WASM_OPT]");

const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
const version = /\[workspace\.package\][^[]*?^version = "([^"]+)"/ms.exec(
  readFileSync(join(root, "Cargo.toml"), "utf8"),
)?.[1];
if (manifest.version !== version) {
  fail(`edge/js/package.json has version ${manifest.version}, Cargo.toml has ${version}: make them equal`);
}

rmSync(target, { recursive: true, force: true });
mkdirSync(join(target, "wasm"), { recursive: true });

const compiled = join(glue, "chatkeep_edge_bg.wasm");
const shrunk = join(target, "wasm", "rules.wasm");
if (wasmOpt) {
  const run = spawnSync(wasmOpt, ["-O3", "--strip-debug", "--strip-producers", ...FEATURES, compiled, "-o", shrunk], {
    stdio: "inherit",
  });
  if (run.error) fail(`cannot run ${wasmOpt}: ${run.error.message}`);
  if (run.status !== 0) fail(`${wasmOpt} ended with ${run.status ?? run.signal}`);
} else {
  copyFileSync(compiled, shrunk);
}

const module = readFileSync(shrunk);
const note = "// Generated from the crate chatkeep-edge; do not edit.\n";
writeFileSync(
  join(target, "wasm", "bytes.js"),
  `${note}export default "${module.toString("base64")}";\n`,
);
// Deno 2.1, which Supabase's edge runtime has, counts bytes in `read` once the call is hot. The check refuses text that has
// arrived whole then. There is always room for all of it: three bytes for each unit.
const CHECK = "        if (ret.read !== arg.length) throw new Error('failed to pass whole string');\n";
const made = readFileSync(join(glue, "chatkeep_edge.js"), "utf8");
if (!made.includes(CHECK)) fail("the glue no longer has the check that is removed here: see whether it can be used now");
const bindings = made.replace(CHECK, "");
writeFileSync(join(target, "wasm", "rules.js"), note + bindings);

// `chatkeep init` copies the migrations into a project.
const migrations = join(root, "sql", "supabase", "migrations");
for (const name of readdirSync(migrations)) {
  mkdirSync(join(target, "migrations"), { recursive: true });
  copyFileSync(join(migrations, name), join(target, "migrations", name));
}

// With its dependencies the folder runs without an installation. npm leaves them out when it packs.
for (const name of Object.keys(manifest.dependencies)) {
  cpSync(join(installed, name), join(target, "node_modules", name), { recursive: true });
}

// `files` lists what npm packs. The generated folders exist already.
const generated = ["wasm/", "migrations/"];
for (const file of [...manifest.files, "package.json"].filter((file) => !generated.includes(file))) {
  const from = file === "LICENSE" ? join(root, file) : join(source, file);
  if (!existsSync(from)) fail(`${from} is missing`);
  cpSync(from, join(target, file), { recursive: true });
}

const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
console.log(
  `chatkeep ${version}: module ${kib(module.length)}${wasmOpt ? "" : " (not shrunk: no wasm-opt)"}, ` +
    `gzipped ${kib(gzipSync(module, { level: 9 }).length)}, ` +
    `with glue ${kib(gzipSync(Buffer.concat([module, Buffer.from(bindings)]), { level: 9 }).length)}`,
);

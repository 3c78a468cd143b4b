// Assembles the empty package: node assemble.mjs GLUE DENO TARGET PACKAGE WASM_OPT
//
// GLUE is the folder that wasm-bindgen wrote, DENO the one that it wrote for Deno, TARGET the folder to fill (it is
// emptied first), PACKAGE the npm package chatkeep. The package's loader is copied, so that the two packages differ
// only in their module. The loader in the folder `bound` is wasm-bindgen's.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const [glue, deno, target, chatkeep, wasmOpt] = process.argv.slice(2);
rmSync(target, { recursive: true, force: true });
for (const folder of ["lib", "wasm", "bound"]) mkdirSync(join(target, folder), { recursive: true });

const NAME = "chatkeep_bench_empty";

const wasm = join(target, "wasm", "rules.wasm");
shrink(glue, wasm);
writeFileSync(join(target, "wasm", "bytes.js"), `export default "${readFileSync(wasm).toString("base64")}";\n`);
copyFileSync(join(glue, `${NAME}.js`), join(target, "wasm", "rules.js"));
for (const name of ["embedded.js", "rules.js"]) copyFileSync(join(chatkeep, "lib", name), join(target, "lib", name));
writeFileSync(join(target, "index.js"), `import "./lib/embedded.js";\n\nexport { same } from "./lib/rules.js";\n`);
shrink(deno, join(target, "bound", `${NAME}_bg.wasm`));
copyFileSync(join(deno, `${NAME}.js`), join(target, "bound", "index.js"));
writeFileSync(join(target, "package.json"), `${JSON.stringify({ name: "empty", type: "module" })}\n`);

function shrink(folder, to) {
  const options = ["-O3", "--strip-debug", "--strip-producers", "--all-features"];
  const run = spawnSync(wasmOpt, [...options, join(folder, `${NAME}_bg.wasm`), "-o", to], { stdio: "inherit" });
  if (run.status !== 0) throw new Error(`${wasmOpt} ended with ${run.status ?? run.signal ?? run.error?.message}`);
}

// The types of the package: types.ts compiles, except the lines that it marks.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { folder, root, tools } from "../support/package.mjs";

/** Compiles a file with the compiler's strict rules; returns what it says. */
function compile(file, cwd, ...more) {
  const options = ["--strict", "--noEmit", "--target", "es2022", "--lib", "es2022,dom,dom.iterable", "--module", "nodenext", ...more];
  const { status, stdout } = spawnSync("node", [join(tools, "typescript", "bin", "tsc"), ...options, file], { cwd, encoding: "utf8" });
  return status === 0 ? "" : stdout;
}

test("tsc --strict accepts the right uses of the types and refuses the marked ones", () => {
  assert.equal(compile("edge/js/test/types.ts", root), "");
});

test("the README's route compiles in an application with the AI SDK and supabase-js", () => {
  const readme = readFileSync(join(root, "edge", "js", "README.md"), "utf8");
  const route = /```ts chat-route\n([\s\S]*?)```/.exec(readme)[1];
  const application = mkdtempSync(join(tmpdir(), "chatkeep-route-"));
  try {
    mkdirSync(join(application, "node_modules"));
    for (const [name, path] of [["chatkeep", folder], ["ai", join(tools, "ai")], ["@supabase", join(tools, "@supabase")]]) {
      symlinkSync(path, join(application, "node_modules", name));
    }
    writeFileSync(join(application, "package.json"), '{ "type": "module" }');
    writeFileSync(join(application, "route.ts"), route.replaceAll("@/lib/", "./lib/").replaceAll(/"(\.\/lib\/[^"]*)"/g, '"$1.js"'));
    mkdirSync(join(application, "lib", "supabase"), { recursive: true });
    writeFileSync(join(application, "lib", "supabase", "server.ts"), 'import { createClient as make } from "@supabase/supabase-js";\nexport const createClient = async () => make("", "");\n');
    writeFileSync(join(application, "lib", "model.ts"), 'import type { LanguageModel, ToolSet } from "ai";\nexport declare const model: LanguageModel;\nexport declare const tools: ToolSet;\n');
    assert.equal(compile("route.ts", application, "--skipLibCheck"), "");
  } finally {
    rmSync(application, { recursive: true });
  }
});

// The types of the package: types.ts compiles, except the lines that it marks.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { root, tools } from "../support/package.mjs";

test("tsc --strict accepts the right uses of the types and refuses the marked ones", () => {
  const options = ["--strict", "--noEmit", "--target", "es2022", "--lib", "es2022,dom", "--module", "nodenext"];
  const typescript = join(tools, "typescript", "bin", "tsc");
  const { status, stdout } = spawnSync("node", [typescript, ...options, "edge/js/test/types.ts"], { cwd: root, encoding: "utf8" });
  assert.equal(status, 0, stdout);
});

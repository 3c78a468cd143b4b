// userId computes the ids that SQL computes.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { chatkeepPackage, root } from "../support/package.mjs";

const { userId } = chatkeepPackage;

test("userId computes the ids of core's vectors", async () => {
  const vectors = await readFile(join(root, "tests/contract/support/user_ids.psql"), "utf8");
  const rows = [...vectors.matchAll(/^ {2}\(e'(.*?)', e'(.*?)', '([0-9a-f-]{36})'\)/gm)];
  assert.ok(rows.length > 50);
  for (const [, issuer, subject, id] of rows) {
    assert.equal(userId(issuer, subject.replaceAll("\\n", "\n")), id, `${issuer} ${subject}`);
  }
});

test("userId refuses what names nobody", () => {
  const long = "x".repeat(501);
  const odd = [["", "a"], ["a", ""], ["a\nb", "c"], ["a\u007f", "b"], [long, "a"], ["a", long], ["a", "b\0"], [1, "a"], ["a", null], []];
  for (const pair of odd) assert.throws(() => userId(...pair), TypeError, JSON.stringify(pair));
});

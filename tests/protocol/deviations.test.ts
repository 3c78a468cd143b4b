// The table of deviations holds only entries that a test uses.

import { assert } from "../journeys/assertions.ts";
import { deviations } from "./gateway.ts";

Deno.test("every known deviation is used by a test", async () => {
  const folder = new URL("./", import.meta.url);
  const tests = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".test.ts")) tests.push(await Deno.readTextFile(new URL(name, folder)));
  }
  for (const what of deviations) {
    assert(tests.some((text) => text.includes(`"${what}"`)), `no test asks for: ${what}`);
  }
});

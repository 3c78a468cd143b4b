// Programs of the server's installation, run as its superuser.

import { assert } from "../journeys/assertions.ts";
import { given } from "./connections.ts";

/** Runs a program and returns its output; it must succeed. `variable` is the environment variable with its path. */
export async function printed(variable: string, ...args: string[]): Promise<Uint8Array> {
  const url = new URL(given("CHATKEEP_SUPERUSER_DB"));
  const program = new Deno.Command(given(variable), {
    args,
    clearEnv: true,
    env: {
      PGHOST: url.hostname,
      PGPORT: url.port,
      PGUSER: url.username,
      PGPASSWORD: url.password,
      PGDATABASE: url.pathname.slice(1),
      // A program that waits longer for a lock fails.
      PGOPTIONS: "-c lock_timeout=20s",
    },
  });
  const { success, stdout, stderr } = await program.output();
  assert(success, `${variable} ${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`);
  return stdout;
}

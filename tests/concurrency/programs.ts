// Programs that come with the server, as its superuser.

import { assert } from "../journeys/assertions.ts";
import { given } from "./connections.ts";

/** What a program prints, which must succeed. `variable` is where the environment names it. */
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
      // What waits longer waits for something that will not come.
      PGOPTIONS: "-c lock_timeout=20s",
    },
  });
  const { success, stdout, stderr } = await program.output();
  assert(success, `${variable} ${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`);
  return stdout;
}

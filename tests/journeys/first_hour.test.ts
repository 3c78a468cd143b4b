// The errors of the first hour through the package and a gateway: each says what to do.

import { chatkeep } from "chatkeep";
import { assert, equal } from "./assertions.ts";
import { anonymous, bearing, signUp } from "./people.ts";

Deno.test("a call without a user says to sign in", async () => {
  const { error } = await chatkeep(anonymous()).createChat();
  equal([error?.code, error?.status], ["42501", 401], "the refusal");
  assert(error?.hint?.startsWith("Sign in first"), `the hint is ${error?.hint}`);
});

Deno.test("a call with a token that is no JWT says to sign in", async () => {
  const { error } = await chatkeep(bearing("nonsense")).createChat();
  equal(error?.status, 401, "the HTTP status");
  assert(error?.hint?.startsWith("Sign in "), `the hint of ${error?.code} is ${error?.hint}`);
});

Deno.test("a schema that is not exposed is named with the setting", async () => {
  const { db } = await signUp();
  const { error } = await chatkeep({ schema: () => db.schema("not_exposed") }).engine();
  equal(error?.code, "PGRST106", "the code");
  assert(error?.hint?.includes("exposed schemas: [api] schemas in supabase/config.toml"), `the hint is ${error?.hint}`);
});

Deno.test("a call that the database does not have says to run the migrations", async () => {
  const { db } = await signUp();
  const older = { schema: () => ({ rpc: (name: string, given: object) => db.rpc(`${name}_of_later`, given) }) };
  const { error } = await chatkeep(older).engine();
  equal(error?.code, "PGRST202", "the code");
  assert(error?.hint?.startsWith("Run the migrations"), `the hint is ${error?.hint}`);
});

// PGlite without a gateway: the example of docs/supabase.md runs unchanged.

import { assert, equal } from "../journeys/assertions.ts";
import { readdirSync, readFileSync } from "node:fs";
import { PGlite } from "@electric-sql/pglite";

Deno.test("the guide's example makes a database in PGlite that keeps users apart", async () => {
  const [guide, sql] = ["CHATKEEP_GUIDE", "CHATKEEP_SQL"].map((name) => Deno.env.get(name) ?? "");
  const example = /```ts pglite-alone\n([\s\S]*?)```/.exec(await Deno.readTextFile(guide))?.[1];
  assert(example, "docs/supabase.md does not say how to run the migrations on PGlite");
  // The types are removed, because nothing compiles the example here.
  const body = example.replace(/^import .*$/gm, "").replace(/: (string|unknown\[\])/g, "") + "\nreturn { db, as };";
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const run = new AsyncFunction("PGlite", "readdirSync", "readFileSync", "dataDir", "sql", body);
  const { db, as } = await run(PGlite, readdirSync, readFileSync, undefined, sql);
  const [ada, eve] = [crypto.randomUUID(), crypto.randomUUID()];
  await db.query("insert into auth.users (id) values ($1), ($2)", [ada, eve]);
  const [chat] = await as(ada, "select * from chatkeep.create_chat('Plans')");
  const append = "select * from chatkeep.append_message($1, 'user', 'the vault code is 0000')";
  const [message] = await as(ada, append, [chat.id]);
  equal([chat.title, message.seq, message.author_id], ["Plans", 1, ada], "the rows of Ada");
  equal((await as(ada, "select * from chatkeep.list_messages($1)", [chat.id])).length, 1, "messages that Ada reads");
  equal(await as(eve, "select * from chatkeep.chats"), [], "chats that Eve reads");
  const refused = await as(eve, append, [chat.id]).then(() => undefined, (error: { code: string }) => error.code);
  equal(refused, "PT404", "the refusal of Eve");
  equal((await as(ada, "select engine from chatkeep.engine()"))[0].engine, "portable", "the engine");
  await db.close();
});

// CPU time of one append_message through supabase-js, in microseconds: call.mjs PACKAGE ROUNDS CALLS
//
// A function in this process answers at once, so only the client is measured. One side uses the package.

import { createClient } from "@supabase/supabase-js";
import process from "node:process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { alternate } from "./hashers.mjs";

const [folder, rounds, calls] = process.argv.slice(2);
const { chatkeep } = await import(pathToFileURL(join(folder, "index.js")).href);

const ID = "01890a5d-ac96-774b-bcce-b302099a8057";
const content = "Ein Wort, 1 KB lang. ".repeat(49).slice(0, 1024);
const row = { id: ID, chat_id: ID, seq: 1, role: "user", content, parts: null, metadata: {}, status: "complete", created_at: "2026-01-02T03:04:05+00:00" };
const answer = JSON.stringify([row]);
let asked = 0;
const fetch = () => {
  asked += 1;
  return Promise.resolve(new Response(answer, { status: 200, headers: { "content-type": "application/json" } }));
};
const supabase = createClient("http://127.0.0.1:9", "key", {
  auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  global: { fetch },
});
const ck = chatkeep(supabase);
const sides = {
  chatkeep: () => ck.appendMessage({ chatId: ID, role: "user", content }),
  "supabase.rpc": () => supabase.schema("chatkeep").rpc("append_message", { chat_id: ID, role: "user", content, message_id: ID }),
};

const measure = async (side) => {
  const call = sides[side];
  const [expected, before] = [asked + Number(calls), process.cpuUsage()];
  for (let time = 0; time < Number(calls); time += 1) {
    const { data, error } = await call();
    if (error || !data) throw new Error(error?.message ?? "no data");
  }
  const { user, system } = process.cpuUsage(before);
  if (asked !== expected) throw new Error(`${asked} requests instead of ${expected}`);
  return (user + system) / Number(calls);
};
const names = Object.keys(sides);
await alternate(names, 4, measure);
console.log(JSON.stringify(await alternate(names, Number(rounds), measure)));

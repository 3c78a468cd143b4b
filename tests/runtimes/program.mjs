// A program for Deno, Node and Bun that uses the store by the installed package, with and without supabase-js.

import { createClient } from "@supabase/supabase-js";
import * as api from "chatkeep";
import process from "node:process";
import { visit } from "./visit.mjs";

const { CHATKEEP_URL: url, CHATKEEP_ANON_KEY: key, CHATKEEP_JWT: jwt } = process.env;
const alone = await visit(api, { url, key, accessToken: () => jwt });
const auth = { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false };
const headers = { Authorization: `Bearer ${jwt}` };
const underSupabase = await visit(api, createClient(url, key, { auth, global: { headers } }));
console.log(JSON.stringify({ alone, underSupabase }));

// Who calls, and Chatkeep as that caller: the key and the JWT of the request, so that row level security holds.

import { createClient } from "@supabase/supabase-js";
import { chatkeep, type ChatkeepError } from "chatkeep";

/** supabase-js and Chatkeep with the rights of the request's user. */
export function callerOf(request: Request) {
  const Authorization = request.headers.get("Authorization") ?? "";
  const supabase = createClient(setting("SUPABASE_URL"), setting("SUPABASE_ANON_KEY"), {
    global: { headers: { Authorization } },
    auth: { persistSession: false, autoRefreshToken: false },
  });
  return { supabase, ck: chatkeep(supabase) };
}

/** The same for a job that brings its own key, such as the service key, as `apikey` or as a bearer. */
export function jobOf(request: Request) {
  const bearer = request.headers.get("Authorization")?.replace(/^Bearer /, "");
  const key = request.headers.get("apikey") ?? bearer ?? setting("SUPABASE_ANON_KEY");
  const supabase = createClient(setting("SUPABASE_URL"), key, { auth: { persistSession: false, autoRefreshToken: false } });
  return { supabase, ck: chatkeep(supabase) };
}

/** What the browser of another origin needs to hear; replace the star by your own origin where cookies are sent. */
export const CORS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Headers": "authorization, x-client-info, apikey, content-type",
  "Access-Control-Expose-Headers": "x-chat-id, x-message-id",
};

/** A refusal as the function's own answer. */
export function refused(error: ChatkeepError): Response {
  const { code, argument, message, hint, retryable } = error;
  return Response.json({ code, argument, message, hint, retryable }, { status: error.status || 502, headers: CORS });
}

export function setting(name: string): string {
  const value = Deno.env.get(name);
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

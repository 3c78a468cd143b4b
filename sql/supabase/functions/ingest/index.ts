// POST ?name=handbook.pdf with the file as its body: uploads it to Storage and hashes it on the way, in constant memory, then
// registers it. What the user has already is told by its outcome, and the second copy is removed.

import { hashing, uuidv7 } from "chatkeep";
import { callerOf, CORS, refused } from "../_shared/caller.ts";

const BUCKET = "documents";

Deno.serve(async (request) => {
  if (request.method === "OPTIONS") return new Response(null, { headers: CORS });
  if (!request.body) return Response.json({ message: "the body is empty" }, { status: 400, headers: CORS });
  const { supabase, ck } = callerOf(request);
  const { data: { user } } = await supabase.auth.getUser(request.headers.get("Authorization")?.replace(/^Bearer /, ""));
  if (!user) return Response.json({ message: "nobody is signed in" }, { status: 401, headers: CORS });

  const name = new URL(request.url).searchParams.get("name") ?? "unnamed";
  const mimeType = request.headers.get("Content-Type") ?? "application/octet-stream";
  const { stream, digest } = hashing(request.body);
  // The policies of Storage ask for the user's id as the first folder.
  const path = `${user.id}/${uuidv7()}`;
  const bucket = supabase.storage.from(BUCKET);
  const upload = await bucket.upload(path, stream, { contentType: mimeType, duplex: "half" });
  if (upload.error) return Response.json({ message: upload.error.message }, { status: 502, headers: CORS });

  const hashed = await digest;
  if (hashed.error) return refused(hashed.error);
  const { checksum, byteSize } = hashed.data;
  const document = await ck.registerDocument({ sourceUri: `storage://${BUCKET}/${path}`, checksum, byteSize, title: name, mimeType });
  if (document.error || document.data.outcome === "duplicate") await bucket.remove([path]);
  if (document.error) return refused(document.error);
  const { id, outcome, status, source_uri } = document.data;
  return Response.json({ id, outcome, status, checksum, byteSize, source_uri }, { headers: CORS });
});

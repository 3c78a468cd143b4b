// POST without a body: rotates the session in the cookie __Host-chatkeep and sets its successor. DELETE ends the session.
// For a site whose functions answer on its own host, since the cookie goes to no other.

import { endedSessionCookie, sessionCookie, sessionTokenOf } from "chatkeep";
import { callerOf, refused } from "../_shared/caller.ts";

Deno.serve(async (request) => {
  const token = sessionTokenOf(request);
  const { ck } = callerOf(request);
  if (request.method === "DELETE") {
    const session = await ck.validateSession({ token });
    if (session.data?.status === "valid") await ck.revokeSession({ sessionId: session.data.session_id });
    return ended(200, "ended");
  }
  const rotated = await ck.rotateSession({ token });
  // The session may be as good as ever: the client keeps its cookie and tries again.
  if (rotated.error) return refused(rotated.error);
  const session = rotated.data;
  if (session.token === null) return ended(401, session.status);
  return Response.json(
    { status: session.status, expiresAt: session.expires_at },
    { headers: { "Set-Cookie": sessionCookie(session), "Cache-Control": "no-store" } },
  );
});

function ended(status: number, why: string): Response {
  return Response.json({ status: why }, { status, headers: { "Set-Cookie": endedSessionCookie(), "Cache-Control": "no-store" } });
}

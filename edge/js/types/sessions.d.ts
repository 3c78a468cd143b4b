// What the calls on a token answer. By hand: which columns are null depends on the status, which no catalog says.

import type { SessionsRevoked } from "./rows.d.ts";
import type { Timestamp, Uuid } from "./values.d.ts";

/** A session's facts, all null when the token was never issued. */
interface SessionFacts {
  session_id: Uuid;
  user_id: Uuid;
  tenant_id: Uuid;
  /** How often the token was rotated. */
  generation: number;
  expires_at: Timestamp;
  idle_expires_at: Timestamp | null;
}
type Nullable<Facts> = { [Key in keyof Facts]: Facts[Key] | null };

/** Why a token is worth nothing. */
export type SessionEnd = Exclude<SessionsRevoked["status"], "valid">;
/** A session that was opened. The token is shown this once. */
export type CreatedSession = SessionFacts & { status: "created"; token: string };
/** A rotation. A refusal is a row, not an error: look at `status`. */
export type RotatedSession =
  | (SessionFacts & { status: "rotated" | "replayed"; token: string })
  | (Nullable<SessionFacts> & { status: SessionEnd; token: null });
/** The verdict on a token. A refusal is a row, not an error: look at `status`. */
export type SessionStatus = (SessionFacts & { status: "valid" }) | (Nullable<SessionFacts> & { status: SessionEnd });

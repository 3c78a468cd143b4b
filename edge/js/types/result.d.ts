// How a call ends, and what it may be given beside its arguments.

/** Why a call failed: refused by the rules before the request, by the database, or on the way. */
export interface ChatkeepError {
  /** SQLSTATE, or the gateway's own code (PGRST...); empty when the request got no answer. */
  code: string;
  /** HTTP status; 0 when the request got no answer. A refusal before the request has the status the database would have answered. */
  status: number;
  /** The argument at fault, by its name in SQL (`chat_id`), with its place in an array (`messages[3].role`). */
  argument?: string;
  message: string;
  details: string | null;
  hint: string | null;
  /** Whether the same call may go well the next time, and does no harm if the first one was carried out after all. */
  retryable: boolean;
}

/** Never both, never neither; a call does not throw. */
export type Result<Data> = { data: Data; error: null } | { data: null; error: ChatkeepError };

/** What goes beside the arguments of a call. */
export interface CallOptions {
  /** Gives the call up: no further attempt is made, and the request under way is aborted. */
  signal?: AbortSignal;
}

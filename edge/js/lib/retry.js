// Repeats a request if its answer was lost or the server could not process it: with backoff and jitter, and one deadline for
// all attempts. A refused request is not repeated, except while its tenant is being moved.

/** Times are milliseconds; `attempts` includes the first one. */
export const DEFAULT_RETRY = { attempts: 4, deadline: 15_000, firstPause: 100, longestPause: 2_000 };

// The transaction was rolled back, and a repetition may succeed (PostgreSQL, appendix A): serialization failure, deadlock, lock
// timeout, too many connections, a server that shuts down or starts. PT503 is Chatkeep's own: the tenant is being moved.
const ROLLED_BACK = /^(40001|40P01|55P03|53\d{3}|57P0[123]|PT503)$/;
// PostgREST could not reach the database, or waited too long for a connection.
const NOT_SENT = /^PGRST00[0-3]$/;
// Answers of proxies between client and database. They do not show whether the database ran the call.
const BETWEEN = new Set([408, 429, 502, 503, 504, 520, 521, 522, 523, 524]);

/** Whether a repetition could help: "yes", "no", or "unknown" if the database may have carried the call out. */
export function retryability({ error, status }) {
  if (!error) return "no";
  const code = typeof error.code === "string" ? error.code : "";
  if (ROLLED_BACK.test(code) || NOT_SENT.test(code)) return "yes";
  // Any other SQLSTATE, and any other code of the gateway, is a refusal.
  if (/^([0-9A-Z]{5}|PGRST.*)$/.test(code)) return "no";
  return !status || BETWEEN.has(status) ? "unknown" : "no";
}

/**
 * Sends a request until a repetition would not change the answer, or the attempts or the deadline are used up. `send(signal)`
 * resolves to `{ data, error, status }`. `mayRepeat(elapsed)` returns whether a call that may have been carried out can be sent
 * again. Resolves to the last answer with `retryable`: whether one more repetition could help and is safe.
 */
export async function withRetry(send, mayRepeat, { retry = DEFAULT_RETRY, signal } = {}) {
  const start = performance.now();
  const elapsed = () => performance.now() - start;
  for (let attempt = 1;; attempt++) {
    const answer = await attemptOnce(send, retry.deadline - elapsed(), signal);
    const chance = retryability(answer);
    const isRepeatable = () => chance === "yes" || (chance === "unknown" && mayRepeat(elapsed()));
    const pause = Math.min(retry.firstPause * 2 ** (attempt - 1), retry.longestPause) * (0.5 + Math.random() / 2);
    const isOver = attempt >= retry.attempts || elapsed() + pause >= retry.deadline || answer.isLate || signal?.aborted;
    if (isOver || !isRepeatable()) return { ...answer, retryable: isRepeatable() };
    await sleep(pause, signal);
    if (signal?.aborted || !isRepeatable()) return { ...answer, retryable: isRepeatable() };
  }
}

async function attemptOnce(send, remaining, signal) {
  const limit = new AbortController();
  // A flag, because a timer may end a millisecond early and `elapsed` would then be below the deadline.
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    limit.abort(new DOMException("the deadline has passed", "TimeoutError"));
  }, remaining);
  const stop = () => limit.abort(signal.reason);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return { ...(await send(limit.signal)), isLate };
  } catch (error) {
    return { data: null, error: error ?? new Error("the request failed"), status: 0, isLate };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

/** Resolves after a time, or when the signal is aborted. */
export function sleep(milliseconds, signal) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end, { once: true });
  });
}

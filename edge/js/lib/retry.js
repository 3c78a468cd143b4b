// Repeats a request whose answer was lost, or that the server could not take right now: with backoff and jitter, under one
// deadline for all attempts. A refusal is never repeated.

/** Milliseconds; `attempts` counts the first one. */
export const PATIENCE = { attempts: 4, deadline: 15_000, firstPause: 100, longestPause: 2_000 };

// What has rolled back and may go well the next time (PostgreSQL, appendix A): serialization failure and deadlock, lock
// timeout, too many connections, the server shutting down or starting.
const ROLLED_BACK = /^(40001|40P01|55P03|53\d{3}|57P0[123])$/;
// PostgREST could not reach the database, or waited too long for a connection.
const NOT_SENT = /^PGRST00[0-3]$/;
// Answers of what lies between, which say nothing of the database.
const BETWEEN = new Set([408, 429, 502, 503, 504, 520, 521, 522, 523, 524]);

/**
 * What an answer without data says of a repetition: "no", "yes", or "unknown" where the call may have been carried out.
 */
export function outlook({ error, status }) {
  if (!error) return "no";
  const code = typeof error.code === "string" ? error.code : "";
  if (ROLLED_BACK.test(code) || NOT_SENT.test(code)) return "yes";
  // Any other SQLSTATE, and any other code of the gateway, is a refusal.
  if (/^([0-9A-Z]{5}|PGRST.*)$/.test(code)) return "no";
  return !status || BETWEEN.has(status) ? "unknown" : "no";
}

/**
 * Sends until there is an answer that a repetition would not change. `send(signal)` gives `{ data, error, status }`,
 * `mayRepeat(elapsed)` says whether a call that may have been carried out can be sent again. Gives the last answer, and as
 * `retryable` whether sending the same once more could help and does no harm.
 */
export async function persist(send, mayRepeat, { patience = PATIENCE, signal } = {}) {
  const start = performance.now();
  const elapsed = () => performance.now() - start;
  for (let attempt = 1;; attempt++) {
    const answer = await attemptOnce(send, patience.deadline - elapsed(), signal);
    const chance = outlook(answer);
    const isRepeatable = () => chance === "yes" || (chance === "unknown" && mayRepeat(elapsed()));
    const pause = Math.min(patience.firstPause * 2 ** (attempt - 1), patience.longestPause) * (0.5 + Math.random() / 2);
    const isOver = attempt >= patience.attempts || elapsed() + pause >= patience.deadline || answer.isLate || signal?.aborted;
    if (isOver || !isRepeatable()) return { ...answer, retryable: isRepeatable() };
    await rest(pause, signal);
    if (signal?.aborted || !isRepeatable()) return { ...answer, retryable: isRepeatable() };
  }
}

async function attemptOnce(send, remaining, signal) {
  const limit = new AbortController();
  // Told apart from the time that has passed: timers may end a millisecond early.
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

/** Resolves after a time, or when the signal says so. */
export function rest(milliseconds, signal) {
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

// How the demo fails: with one plain sentence, never with a stack.

export class Unmet extends Error {}

/** Stops the demo unless `condition` holds. */
export function expect(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new Unmet(sentence);
}

interface Answer<Data> {
  data: Data | null;
  error: { code?: string; message?: string; hint?: string | null } | null;
  status?: number;
}

/** The data of an answer that must have succeeded. */
export async function must<Data>(doing: string, asked: PromiseLike<Answer<Data>>): Promise<Data> {
  const answer = await asked;
  if (answer.error) {
    const { code, message, hint } = answer.error;
    throw new Unmet(`${doing} failed: ${[code, message, hint].filter(Boolean).join(", ")}`);
  }
  expect(answer.data !== null, `${doing} answered nothing`);
  return answer.data;
}

/** The refusal of an answer that must have been refused, as `SQLSTATE (HTTP status) message`. */
export async function refused(doing: string, code: string, asked: PromiseLike<Answer<unknown>>): Promise<string> {
  const answer = await asked;
  expect(answer.error, `${doing} was not refused`);
  expect(
    answer.error.code === code,
    `${doing} was refused with ${answer.error.code}, not ${code}: ${answer.error.message}`,
  );
  return `${answer.error.code} (HTTP ${answer.status}) ${answer.error.message}`;
}

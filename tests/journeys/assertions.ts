// The few assertions of the tests, without a package.

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  const [one, other] = [actual, expected].map((value) => JSON.stringify(value));
  assert(one === other, `${what}: ${one}, expected ${other}`);
}

interface Answer {
  data: unknown;
  // deno-lint-ignore no-explicit-any
  error: any;
  status: number;
}

/** The data of an answer, which must have succeeded. */
// deno-lint-ignore no-explicit-any
export function ok(answer: Answer): any {
  assert(!answer.error, `refused: ${answer.error?.code} ${answer.error?.message} (HTTP ${answer.status})`);
  return answer.data;
}

/** The answer must be this refusal, its message must contain `words`, and it must have a hint. */
export function refusal(answer: Answer, code: string, status: number, words: string): void {
  assert(answer.error, `it was not refused, and answered ${JSON.stringify(answer.data)}`);
  equal([answer.error.code, answer.status], [code, status], `SQLSTATE and HTTP status of "${answer.error.message}"`);
  assert(
    answer.error.message.includes(words),
    `the message is "${answer.error.message}", and does not hold "${words}"`,
  );
}

/** The answer must be a refusal of Chatkeep itself, which always has a hint. */
export function hintedRefusal(answer: Answer, code: string, status: number, words: string): void {
  refusal(answer, code, status, words);
  assert(answer.error.hint, `"${answer.error.message}" has no hint`);
}

/** All keys of a row, sorted. */
export function columns(row: object): string[] {
  return Object.keys(row).sort();
}

// Progress on stderr: a bar on a terminal, else a plain line every five seconds.

const LINE_EVERY_MS = 5_000;
const BAR_EVERY_MS = 100;

export class Progress {
  readonly #started = performance.now();
  readonly #terminal = Deno.stderr.isTerminal();
  #shown = this.#started;
  #done = 0;

  /** `total` is how many `unit` (plural) there are to do. */
  constructor(readonly title: string, readonly total: number, readonly unit: string) {}

  advance(by = 1): void {
    this.#done += by;
    const now = performance.now();
    if (now - this.#shown < (this.#terminal ? BAR_EVERY_MS : LINE_EVERY_MS)) return;
    this.#shown = now;
    this.#show();
  }

  /** Seconds and rate of the whole. */
  finish(): { seconds: number; rate: number } {
    const seconds = (performance.now() - this.#started) / 1000;
    this.#show();
    if (this.#terminal) write("\n");
    return { seconds, rate: this.#done / seconds };
  }

  #show(): void {
    const seconds = (performance.now() - this.#started) / 1000;
    const counts = `${this.#done.toLocaleString("en")}/${this.total.toLocaleString("en")} ${this.unit}, ${
      Math.round(this.#done / seconds).toLocaleString("en")
    }/s`;
    if (!this.#terminal) return write(`${this.title}: ${counts}\n`);
    const filled = Math.round(30 * Math.min(1, this.#done / this.total));
    write(`\r${this.title} [${"#".repeat(filled)}${"-".repeat(30 - filled)}] ${counts}   `);
  }
}

function write(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}

/** Runs `work` on every item, at most `width` at a time, starting in order. The first failure ends it. */
export async function inParallel<Item>(
  items: Item[],
  width: number,
  work: (item: Item, index: number) => Promise<void>,
) {
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) await work(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
}

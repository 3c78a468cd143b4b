// What every program that serves has: its environment, and its end.

import process from "node:process";

/** A variable of the environment that must be set. */
export function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

/** Waits for SIGTERM or SIGINT, and with --stop-with-stdin also for the end of standard input. */
export function untilToldToStop(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGTERM", () => resolve());
    process.once("SIGINT", () => resolve());
    if (Deno.args.includes("--stop-with-stdin")) {
      Deno.stdin.readable.pipeTo(new WritableStream()).then(() => resolve(), () => resolve());
    }
  });
}

/** Runs a program to its end, whose failure is said in one line. */
export function run(name: string, main: () => Promise<void>): void {
  main().then(() => process.exit(0), (error) => {
    console.error(`${name}: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  });
}

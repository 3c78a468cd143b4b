// Direct connections with transactions that stay open, which a gateway cannot offer. Each is a connection of
// authenticator that takes the role and claims of a caller for one transaction, as PostgREST does.
//
// Environment: CHATKEEP_API_DB, CHATKEEP_OWNER_DB and CHATKEEP_SUPERUSER_DB, the connection URLs of authenticator, of
// the tables' owner and of a superuser.

import postgres from "postgres";
import { assert } from "../journeys/assertions.ts";

// deno-lint-ignore no-explicit-any
export type Row = any;

/** A caller: a user, a service, or an anonymous client. */
export interface Caller {
  role: "authenticated" | "service_role" | "anon";
  claims: string;
}

export interface Person extends Caller {
  id: string;
}

/** A caller that is exempt from policies. */
export const SERVICE: Caller = { role: "service_role", claims: JSON.stringify({ role: "service_role" }) };
/** A caller without a JWT. */
export const NOBODY: Caller = { role: "anon", claims: "" };

/** The longest wait for an event, in milliseconds. Then the test fails. */
const LONGEST_WAIT = 20_000;

/** The statement_timeout, in milliseconds. A statement that takes longer loops, and is cancelled with 57014. */
const LONGEST_STATEMENT = 10_000;

/** A database connection. */
export class Connection {
  readonly #sql: postgres.Sql;
  /** The process id of its backend. */
  readonly pid: number;

  private constructor(sql: postgres.Sql, pid: number) {
    this.#sql = sql;
    this.pid = pid;
  }

  static async open(url: string): Promise<Connection> {
    const sql = postgres(url, {
      max: 1,
      onnotice: () => {},
      connection: { application_name: "chatkeep-isolation", TimeZone: "UTC", statement_timeout: LONGEST_STATEMENT },
      // Times as text, because a Date has no microseconds.
      types: { time: { to: 1184, from: [1184], serialize: (time: string) => time, parse: (time: string) => time } },
    });
    const [{ pid }] = await sql`select pg_backend_pid() as pid`;
    return new Connection(sql, pid);
  }

  /** Executes a statement and returns its rows. */
  rows(statement: string, ...values: unknown[]): Promise<Row[]> {
    // Sends the statement at once and in order. By default the driver waits until the answer is awaited.
    return background(Promise.resolve(this.#sql.unsafe(statement, values as never[], { prepare: true }).execute()));
  }

  /** Sends several statements in one message. */
  async send(statements: string): Promise<void> {
    await this.#sql.unsafe(statements).simple();
  }

  /** Begins a transaction of this caller. Later statements of the connection belong to it until it ends. */
  async begin(caller: Caller, mode: "" | "read only" | `isolation level ${string}` = ""): Promise<void> {
    await Promise.all([this.rows(`begin ${mode}`), this.become(caller)]);
  }

  /** Changes the caller of the open transaction. */
  become(caller: Caller): Promise<Row[]> {
    return this.rows(
      "select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)",
      caller.role,
      caller.claims,
    );
  }

  async commit(): Promise<void> {
    await this.rows("commit");
  }

  async rollback(): Promise<void> {
    await this.rows("rollback");
  }

  /** Executes a statement in its own transaction, as the Data API does for a request. */
  request(caller: Caller, statement: string, ...values: unknown[]): Promise<Row[]> {
    return background(this.#request(caller, statement, values));
  }

  async close(): Promise<void> {
    await this.#sql.end({ timeout: 0 });
  }

  async #request(caller: Caller, statement: string, values: unknown[]): Promise<Row[]> {
    const [, , answer, end] = await Promise.allSettled([
      this.rows("begin"),
      this.become(caller),
      this.rows(statement, ...values),
      // After an error, commit rolls back.
      this.rows("commit"),
    ]);
    if (answer.status === "rejected") throw answer.reason;
    if (end.status === "rejected") throw end.reason;
    return answer.value;
  }
}

/** The connections and rows of a test. Its connections are closed after the test. */
export class Stage {
  readonly #open: Connection[] = [];
  #owner?: Connection;
  #superuser?: Connection;

  /** A connection of authenticator; through `port` if a proxy is in between. */
  async connection(port?: number): Promise<Connection> {
    const url = new URL(given("CHATKEEP_API_DB"));
    if (port) url.port = `${port}`;
    return await this.#keep(url.href);
  }

  connections(count: number): Promise<Connection[]> {
    return Promise.all(Array.from({ length: count }, () => this.connection()));
  }

  /** The tables' owner, who sees all committed rows. */
  async owner(): Promise<Connection> {
    return this.#owner ??= await this.#keep(given("CHATKEEP_OWNER_DB"));
  }

  /** Another connection of the owner, for transactions that wait or hold locks. */
  async administrator(): Promise<Connection> {
    return await this.#keep(given("CHATKEEP_OWNER_DB"));
  }

  /** A superuser, who may change the server's settings and read everything. */
  async superuser(): Promise<Connection> {
    return this.#superuser ??= await this.#keep(given("CHATKEEP_SUPERUSER_DB"));
  }

  /** A new user; with `tenant`, already a member of that tenant. */
  async person(tenant?: string): Promise<Person> {
    const id = crypto.randomUUID();
    const owner = await this.owner();
    await owner.rows("insert into auth.users (id) values ($1)", id);
    if (tenant) await owner.rows("select from chatkeep.add_member($2, $1)", id, tenant);
    return { id, role: "authenticated", claims: JSON.stringify({ role: "authenticated", sub: id }) };
  }

  /** A new chat of this person. */
  async chat(person: Person): Promise<string> {
    const connection = await this.connection();
    const [{ id }] = await connection.request(person, "select id from chatkeep.create_chat()");
    return id;
  }

  /** Resolves once `waiting` waits for a lock of `holder`. `work` is the waiting statement and must not end before. */
  async waits(waiting: Connection, holder: Connection, work: Promise<unknown>): Promise<void> {
    assert(await this.waitsOrEnds(waiting, holder, work), "it ended, and was to wait for the other transaction");
  }

  /** Resolves to true once `waiting` waits for `holder`, or to false if `work` ended without waiting. */
  async waitsOrEnds(waiting: Connection, holder: Connection, work: Promise<unknown>): Promise<boolean> {
    const [ended, waits] = [{ yes: false }, { yes: false }];
    work.then(() => ended.yes = true, () => ended.yes = true);
    await this.until("it waits for the other transaction", async (owner) => {
      const [{ blocked }] = await owner.rows(
        "select $1 = any (pg_blocking_pids($2)) as blocked",
        holder.pid,
        waiting.pid,
      );
      waits.yes = blocked;
      return waits.yes || ended.yes;
    });
    return waits.yes;
  }

  /** Resolves once this work waits for any lock, or has ended. */
  async settles(connection: Connection, work: Promise<unknown>): Promise<void> {
    const ended = { yes: false };
    work.then(() => ended.yes = true, () => ended.yes = true);
    await this.until("it waits, or has ended", async (owner) => {
      const [{ blocked }] = await owner.rows("select cardinality(pg_blocking_pids($1)) > 0 as blocked", connection.pid);
      return blocked || ended.yes;
    });
  }

  /** Repeats the owner's query until it is true. */
  async until(what: string, ask: (owner: Connection) => Promise<boolean>): Promise<void> {
    const owner = await this.owner();
    const limit = Date.now() + LONGEST_WAIT;
    while (!await ask(owner)) assert(Date.now() < limit, `this never came: ${what}`);
  }

  /** All messages of a chat in order, read without policies. */
  async stored(chat: string): Promise<Row[]> {
    const owner = await this.owner();
    return await owner.rows(
      "select id, seq, parent_id, content, status, active, created_at from chatkeep.messages where chat_id = $1 order by seq",
      chat,
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((connection) => connection.close()));
  }

  async #keep(url: string): Promise<Connection> {
    const connection = await Connection.open(url);
    this.#open.push(connection);
    return connection;
  }
}

/** Declares a test with its own stage. */
export function test(name: string, play: (stage: Stage) => Promise<void>): void {
  Deno.test(name, async () => {
    const stage = new Stage();
    try {
      await play(stage);
    } finally {
      await stage.close();
    }
  });
}

/** Marks the failure of `work` as handled, so that a test may fail before it awaits `work`. */
export function background<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}

/** The SQLSTATE of the refusal that ends this work. */
export async function refused(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as { code?: string }).code ?? `${error}`;
  }
  return "accepted";
}

/** The end of a call. */
export interface Outcome {
  /** `accepted`, or the SQLSTATE of the refusal. */
  code: string;
  message: string;
  hint: string;
  rows: Row[];
}

/** Waits for the end of this work, success or refusal. */
export async function outcome(work: Promise<Row[]>): Promise<Outcome> {
  try {
    return { code: "accepted", message: "", hint: "", rows: await work };
  } catch (error) {
    const { code, message, hint } = error as { code?: string; message: string; hint?: string };
    return { code: code ?? `${error}`, message, hint: hint ?? "", rows: [] };
  }
}

/** SQL of an append and of a batch. The values follow in the order of the parameters. */
export const APPEND = "select * from chatkeep.append_message($1, 'user', $2, message_id => $3)";
export const APPEND_AFTER = "select * from chatkeep.append_message($1, 'user', $2, message_id => $3, parent_id => $4)";
export const APPEND_STREAM =
  "select * from chatkeep.append_message($1, 'assistant', '', message_id => $2, status => 'streaming')";
export const APPEND_BATCH = "select * from chatkeep.append_messages($1, $2::text::jsonb)";

/** The items of a batch: contents, or contents with ids. */
export function batch(...items: (string | [content: string, message_id: string])[]): string {
  return JSON.stringify(items.map((item) => {
    const [content, message_id] = typeof item === "string" ? [item, undefined] : item;
    return { role: "user", content, message_id };
  }));
}

/** The numbers from 1 to `count`. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** A variable of the environment. */
export function given(name: string): string {
  const value = Deno.env.get(name);
  if (!value) throw new Error(`${name} is not set: these tests need a database, see cargo xtask test`);
  return value;
}

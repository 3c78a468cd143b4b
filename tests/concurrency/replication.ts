// Computes what Supabase Realtime would send for a change. The changes come from the publication supabase_realtime by
// logical decoding. They are judged for each subscriber as in realtime.apply_rls of supabase/realtime, without the
// filters that a subscriber may add:
//
// - An insert or update goes to each subscriber whose role and claims find the row by its primary key. One statement is
// prepared for the change and executed for each subscriber.
// - A role that may not select the primary key gets an error: unauthorized.
// - The record holds the columns that the role may select. The log does not hold a large value that an update leaves
// unchanged. Realtime then takes it from the old row if the replica identity holds it, and otherwise leaves the column
// out.
// - Policies cannot check a deleted row, so a deletion goes to every subscriber, with the primary key alone.

import { Buffer } from "node:buffer";
import { assert, equal } from "../journeys/assertions.ts";
import { type Caller, Connection, type Row, Stage } from "./connections.ts";

const PUBLICATION = "supabase_realtime";
/** The statement that docs/supabase.md gives for the owner of the tables. */
export const PUBLISH = `alter publication ${PUBLICATION} add table chatkeep.chats, chatkeep.messages`;

/** Columns by name, with their values as text or null. */
export type Values = Record<string, string | null>;

interface Change {
  type: "INSERT" | "UPDATE" | "DELETE";
  table: string;
  /** The logged columns of the new row. */
  columns: Values;
  /** The columns of the old row in the replica identity. */
  identity: Values;
}

/** A change, and its record for each subscriber by name. A subscriber without an entry receives nothing. */
export interface Sent {
  type: Change["type"];
  table: string;
  to: Record<string, Values | "unauthorized">;
}

/** The publication and a reader of its changes. Both are removed by `end`. */
export class Feed {
  readonly #superuser: Connection;
  readonly #subscribers: Record<string, Caller>;
  readonly #keys = new Map<string, string[]>();

  private constructor(superuser: Connection, subscribers: Record<string, Caller>) {
    this.#superuser = superuser;
    this.#subscribers = subscribers;
  }

  /** Makes the publication as Supabase does for every project, adds the tables and starts to read. */
  static async begin(stage: Stage, subscribers: Record<string, Caller>): Promise<Feed> {
    const [owner, superuser] = [await stage.owner(), await stage.superuser()];
    // An interrupted run may have left one.
    await owner.rows(`drop publication if exists ${PUBLICATION}`);
    await owner.rows(`create publication ${PUBLICATION}`);
    await owner.rows(PUBLISH);
    await superuser.rows("select pg_create_logical_replication_slot('chatkeep_realtime', 'pgoutput', true)");
    return new Feed(superuser, subscribers);
  }

  async end(): Promise<void> {
    await this.#superuser.rows("select pg_drop_replication_slot('chatkeep_realtime')");
    await this.#superuser.rows(`drop publication ${PUBLICATION}`);
  }

  /** The changes since the last call, in the order of commits. */
  async sent(): Promise<Sent[]> {
    const sent: Sent[] = [];
    for (const change of await this.#changes()) sent.push(await this.#judged(change));
    return sent;
  }

  async #changes(): Promise<Change[]> {
    // The test servers commit without waiting for the log to be written, but decoding reads only the written part. This
    // commit waits, and so writes all of it.
    await this.#superuser.rows(
      "select set_config('synchronous_commit', 'on', true), pg_logical_emit_message(true, 'chatkeep', '')",
    );
    const rows = await this.#superuser.rows(
      `select data from pg_logical_slot_get_binary_changes(
         'chatkeep_realtime', null, null, 'proto_version', '1', 'publication_names', $1)`,
      PUBLICATION,
    );
    return decoded(rows.map((row: Row) => Buffer.from(row.data)));
  }

  async #judged({ type, table, columns, identity }: Change): Promise<Sent> {
    const sent: Sent = { type, table, to: {} };
    const key = await this.#key(table);
    const keyOf = (values: Values) => Object.fromEntries(key.map((name) => [name, values[name]]));
    const superuser = this.#superuser;
    // One transaction judges all subscribers, one after the other, with one prepared statement.
    await superuser.rows("begin");
    if (type !== "DELETE") await superuser.rows(seen(table, keyOf(columns)));
    for (const [name, caller] of Object.entries(this.#subscribers)) {
      const selectable = await this.#selectable(caller.role, table);
      if (type === "DELETE") {
        sent.to[name] = only(keyOf(identity), selectable);
      } else if (!key.every((name) => selectable.has(name))) {
        sent.to[name] = "unauthorized";
      } else {
        await superuser.become(caller);
        const [{ is_seen }] = await superuser.rows("execute seen");
        await superuser.rows("select set_config('role', null, true)");
        if (is_seen) sent.to[name] = only({ ...identity, ...columns }, selectable);
      }
    }
    if (type !== "DELETE") await superuser.rows("deallocate seen");
    await superuser.rows("commit");
    return sent;
  }

  async #selectable(role: string, table: string): Promise<Set<string>> {
    const rows = await this.#superuser.rows(
      `select attname from pg_attribute
       where attrelid = $2::text::regclass and attnum > 0 and has_column_privilege($1, attrelid, attnum, 'select')`,
      role,
      table,
    );
    return new Set(rows.map((row: Row) => row.attname));
  }

  async #key(table: string): Promise<string[]> {
    const known = this.#keys.get(table);
    if (known) return known;
    const rows = await this.#superuser.rows(
      `select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
       where i.indrelid = $1::text::regclass and i.indisprimary`,
      table,
    );
    const key = rows.map((row: Row) => row.attname);
    assert(key.length > 0, `${table} has no primary key`);
    this.#keys.set(table, key);
    return key;
  }
}

/** The values of the columns with these names. */
function only(values: Values, names: Set<string>): Values {
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.has(name)));
}

/** A statement that checks whether a row is in sight. Like Realtime's, it has no parameters. */
function seen(table: string, key: Values): string {
  const conditions = Object.entries(key).map(([name, value]) => {
    assert(/^[0-9a-f-]{36}$/.test(value ?? ""), `the key ${name} is a uuid`);
    return `${name} = '${value}'`;
  });
  return `prepare seen as select exists (select from ${table} where ${conditions.join(" and ")}) as is_seen`;
}

/** Reads messages of pgoutput, version 1 (PostgreSQL documentation, "Logical Replication Message Formats"). */
function decoded(messages: Buffer[]): Change[] {
  const relations = new Map<number, { table: string; columns: string[]; identity: Set<string> }>();
  const changes: Change[] = [];
  for (const message of messages) {
    const reader = new Reader(message);
    const kind = reader.letter();
    if (kind === "R") {
      const id = reader.integer(4);
      const table = `${reader.text()}.${reader.text()}`;
      reader.integer(1); // The replica identity.
      const identity = new Set<string>();
      const columns = Array.from({ length: reader.integer(2) }, () => {
        const isIdentity = reader.integer(1) === 1;
        const name = reader.text();
        reader.integer(4); // Its type.
        reader.integer(4); // The type's modifier.
        if (isIdentity) identity.add(name);
        return name;
      });
      relations.set(id, { table, columns, identity });
    } else if (kind === "I" || kind === "U" || kind === "D") {
      const relation = relations.get(reader.integer(4));
      assert(relation !== undefined, "a relation is described before it is named");
      const change: Change = {
        type: ({ I: "INSERT", U: "UPDATE", D: "DELETE" } as const)[kind],
        table: relation.table,
        columns: {},
        identity: {},
      };
      while (!reader.isAtEnd()) {
        const part = reader.letter();
        const values = reader.tuple(relation.columns);
        if (part === "N") change.columns = values;
        // The columns outside of the identity are NULL.
        else change.identity = only(values, relation.identity);
      }
      changes.push(change);
    } else {
      // Begin, commit and types are no changes. The tests truncate no table.
      equal("BCY".includes(kind), true, `message ${kind} of the log`);
    }
  }
  return changes;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  letter(): string {
    return String.fromCharCode(this.integer(1));
  }

  integer(size: number): number {
    this.#at += size;
    return this.#bytes.readUIntBE(this.#at - size, size);
  }

  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    const text = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end + 1;
    return text;
  }

  tuple(columns: string[]): Values {
    const values: Values = {};
    equal(this.integer(2), columns.length, "columns of a row");
    for (const name of columns) {
      const kind = this.letter();
      if (kind === "n") {
        values[name] = null;
      } else if (kind === "t") {
        const length = this.integer(4);
        values[name] = this.#bytes.toString("utf8", this.#at, this.#at + length);
        this.#at += length;
      } else {
        equal(kind, "u", "a value that is in its row alone");
      }
    }
    return values;
  }
}

// PGlite, Postgres in WebAssembly, ready for the contract: what Supabase has and Postgres lacks, the migrations,
// and a port on which psql speaks to it. PGlite is one process with one session: who connects has it alone, as
// the user that the connection names, and the next one finds it as new.
//
// Environment: CHATKEEP_SQL (the folder sql/ of the repository). When it serves, it prints one line of JSON to
// stdout: {"port"}. It stops at SIGTERM or SIGINT, and with --stop-with-stdin also when its standard input ends.

import { PGlite } from "@electric-sql/pglite";
import { pgtap } from "@electric-sql/pglite-pgtap";
import { required, run, untilToldToStop } from "./program.ts";

async function main(): Promise<void> {
  const database = await PGlite.create({ extensions: { pgtap } });
  await prepare(database, required("CHATKEEP_SQL"));
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  console.log(JSON.stringify({ port: listener.addr.port }));
  await Promise.race([serve(database, listener), untilToldToStop()]);
  listener.close();
  await database.close();
}

/** Platform and migrations, each applied by whom they are applied by elsewhere. */
async function prepare(database: PGlite, folder: string): Promise<void> {
  // The superuser has the name of Supabase's, so that postgres is free for the owner, who is none. Nobody may
  // rename the user of the own session.
  await database.exec(`
    create role renamer superuser;
    set session authorization renamer;
    alter role postgres rename to supabase_admin;
    set session authorization supabase_admin;
    drop role renamer`);
  for (const text of await sqlFiles(`${folder}/platform`)) await database.exec(text);
  await database.exec("set session authorization postgres");
  for (const text of await sqlFiles(`${folder}/supabase/migrations`)) {
    await database.transaction((transaction) => transaction.exec(text));
  }
}

async function sqlFiles(folder: string): Promise<string[]> {
  const names = [...Deno.readDirSync(folder)].map((entry) => entry.name).filter((name) => name.endsWith(".sql"));
  return await Promise.all(names.sort().map((name) => Deno.readTextFile(`${folder}/${name}`)));
}

async function serve(database: PGlite, listener: Deno.Listener): Promise<void> {
  for await (const connection of listener) {
    try {
      await new Session(database, connection).run();
    } catch (error) {
      console.error(`connection: ${error instanceof Error ? error.message : error}`);
    } finally {
      connection.close();
    }
  }
}

// Frontend/Backend Protocol 3.0, "Message Formats" in PostgreSQL's documentation.
const STARTUP = 0x30000;
const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
/** Parse, Bind, Describe, Execute, Close: PGlite wants them together with the message that has them answered. */
const UNANSWERED = new Set([..."PBDEC"].map((letter) => letter.charCodeAt(0)));
const TERMINATE = "X".charCodeAt(0);

/** One connection, from its startup packet to its end. */
class Session {
  #received: Uint8Array = new Uint8Array(0);

  constructor(readonly database: PGlite, readonly connection: Deno.Conn) {}

  async run(): Promise<void> {
    const startup = await this.#startup();
    if (startup === undefined) return;
    try {
      await this.#signIn(parameters(startup).get("user") ?? "");
      await this.#answer(startup);
      let pending: Uint8Array = new Uint8Array(0);
      for (let message = await this.#message(1); message !== undefined; message = await this.#message(1)) {
        if (message[0] === TERMINATE) return;
        pending = joined(pending, message);
        if (UNANSWERED.has(message[0])) continue;
        await this.#answer(pending);
        pending = new Uint8Array(0);
      }
    } finally {
      await this.#signOut();
    }
  }

  /** The startup packet; whoever asks for encryption first is told that there is none. */
  async #startup(): Promise<Uint8Array | undefined> {
    for (let packet = await this.#message(0); packet !== undefined; packet = await this.#message(0)) {
      const code = new DataView(packet.buffer, packet.byteOffset).getUint32(4);
      if (code === STARTUP) return packet;
      if (code !== SSL_REQUEST && code !== GSS_REQUEST) return undefined;
      await this.#write(new TextEncoder().encode("N"));
    }
  }

  /** As a server does: the user that was named, with the settings of that role. */
  async #signIn(user: string): Promise<void> {
    await this.database.exec(`set session authorization "${user.replaceAll('"', '""')}"`);
    await this.database.exec(`
      select set_config(split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1), false)
      from pg_catalog.pg_roles r, unnest(r.rolconfig) setting where r.rolname = session_user`);
  }

  /** What a new connection to a server would not find: an open transaction, settings, temporary tables. */
  async #signOut(): Promise<void> {
    await this.database.exec("rollback");
    await this.database.exec("set session authorization supabase_admin");
    await this.database.exec("discard all");
  }

  async #answer(message: Uint8Array): Promise<void> {
    const parts: Uint8Array[] = [];
    await this.database.runExclusive(() =>
      this.database.execProtocolRawStream(message, { onRawData: (part) => parts.push(part.slice()) })
    );
    // PostgreSQL looks after its own stack, and knows nothing of the one that WebAssembly has in its host: where that
    // one overflows, PGlite drops the statement without a word.
    if (parts.length === 0) throw new Error("PGlite did not answer: the host's stack is too small for the statement");
    for (const part of parts) await this.#write(part);
  }

  /** The next whole message: a type of so many bytes, then a length that counts itself. */
  async #message(type: 0 | 1): Promise<Uint8Array | undefined> {
    for (;;) {
      const { length } = this.#received;
      if (length >= type + 4) {
        const end = type + new DataView(this.#received.buffer, this.#received.byteOffset).getUint32(type);
        if (length >= end) {
          const message = this.#received.slice(0, end);
          this.#received = this.#received.slice(end);
          return message;
        }
      }
      const chunk = new Uint8Array(65536);
      const read = await this.connection.read(chunk);
      if (read === null) return undefined;
      this.#received = joined(this.#received, chunk.subarray(0, read));
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length;) written += await this.connection.write(bytes.subarray(written));
  }
}

/** The names and values of a startup packet: user, database, application_name. */
function parameters(startup: Uint8Array): Map<string, string> {
  const words = new TextDecoder().decode(startup.subarray(8)).split("\0");
  const found = new Map<string, string>();
  for (let place = 0; words[place]; place += 2) found.set(words[place], words[place + 1]);
  return found;
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

run("pglite", main);

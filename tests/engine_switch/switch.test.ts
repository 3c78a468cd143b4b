// Switches the engine back and forth while clients work: no client sees an error, nothing is lost or stored twice, and
// both engines give the same answers. psql runs sql/engines/*.sql, as README.md tells the operator.
//
// Environment: CHATKEEP_PSQL, the program; CHATKEEP_ENGINES, the folder of the scripts; and the variables of
// concurrency/.

import { assert, equal } from "../journeys/assertions.ts";
import {
  APPEND,
  APPEND_AFTER,
  APPEND_BATCH,
  background,
  batch,
  type Connection,
  given,
  NOBODY,
  numbers,
  type Person,
  type Row,
  type Stage,
  test,
} from "../concurrency/connections.ts";
import { printed } from "../concurrency/programs.ts";

type Engine = "native" | "portable";

/** Runs the script that selects an engine. */
async function select(engine: Engine): Promise<void> {
  await printed("CHATKEEP_PSQL", "--no-psqlrc", "--quiet", "--file", `${given("CHATKEEP_ENGINES")}/${engine}.sql`);
}

/** The engine that answers a connection. */
async function engineOf(connection: Connection): Promise<Engine> {
  const [{ engine }] = await connection.rows("select engine from chatkeep.engine()");
  return engine;
}

/** Declares a test that begins and ends with the native engine. */
function switching(name: string, play: (stage: Stage) => Promise<void>): void {
  test(name, async (stage) => {
    try {
      await play(stage);
    } finally {
      await select("native");
    }
  });
}

/** A client that repeats its turn and checks each result. */
abstract class Client {
  turns = 0;
  readonly engines = new Set<Engine>();
  readonly #milestones = new Map<number, () => void>();

  constructor(readonly connection: Connection) {}

  abstract turn(): Promise<void>;

  async work(goesOn: () => boolean): Promise<void> {
    while (goesOn()) {
      const [{ engine }] = await this.connection.request(NOBODY, "select engine from chatkeep.engine()");
      this.engines.add(engine);
      await this.turn();
      this.turns++;
      this.#milestones.get(this.turns)?.();
    }
  }

  /** Resolves when it has done this number of further turns, after the current one. */
  more(turns: number): Promise<void> {
    return new Promise((resolve) => this.#milestones.set(this.turns + turns + 1, resolve));
  }
}

/** Appends to a chat to which others append too. It sends every third message again, as after a lost response. */
class Writer extends Client {
  readonly stored = new Map<string, number>();

  constructor(connection: Connection, readonly person: Person, readonly chat: string) {
    super(connection);
  }

  async turn() {
    const id = crypto.randomUUID();
    for (let sent = 0; sent <= (this.turns % 3 === 0 ? 1 : 0); sent++) {
      const [row] = await this.connection.request(this.person, APPEND, this.chat, `content of ${id}`, id);
      equal(row.seq, this.stored.get(id) ?? row.seq, "position after a retry");
      this.stored.set(id, row.seq);
    }
  }
}

/** Appends batches of two. Every second batch holds a stored and a new message. */
class BatchWriter extends Writer {
  override async turn() {
    const [one, two, three] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
    for (const [ids, outcome] of [[[one, two], "appended"], [[two, three], "stored"]] as const) {
      const items = ids.map((id): [string, string] => [`content of ${id}`, id]);
      const rows = await this.connection.request(this.person, APPEND_BATCH, this.chat, batch(...items));
      equal(rows.map((row: Row) => row.outcome), [outcome, "appended"], "outcomes of a batch");
      for (const { id, seq } of rows) {
        equal(seq, this.stored.get(id) ?? seq, "position of a stored message");
        this.stored.set(id, seq);
      }
    }
  }
}

/** Streams an answer, then another one in its place, goes back to the first, and reads the path. */
class Storyteller extends Client {
  #leaf?: string;
  messages = 0;

  constructor(connection: Connection, readonly person: Person, readonly chat: string) {
    super(connection);
  }

  async turn() {
    const [request, person, chat] = [this.connection.request.bind(this.connection), this.person, this.chat];
    const [question] = await request(person, APPEND, chat, `question ${this.turns}`, crypto.randomUUID());
    equal(question.parent_id, this.#leaf ?? null, "the parent of the question");
    const [answer] = await request(
      person,
      "select * from chatkeep.append_message($1, 'assistant', '', status => 'streaming')",
      chat,
    );
    const finish = "select * from chatkeep.finish_message($1, $2, content => $3)";
    const [whole] = await request(person, finish, chat, answer.id, `answer ${this.turns}`);
    equal([whole.status, whole.seq], ["complete", answer.seq], "the answer");
    await request(person, APPEND_AFTER, chat, `another answer ${this.turns}`, crypto.randomUUID(), question.id);
    const [{ active_leaf_id }] = await request(person, "select * from chatkeep.select_branch($1, $2)", chat, answer.id);
    equal(active_leaf_id, answer.id, "the chosen branch");
    const page = await request(person, "select * from chatkeep.list_messages($1, page_size => 2)", chat);
    equal(page.map((row) => row.content), [`question ${this.turns}`, `answer ${this.turns}`], "the end of the path");
    this.#leaf = answer.id;
    this.messages += 3;
  }
}

/** Rotates the token of a session again and again. */
class Device extends Client {
  #token = "";
  #generation = 0;

  constructor(connection: Connection, readonly person: Person) {
    super(connection);
  }

  async turn() {
    if (!this.#token) {
      const [opened] = await this.connection.request(this.person, "select * from chatkeep.create_session()");
      this.#token = opened.token;
    }
    const rotated = async () =>
      (await this.connection.request(NOBODY, "select * from chatkeep.rotate_session($1)", this.#token))[0];
    const first = await rotated();
    equal([first.status, first.generation], ["rotated", this.#generation + 1], "a rotation");
    const again = await rotated();
    equal([again.status, again.token === first.token], ["replayed", true], "the same rotation after a lost response");
    this.#token = first.token;
    this.#generation++;
    const [{ status, generation }] = await this.connection.request(
      NOBODY,
      "select * from chatkeep.validate_session($1)",
      this.#token,
    );
    equal([status, generation], ["valid", this.#generation], "the token's worth");
  }
}

/** Registers documents that others register too. */
class Uploader extends Client {
  readonly outcomes = new Map<string, string[]>();

  constructor(connection: Connection, readonly person: Person) {
    super(connection);
  }

  async turn() {
    const documents = numbers(5).map((number) => `${this.turns} ${number}`).map((name) => ({
      source_uri: `https://example.com/${name.replace(" ", "/")}`,
      checksum: checksumOf(name),
    }));
    for (const expected of [["created", "duplicate"], ["duplicate"]]) {
      const rows = await this.connection.request(
        this.person,
        "select * from chatkeep.register_documents($1::text::jsonb)",
        JSON.stringify(documents),
      );
      const [asked, answered] = [documents, rows].map((list) => list.map(({ checksum }) => checksum));
      equal(answered, asked, "documents in their order");
      for (const { checksum, outcome } of rows) {
        assert(expected.includes(outcome), `${outcome}, expected ${expected.join(" or ")}`);
        this.outcomes.set(checksum, [...this.outcomes.get(checksum) ?? [], outcome]);
      }
    }
  }
}

/** 64 hexadecimal characters for a short name, different for each name. They need not be a real checksum. */
function checksumOf(name: string): string {
  return [...name].map((letter) => letter.charCodeAt(0).toString(16)).join("").padStart(64, "0");
}

/** Reads new messages of a chat. It must get every message once. */
class Reader extends Client {
  readonly seen: Row[] = [];

  constructor(connection: Connection, readonly person: Person, readonly chat: string) {
    super(connection);
  }

  async turn() {
    this.seen.push(
      ...await this.connection.request(
        this.person,
        "select seq, created_at from chatkeep.list_messages($1, after => $2, page_size => 200)",
        this.chat,
        this.seen.at(-1)?.created_at ?? "-infinity",
      ),
    );
  }
}

switching("clients at work notice nothing of a switch", async (stage) => {
  const ada = await stage.person();
  const [chat, story] = [await stage.chat(ada), await stage.chat(ada)];
  const connections = await stage.connections(8);
  const writers = [
    new Writer(connections[0], ada, chat),
    new Writer(connections[1], ada, chat),
    new BatchWriter(connections[2], ada, chat),
  ];
  const storyteller = new Storyteller(connections[3], ada, story);
  const uploaders = [new Uploader(connections[4], ada), new Uploader(connections[5], ada)];
  const reader = new Reader(connections[6], ada, chat);
  const clients: Client[] = [...writers, storyteller, ...uploaders, reader, new Device(connections[7], ada)];
  let goesOn = true;
  const work = background(Promise.all(clients.map((client) => client.work(() => goesOn))));
  // If a client fails, the test ends here.
  const progress = () => Promise.race([work, Promise.all(clients.map((client) => client.more(5)))]);
  await progress();
  for (const engine of ["portable", "native", "portable", "native"] as const) {
    await select(engine);
    await progress();
  }
  goesOn = false;
  await work;

  for (const client of clients) {
    equal([...client.engines].sort(), ["native", "portable"], `the user who answered ${client.constructor.name}`);
  }
  const stored = await stage.stored(chat);
  const acknowledged = new Map(writers.flatMap((writer) => [...writer.stored]));
  equal(stored.map((row) => row.seq), numbers(acknowledged.size), "positions");
  for (const { id, seq, content } of stored) {
    equal([seq, content], [acknowledged.get(id), `content of ${id}`], "a message where its writer was told it is");
  }
  equal(stored.map((row) => row.parent_id), [null, ...stored.slice(0, -1).map((row) => row.id)], "parents");
  await reader.turn();
  while (reader.seen.length < stored.length) await reader.turn();
  equal(reader.seen.map((row) => row.seq), numbers(stored.length), "positions that the reader met");
  equal((await stage.stored(story)).map((row) => row.seq), numbers(storyteller.messages), "positions of the story");
  const owner = await stage.owner();
  for (const id of [chat, story]) {
    const [counts] = await owner.rows("select message_count, last_seq from chatkeep.chats where id = $1", id);
    const count = id === chat ? stored.length : storyteller.messages;
    equal(counts, { message_count: count, last_seq: count }, "the counts of the chat");
  }
  const [one, other] = uploaders.map((uploader) => uploader.outcomes);
  for (const checksum of new Set([...one.keys(), ...other.keys()])) {
    const outcomes = [...one.get(checksum) ?? [], ...other.get(checksum) ?? []];
    equal(outcomes.filter((outcome) => outcome === "created").length, 1, "documents made of the same bytes");
  }
});

switching("a transaction that is open does not hold up a switch, and goes on with the other engine", async (stage) => {
  const ada = await stage.person();
  const connection = await stage.connection();
  for (const mode of ["", "isolation level repeatable read", "isolation level serializable"] as const) {
    const chat = await stage.chat(ada);
    await connection.begin(ada, mode);
    for (const engine of ["native", "portable", "native"] as const) {
      if (await engineOf(connection) !== engine) await select(engine);
      await connection.rows(APPEND, chat, engine, crypto.randomUUID());
      equal(await engineOf(connection), engine, `who answers, ${mode || "read committed"}`);
    }
    await connection.commit();
    const stored = await stage.stored(chat);
    equal(
      stored.map((row) => [row.seq, row.content]),
      [[1, "native"], [2, "portable"], [3, "native"]],
      `messages, ${mode || "read committed"}`,
    );
  }
});

switching("of several switches at once all succeed, and one of them has the last word", async (stage) => {
  const superuser = await stage.superuser();
  for (const _ of numbers(3)) {
    await Promise.all((["native", "portable", "native", "portable"] as const).map(select));
    const rows = await superuser.rows(
      `select p.prolang = (select oid from pg_language where lanname = 'c') as is_native, count(*)::integer as calls
       from chatkeep_native.calls() c
       join pg_proc p on p.proname = c and p.pronamespace in ('chatkeep'::regnamespace, 'chatkeep_private'::regnamespace)
       group by 1`,
    );
    const [{ calls }] = await superuser.rows("select count(*)::integer as calls from chatkeep_native.calls()");
    equal(rows, [{ is_native: await engineOf(superuser) === "native", calls }], "calls by engine");
  }
});

switching("one connection gets the same answers from both engines", async (stage) => {
  const ada = await stage.person();
  const connection = await stage.connection();
  const chat = await stage.chat(ada);
  const ids = numbers(5).map(() => crypto.randomUUID());
  for (const id of ids) await connection.request(ada, APPEND, chat, `content of ${id}`, id);
  const [{ token }] = await connection.request(ada, "select token from chatkeep.create_session()");
  const known = JSON.stringify([{ source_uri: "https://example.com/known", checksum: checksumOf("known") }]);
  await connection.request(ada, "select chatkeep.register_documents($1::text::jsonb)", known);
  const questions: [string, ...unknown[]][] = [
    ["select chatkeep.uid(), chatkeep.tenant_id()"],
    ["select * from chatkeep.list_messages($1)", chat],
    ["select * from chatkeep.list_messages($1, page_size => 201)", chat],
    ["select * from chatkeep.list_messages($1)", crypto.randomUUID()],
    [APPEND, chat, `content of ${ids[2]}`, ids[2]],
    [APPEND, chat, "other content", ids[2]],
    [APPEND_BATCH, chat, batch([`content of ${ids[0]}`, ids[0]], [`content of ${ids[4]}`, ids[4]])],
    [APPEND_AFTER, chat, "content", crypto.randomUUID(), crypto.randomUUID()],
    ["select * from chatkeep.finish_message($1, $2, status => 'done')", chat, ids[0]],
    ["select * from chatkeep.select_branch($1, $2)", chat, ids[4]],
    ["select * from chatkeep.create_chat(chat_id => $1)", chat],
    ["select * from chatkeep.validate_session($1)", token],
    ["select * from chatkeep.validate_session('cks_no')"],
    ["select * from chatkeep.register_documents($1::text::jsonb)", known],
    ["select * from chatkeep.register_document('known', 'no checksum')"],
    ["select chatkeep.document_checksum('abc'::bytea)"],
    ["insert into chatkeep.messages (id) values (default)"],
    ["update chatkeep.chats set last_seq = 0 where id = $1", chat],
    ["update chatkeep.chats set archived_at = null where id = $1 returning *", chat],
  ];
  const answers = async () => {
    const all: unknown[] = [];
    for (const [statement, ...values] of questions) {
      try {
        all.push(await connection.request(ada, statement, ...values));
      } catch (error) {
        const { code, message, hint, detail } = error as Row;
        assert(code, `${error}`);
        all.push({ code, message, hint, detail });
      }
    }
    return all;
  };
  const native = await answers();
  await select("portable");
  const portable = await answers();
  await select("native");
  const again = await answers();
  for (const [index, [statement]] of questions.entries()) {
    equal(portable[index], native[index], `portable: ${statement}`);
    equal(again[index], native[index], `native again: ${statement}`);
  }
});

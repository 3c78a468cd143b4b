// Tokens must not appear in tables, in the server's log, in errors, in the views that other roles read, or in a dump.
// The server logs as much as it can. docs/sessions.md has the settings that keep parameters out of its log.
//
// Environment: CHATKEEP_SUPERUSER_DB, a connection URL; CHATKEEP_SERVER_LOG, the path of the server's log;
// CHATKEEP_PG_DUMP, the path of the program. A message of these tests names only the form of a token and the place
// where it was found.

import { Buffer } from "node:buffer";
import { assert, equal } from "../journeys/assertions.ts";
import { given, NOBODY, type Person, type Row, SERVICE, type Stage, test } from "./connections.ts";
import { printed } from "./programs.ts";

const CREATE = "select * from chatkeep.create_session(user_agent => 'a device')";
const ROTATE = "select * from chatkeep.rotate_session($1)";
const VALIDATE = "select * from chatkeep.validate_session($1)";
const ELEVATE = "select * from chatkeep.elevate_session($1, $2)";
const REVOKE_OTHERS = "select * from chatkeep.revoke_other_sessions($1)";
/** A call with the body of a request as its parameter, as PostgREST sends it. */
const BY_BODY = `with payload as (select $1::text::json as body)
  select called.* from payload, lateral json_to_record(payload.body) as given(token text),
    lateral chatkeep.rotate_session(token => given.token) called`;

/** Settings that log as much as possible, for new connections to the database. */
const LOUD = {
  log_statement: "all",
  log_duration: "on",
  log_min_duration_statement: "0",
  log_error_verbosity: "verbose",
  log_min_messages: "debug2",
  log_min_error_statement: "debug2",
  log_parameter_max_length: "-1",
  log_parameter_max_length_on_error: "-1",
};

/** The settings in docs/sessions.md, for the role of the API. */
const DOCUMENTED = { log_parameter_max_length: "0", log_parameter_max_length_on_error: "0" };

/** All forms in which a program might write a token or its two secrets. */
function forms(token: string): [name: string, text: string][] {
  const body = token.slice(4);
  const written = Buffer.from(token);
  const secrets = [["session secret", body.slice(0, 32)], ["refresh secret", body.slice(32, 64)]];
  return [
    ["token", body],
    ["token in hexadecimal", written.toString("hex")],
    ["token in base64", written.toString("base64")],
    ...secrets.flatMap(([name, base64url]): [string, string][] => {
      const bytes = Buffer.from(base64url, "base64url");
      const hex = bytes.toString("hex");
      return [
        [`${name} in base64url`, base64url],
        [`${name} in base64`, bytes.toString("base64")],
        [`${name} in hexadecimal`, hex],
        [`${name} in capital hexadecimal`, hex.toUpperCase()],
        [`${name} as it is`, bytes.toString("latin1")],
      ];
    }),
  ];
}

/** The forms of tokens that a text contains. Its bytes are read as Latin-1. */
function traces(text: string, tokens: Iterable<string>): string[] {
  const found = [...tokens].flatMap(forms).filter(([, form]) => text.includes(form));
  return [...new Set(found.map(([name]) => name))].sort();
}

/** A valid token that no call gets. */
function decoy(): string {
  return `cks_${Buffer.from(crypto.getRandomValues(new Uint8Array(52))).toString("base64url")}`;
}

/** The part of the server's log from now on. */
class Log {
  readonly #path = given("CHATKEEP_SERVER_LOG");
  readonly #from = Deno.statSync(this.#path).size;

  /** Writes a mark to the log and returns the text before it. */
  async read(stage: Stage): Promise<string> {
    const mark = `mark ${crypto.randomUUID()}`;
    const superuser = await stage.superuser();
    await superuser.rows(`do $$ begin raise log '${mark}'; end $$`);
    let text = "";
    await stage.until("the log holds the mark", async () => {
      text = Buffer.from(await Deno.readFile(this.#path)).subarray(this.#from).toString("latin1");
      return text.includes(mark);
    });
    return text;
  }
}

/** Runs `play` with other settings of the database or of the API's role, which apply to new connections. */
async function having(
  stage: Stage,
  of: "database postgres" | "role authenticator",
  settings: Record<string, string>,
  play: () => Promise<void>,
): Promise<void> {
  const superuser = await stage.superuser();
  try {
    for (const [name, value] of Object.entries(settings)) {
      await superuser.rows(`alter ${of} set ${name} = '${value}'`);
    }
    await play();
  } finally {
    for (const name of Object.keys(settings)) await superuser.rows(`alter ${of} reset ${name}`);
  }
}

/** Runs `play` with a server that logs everything except parameters, as documented. */
function loudAsDocumented(stage: Stage, play: () => Promise<void>): Promise<void> {
  return having(stage, "database postgres", LOUD, () => having(stage, "role authenticator", DOCUMENTED, play));
}

/** The tokens that the calls received and returned, and their errors. */
interface Played {
  tokens: Set<string>;
  errors: string[];
}

/** Every call on sessions: calls that succeed, that refuse by their status and that fail with an error. */
async function playAll(stage: Stage, ada: Person, ben: Person): Promise<Played> {
  const tokens = new Set<string>();
  const errors: string[] = [];
  const connection = await stage.connection();
  const keep = (rows: Row[]): Row => {
    if (rows[0].token) tokens.add(rows[0].token);
    return rows[0];
  };
  const call = async (caller: typeof NOBODY, statement: string, ...values: string[]) =>
    keep(await connection.request(caller, statement, ...values));
  const fails = async (code: string, work: Promise<unknown>) => {
    try {
      await work;
    } catch (error) {
      const parts = error as Row;
      const told = [parts.message, parts.detail, parts.hint, parts.where, parts.internal_query, JSON.stringify(error)];
      errors.push(told.join("\n"));
      return equal(parts.code, code, `SQLSTATE of the ${errors.length}. error`);
    }
    throw new Error(`a call was accepted that was to fail with ${code}`);
  };
  const stepUp = { ...ada, claims: JSON.stringify({ ...JSON.parse(ada.claims), aal: "aal2" }) };

  const first = await call(ada, CREATE);
  const second = await call(NOBODY, ROTATE, first.token);
  equal((await call(NOBODY, ROTATE, first.token)).status, "replayed", "the replay");
  equal((await call(NOBODY, VALIDATE, second.token)).status, "valid", "the validation");
  // Requests that carry a token: one is signed in; the others are refused for the token, and for text that is no JSON.
  const carry = async (headers: string) => {
    await connection.begin(NOBODY);
    await connection.rows("select set_config('request.headers', $1, true)", headers);
    await connection.rows("select chatkeep.pre_request()");
  };
  await carry(JSON.stringify({ "x-chatkeep-session": second.token }));
  const [{ role }] = await connection.rows("select current_user as role");
  equal(role, "authenticated", "the role of a request with a token");
  await connection.commit();
  for (
    const headers of [JSON.stringify({ "x-chatkeep-session": first.token }), `{"x-chatkeep-session":"${second.token}"`]
  ) {
    await fails("PT401", carry(headers));
    await connection.rollback();
  }
  const replaced = await call(ada, CREATE);
  await call(ada, `${CREATE.slice(0, -1)}, replaces => $1)`, replaced.token);
  await fails("42501", call(ada, ELEVATE, second.token, "aal2"));
  await fails("42501", call(ben, ELEVATE, second.token, "aal2"));
  await fails("22023", call(SERVICE, ELEVATE, second.token, "gold"));
  equal((await call(stepUp, ELEVATE, second.token, "aal2")).status, "valid", "the raise");
  const third = await call(NOBODY, ROTATE, second.token);
  await fails("PT409", call(stepUp, ELEVATE, second.token, "aal2"));
  await fails("42501", call(NOBODY, REVOKE_OTHERS, third.token));
  equal((await call(ada, REVOKE_OTHERS, third.token)).status, "valid", "the end of the others");

  // In a transaction that fails, and in a read-only one.
  await connection.begin(NOBODY);
  keep(await connection.rows(ROTATE, third.token));
  await fails("22012", connection.rows("select 1 / 0"));
  await connection.rollback();
  await connection.begin(NOBODY, "read only");
  await fails("25006", connection.rows(ROTATE, third.token));
  await connection.rollback();
  equal((await call(NOBODY, BY_BODY, JSON.stringify({ token: third.token }))).status, "rotated", "a call by its body");

  equal((await call(NOBODY, ROTATE, first.token)).status, "reuse_detected", "the spent token");
  equal((await call(NOBODY, VALIDATE, third.token)).status, "revoked", "the token of a revoked session");
  const damaged = third.token.slice(0, -2) + (third.token.endsWith("AA") ? "BB" : "AA");
  for (const garbage of [damaged, decoy(), `${third.token} `]) {
    tokens.add(garbage.trim());
    for (const statement of [ROTATE, VALIDATE]) {
      equal((await call(NOBODY, statement, garbage)).status, "invalid", "text that is not a token");
    }
  }
  const limited = await call(ada, `${CREATE.slice(0, -1)}, max_sessions => 1)`);
  // A rotation that stops waiting for another one.
  const holder = await stage.connection();
  await holder.begin(NOBODY);
  keep(await holder.rows(ROTATE, limited.token));
  await connection.begin(NOBODY);
  await connection.rows("set local lock_timeout = '1ms'");
  await fails("55P03", connection.rows(ROTATE, limited.token));
  await connection.rollback();
  await holder.rollback();
  equal(tokens.size, 11, "how many tokens were shown or given");
  return { tokens, errors };
}

test("no token is in an error or in the log of a server that logs everything except parameters", async (stage) => {
  const [ada, ben] = [await stage.person(), await stage.person()];
  await loudAsDocumented(stage, async () => {
    const log = new Log();
    const { tokens, errors } = await playAll(stage, ada, ben);
    const text = await log.read(stage);
    for (
      const sign of ["chatkeep.rotate_session($1)", "chatkeep.elevate_session($1, $2)", "42501", "22012", "duration:"]
    ) {
      assert(text.includes(sign), `the log does not hold ${sign}: it proves nothing`);
    }
    equal(traces(text, tokens), [], "traces in the log");
    assert(errors.length >= 8, `only ${errors.length} errors`);
    equal(traces(errors.join("\n"), tokens), [], "traces in errors");
  });
});

test("without the documented setting, the log holds tokens in parameters, and a token in the statement's text always", async (stage) => {
  const ada = await stage.person();
  await having(stage, "database postgres", LOUD, async () => {
    const log = new Log();
    const connection = await stage.connection();
    const [{ token }] = await connection.request(ada, CREATE);
    await connection.request(NOBODY, VALIDATE, token);
    equal(traces(await log.read(stage), [token]).includes("token"), true, "a parameter is in the log");
  });
  await loudAsDocumented(stage, async () => {
    const log = new Log();
    const connection = await stage.connection();
    const literal = decoy();
    await connection.request(NOBODY, `select * from chatkeep.validate_session('${literal}')`);
    equal(traces(await log.read(stage), [literal]).includes("token"), true, "a literal is in the log");
  });
});

test("auto_explain logs no token if it leaves out parameters and details, and logs it otherwise", async (stage) => {
  const [ada, ben] = [await stage.person(), await stage.person()];
  const owner = await stage.owner();
  const [{ version }] = await owner.rows("select current_setting('server_version_num')::int / 10000 as version");
  const explaining = {
    session_preload_libraries: "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_nested_statements": "on",
  };
  // Version 15 has no setting for parameters.
  const quiet: Record<string, string> = version < 16 ? {} : { "auto_explain.log_parameter_max_length": "0" };
  const plans = async () => {
    const log = new Log();
    const { tokens } = await playAll(stage, ada, ben);
    const text = await log.read(stage);
    assert(/duration: [0-9.]+ ms {2}plan:/.test(text), "auto_explain is not at work: it proves nothing");
    return traces(text, tokens);
  };
  await loudAsDocumented(stage, () =>
    having(stage, "role authenticator", explaining, async () => {
      if (version >= 16) equal((await plans()).includes("token"), true, "parameters in plans");
      await having(stage, "role authenticator", quiet, async () => {
        equal(await plans(), [], "traces in plans");
        await having(stage, "role authenticator", { "auto_explain.log_verbose": "on" }, async () => {
          equal((await plans()).includes("token"), true, "details of plans");
        });
      });
    }));
});

test("only a superuser, or a role with the grant, can change the documented setting", async (stage) => {
  const [owner, superuser] = [await stage.owner(), await stage.superuser()];
  const setting = "alter role authenticator set log_parameter_max_length = 0";
  const parameter = "set on parameter log_parameter_max_length";
  let code = "accepted";
  await owner.rows(setting).catch((error) => code = error.code);
  equal(code, "42501", "the owner of the tables sets it");
  await superuser.rows(`grant ${parameter} to postgres`);
  await superuser.rows("grant authenticator to postgres with admin option");
  try {
    await owner.rows(setting);
  } finally {
    await superuser.rows("alter role authenticator reset log_parameter_max_length");
    await superuser.rows("revoke admin option for authenticator from postgres");
    await superuser.rows(`revoke ${parameter} from postgres`);
  }
});

test("no token is in a table or in a dump of the database", async (stage) => {
  const [ada, ben] = [await stage.person(), await stage.person()];
  const { tokens } = await playAll(stage, ada, ben);
  // Controls that the search must find: the text of a token, and a secret as bytes.
  const [written, raw] = [decoy(), decoy()];
  const superuser = await stage.superuser();
  await superuser.rows(
    "create table public.found as select $1::text as written, decode($2, 'hex') as raw",
    written,
    Buffer.from(raw.slice(4, 36), "base64url").toString("hex"),
  );
  try {
    const tables: Row[] = await superuser.rows(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'm') and n.nspname not in ('information_schema', 'pg_toast') order by 1`,
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await superuser.rows(`select t::text as row from ${name} t`);
      const text = rows.map(({ row }) => row).join("\n");
      found.push(...traces(text, tokens).map((trace) => `${name}: ${trace}`));
      if (name === "found") {
        equal(traces(text, [written]).includes("token"), true, "a token in a table is found");
        equal(traces(text, [raw]), ["session secret in hexadecimal"], "a secret in a table is found");
      }
    }
    for (const name of ["chatkeep.sessions", "chatkeep_private.session_secrets", "found", "pg_class"]) {
      assert(tables.some((table) => table.name === name), `${name} was not searched`);
    }
    equal(found, [], "traces in tables");

    const dump = await dumped();
    equal(traces(dump, [written]).includes("token"), true, "a token in the dump is found");
    equal(traces(dump, [raw]), ["session secret in hexadecimal"], "a secret in the dump is found");
    assert(dump.includes("COPY chatkeep_private.session_secrets"), "the dump has no secrets of sessions");
    equal(traces(dump, tokens), [], "traces in the dump");
  } finally {
    await superuser.rows("drop table public.found");
  }
});

/** The dump of the whole database by pg_dump, read as Latin-1. */
async function dumped(): Promise<string> {
  return Buffer.from(await printed("CHATKEEP_PG_DUMP")).toString("latin1");
}

test("no other role sees the token of a running call", async (stage) => {
  const ada = await stage.person();
  const [holder, runs, looks] = await stage.connections(3);
  const [{ token }] = await holder.request(ada, CREATE);
  const [superuser, owner] = [await stage.superuser(), await stage.owner()];
  const activity = "select * from pg_stat_activity where pid = $1";
  await holder.begin(NOBODY);
  await holder.rows(ROTATE, token);
  for (const statement of [ROTATE, ROTATE.replace("$1", `'${token}'`)]) {
    const isLiteral = statement !== ROTATE;
    const work = runs.request(NOBODY, statement, ...isLiteral ? [] : [token]);
    await stage.waits(runs, holder, work);
    for (const stranger of [NOBODY, ada, SERVICE]) {
      const [row] = await looks.request(stranger, activity, runs.pid);
      equal(row.query === "<insufficient privilege>", true, `${stranger.role} may not see the statement`);
      equal(traces(JSON.stringify(row), [token]), [], `traces that ${stranger.role} sees`);
    }
    // The role that logged in, its members and superusers see the statement, but not its parameters.
    for (const seer of [superuser, owner, looks]) {
      const [row] = await seer.rows(activity, runs.pid);
      equal(row.query.includes("chatkeep.rotate_session"), true, "the statement is seen");
      equal(traces(JSON.stringify(row), [token]).includes("token"), isLiteral, "a token is seen");
    }
    await superuser.rows("select pg_cancel_backend($1)", runs.pid);
    await work.catch(() => {});
  }
  await holder.rollback();
});

// The gateway of tests and demo: @supabase/lite in front of an existing Postgres, with Supabase's division of
// rights. Requests under /auth/v1 reach the database as supabase_auth_admin, requests under /rest/v1 as
// authenticator, which can only become anon, authenticated or service_role.
//
// Environment: CHATKEEP_GATEWAY_PORT, CHATKEEP_GATEWAY_JWT_SECRET, CHATKEEP_GATEWAY_AUTH_DB and
// CHATKEEP_GATEWAY_REST_DB (connection URLs of the two roles); in place of the last CHATKEEP_GATEWAY_REST_URL, another
// server of PostgREST's interface that /rest/v1 is handed on to.
// When it serves, it prints one line of JSON to stdout: {"url", "anon_key", "service_role_key"}.
// It stops at SIGTERM or SIGINT, and with --stop-with-stdin also when its standard input ends.

import {
  App,
  type ConnectionContextOptions,
  getAuthSchemaSql,
  type IntrospectResult,
  splitSqlStatements,
  type VarsContext,
} from "@supabase/lite";
import { PostgresConnection } from "@supabase/lite/postgres";
import { errors, jwtVerify, SignJWT } from "jose";
import { type Kysely, sql } from "kysely";
import process from "node:process";
import { required, run, untilToldToStop } from "./program.ts";

const REST_PATH = "/rest/v1";
const DATABASE = { connection: { TimeZone: "UTC", application_name: "chatkeep-gateway" }, onnotice: () => {} };

/** A connection for /rest/v1 that prepares each transaction as PostgREST does. */
class RestConnection extends PostgresConnection {
  readonly #catalog: Promise<IntrospectResult>;

  constructor(url: string) {
    super({ url, postgresOptions: { ...DATABASE, max: 10, types: AS_POSTGREST } });
    // Without this, lite takes the first request as a reason to grant all on every table of every schema that
    // has policies to the API roles, and to replace auth.uid(): authenticator may not, and nobody should.
    Object.assign(this, { rlsState: "active" });
    this.#catalog = readCatalog(url);
  }

  /** What is exposed: read once, at the start, like PostgREST's schema cache. */
  override introspect(): Promise<IntrospectResult> {
    return this.#catalog;
  }

  // lite sends a statement for every setting, a dozen round trips per call. PostgREST sends one. And lite runs every
  // POST of a call read write, where PostgREST has those that are declared to read run read only.
  override async withContext<T>(
    vars: VarsContext | undefined,
    // deno-lint-ignore no-explicit-any
    answer: (db: Kysely<any>) => Promise<T>,
    options: ConnectionContextOptions = {},
  ): Promise<T> {
    // deno-lint-ignore no-explicit-any
    const caller = (vars as any)?.auth;
    const role = caller?.role || "anon";
    const claims = JSON.stringify(caller?.jwt ?? { role });
    const rpc = options.rpc;
    const readOnly = rpc && (rpc.readOnly || await this.#onlyReads(rpc.path));
    return await this.kysely.transaction().execute(async (db) => {
      await sql`select set_config('role', ${role}, true), set_config('request.jwt.claims', ${claims}, true),
        set_config('request.method', ${rpc?.method ?? ""}, true), set_config('request.path', ${rpc?.path ?? ""}, true),
        set_config('request.headers', ${JSON.stringify(rpc?.requestHeaders ?? {})}, true),
        set_config('transaction_read_only', ${readOnly ? "on" : "off"}, true)`.execute(db);
      return await answer(db);
    });
  }

  async #onlyReads(path: string): Promise<boolean> {
    const { functions = [] } = await this.#catalog;
    const called = functions.filter(({ name }) => path === `/rpc/${name}`);
    return called.length > 0 && called.every(({ volatility }) => volatility !== "v");
  }
}

/**
 * lite reads information_schema, which shows a role only what it may use, and authenticator by itself may use
 * nothing. So the catalog is read as service_role, a role that authenticator may become.
 */
async function readCatalog(url: string): Promise<IntrospectResult> {
  const connection = new PostgresConnection({
    url,
    postgresOptions: { ...DATABASE, max: 1, connection: { ...DATABASE.connection, role: "service_role" } },
  });
  try {
    // lite answers a failed reading with an empty catalog; this asks whether the database can be reached at all.
    await sql`select 1`.execute(connection.kysely);
    const catalog = await connection.introspect();
    if (!catalog.tables.some((table) => table.schema === "chatkeep")) {
      throw new Error("the database shows no table of schema chatkeep to service_role: apply the migrations first");
    }
    return catalog;
  } finally {
    await connection.close();
  }
}

const text = (value: unknown) => String(value);

/** Where PostgREST and lite differ in how a value travels, this is PostgREST's way. */
const AS_POSTGREST = {
  // PostgreSQL prints 2026-11-22 09:42:50.36+00, PostgREST 2026-11-22T09:42:50.36+00:00.
  timestamptz: {
    to: 1184,
    from: [1184],
    serialize: text,
    parse: (printed: string) => printed.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"),
  },
  // lite hands over JSON text, and would have it quoted once more as a JSON string.
  json: { to: 114, from: [114], serialize: jsonText, parse: JSON.parse },
  jsonb: { to: 3802, from: [3802], serialize: jsonText, parse: JSON.parse },
  // '\x6162' is two bytes in PostgreSQL's own notation, not six characters.
  bytea: { to: 17, from: [17], serialize: text, parse: text },
};

function jsonText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

async function main(): Promise<void> {
  const port = Number(required("CHATKEEP_GATEWAY_PORT"));
  const secret = required("CHATKEEP_GATEWAY_JWT_SECRET");
  const restUrl = process.env.CHATKEEP_GATEWAY_REST_URL;
  const url = `http://127.0.0.1:${port}`;
  const anonKey = await apiKey("anon", secret);
  const serviceKey = await apiKey("service_role", secret);

  const authConnection = new PostgresConnection({
    url: required("CHATKEEP_GATEWAY_AUTH_DB"),
    postgresOptions: { ...DATABASE, max: 4 },
  });
  const restConnection = restUrl ? undefined : new RestConnection(required("CHATKEEP_GATEWAY_REST_DB"));
  await Promise.all([makeAuthTables(authConnection), restConnection?.introspect()]);

  const config = {
    api: {
      enabled: true,
      schemas: ["public", "chatkeep"],
      extra_search_path: ["public", "extensions"],
      max_rows: 1000,
    },
    auth: {
      enabled: true,
      jwt_secret: secret,
      publishable_key: anonKey,
      secret_key: serviceKey,
      site_url: url,
      email: { enable_signup: true, enable_confirmations: false },
    },
    db: { driver: "postgres" as const, migrations: { enabled: false } },
    storage: { enabled: false },
    studio: { enabled: false },
  };
  const auth = new App({ ...config, connection: authConnection, options: { server: { disableStudio: true } } });
  const rest = restConnection
    ? new App({
      ...config,
      connection: restConnection,
      options: { server: { disableStudio: true, middlewares: [trustSignedClaims(secret, anonKey, serviceKey)] } },
    })
    : { fetch: (request: Request) => handOn(request, `${restUrl}`) };

  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, (request) => {
    const app = new URL(request.url).pathname.startsWith(REST_PATH) ? rest : auth;
    return app.fetch(request);
  });
  const answer = await fetch(`${url}/auth/v1/health`, { headers: { apikey: anonKey } });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`the gateway started but /auth/v1/health answered ${answer.status}`);
  console.log(JSON.stringify({ url, anon_key: anonKey, service_role_key: serviceKey }));

  await untilToldToStop();
  await server.shutdown();
  await Promise.all([authConnection.close(), restConnection?.close()]);
}

/** Sends a request on to a server that has at its root what is below /rest/v1 here. */
function handOn(request: Request, server: string): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const { method, headers, body } = request;
  return fetch(server + pathname.slice(REST_PATH.length) + search, { method, headers, body, redirect: "manual" });
}

/** lite's own tables, made where they are missing. Its call for this ignores every error; here one is fatal. */
async function makeAuthTables(connection: PostgresConnection): Promise<void> {
  for (const statement of splitSqlStatements(getAuthSchemaSql())) {
    // The schema is there and belongs to this role; asking for it again would need rights on the database.
    if (!/^\s*create\s+schema/i.test(statement)) await sql.raw(statement).execute(connection.kysely);
  }
}

/**
 * Like PostgREST, /rest/v1 believes a signed, unexpired JWT. Left alone, lite looks the user and the GoTrue
 * session up in schema auth on every call, which authenticator may not read.
 */
function trustSignedClaims(secret: string, ...keys: string[]) {
  const key = new TextEncoder().encode(secret);
  const verified = new Map<string, { claims: Record<string, unknown>; until: number }>();
  // deno-lint-ignore no-explicit-any
  return async (context: any, next: () => Promise<void>) => {
    const token = context.req.header("Authorization")?.match(/^Bearer\s+(\S+)$/)?.[1];
    if (token === undefined || keys.includes(token) || token.startsWith("sb_")) return await next();
    let known = verified.get(token);
    if (known === undefined || known.until <= Date.now()) {
      try {
        const { payload } = await jwtVerify(token, key, { algorithms: ["HS256"] });
        known = { claims: payload, until: (payload.exp ?? 0) * 1000 };
      } catch (error) {
        const [code, message] = error instanceof errors.JWTExpired
          ? ["PGRST303", "JWT expired"]
          : error instanceof errors.JWTClaimValidationFailed
          ? ["PGRST303", "JWT not yet valid"]
          : ["PGRST301", "JWT cryptographic operation failed"];
        return context.json({ code, details: null, hint: null, message }, 401);
      }
      if (verified.size > 1000) verified.clear();
      verified.set(token, known);
    }
    context.set("jwt", known.claims);
    if (known.claims.sub) context.set("userId", known.claims.sub);
    context.set("sessionId", known.claims.session_id ?? "none");
    await next();
  };
}

/** A key in the form that every Supabase gateway reads: a JWT whose only message is the role. */
function apiKey(role: string, secret: string): Promise<string> {
  return new SignJWT({ role, iss: "chatkeep" })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuedAt()
    .setExpirationTime("365d")
    .sign(new TextEncoder().encode(secret));
}

run("gateway", main);

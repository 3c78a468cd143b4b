// Every call that writes, with rows for it to work on: its statement, a check of the stored rows, and the locks it
// waits for.

import { type Caller, type Connection, NOBODY, type Person, type Row, SERVICE, type Stage } from "./connections.ts";

/** A person with one row of every kind, and an unused id. */
export interface Scene {
  person: Person;
  /** The person's first tenant. */
  tenant: string;
  /** A chat whose active path is a question, an answer, the next question and a streaming message. */
  chat: string;
  question: string;
  answer: string;
  next: string;
  stream: string;
  /** A deleted chat. */
  trash: string;
  /** A private document with the source /known, and the number of its bytes. */
  document: string;
  /** A session that was unused for a while, its token, and another session. */
  session: string;
  token: string;
  other: string;
  /** A session whose token was rotated twice, and its first token. */
  rotated: string;
  spent: string;
  fresh: string;
}

/** The row or lock that a call waits for. */
export type Obstacle = "chat" | "message" | "messages" | "documents" | "document" | "session" | "secret";

/** Statements that hold the lock until their transaction ends. */
export const HOLD: Record<Obstacle, string[]> = {
  chat: ["select from chatkeep.chats where user_id = $1 for update"],
  message: ["select from chatkeep.messages where user_id = $1 for update"],
  // A new index takes this lock. The user does not matter.
  messages: ["select $1::uuid", "lock table chatkeep.messages in share mode"],
  // Another registration takes this lock.
  documents: ["select pg_advisory_xact_lock(hashtextextended('chatkeep.documents ' || $1::uuid, 0))"],
  document: ["select from chatkeep.documents where user_id = $1 for update"],
  session: ["select from chatkeep.sessions where user_id = $1 for update"],
  secret: [
    `select from chatkeep_private.session_secrets
     where session_id in (select id from chatkeep.sessions where user_id = $1) for update`,
  ],
};

export interface Call {
  name: string;
  sends: (scene: Scene) => [statement: string, ...values: unknown[]];
  /** Checks as the tables' owner whether the call has stored its rows. */
  stored: (scene: Scene) => [statement: string, ...values: unknown[]];
  /** The call makes rows of its user, so it holds the membership until its transaction ends. */
  makesRows?: true;
  /** The caller, if it is not the user. */
  sentBy?: Caller;
  /** A service may send the same call. */
  alsoByService?: true;
  /** The call returns a status. It has happened only with one of these. */
  done?: string[];
  /** The call skips rows that others hold, and then returns no row. */
  passesOver?: true;
  waitsFor?: Obstacle[];
}

const CHAT_HAS =
  "select exists (select from chatkeep.messages where chat_id = $1 and id = $2 and content = $3) as stored";
const SESSIONS = "select count(*) = $2 as stored from chatkeep.sessions where user_id = $1";
const REVOKED = "select revoked_at is not null as stored from chatkeep.sessions where id = $1";
const SOURCE =
  "select exists (select from chatkeep.documents where user_id = $1 and source_uri = $2 and checksum = $3) as stored";

/** The checksum for the bytes with this number. */
export const sum = (bytes: number) => bytes.toString(16).padStart(64, "0");

const one = (scene: Scene) => JSON.stringify([{ role: "user", content: "late", message_id: scene.fresh }]);
const branched = (scene: Scene) =>
  JSON.stringify([{ role: "user", content: "late", message_id: scene.fresh, parent_id: scene.question }]);

const OF_USERS: Call[] = [
  {
    name: "create_chat",
    sends: ({ fresh }) => ["select * from chatkeep.create_chat('late', chat_id => $1)", fresh],
    stored: ({ fresh }) => ["select exists (select from chatkeep.chats where id = $1) as stored", fresh],
    makesRows: true,
  },
  {
    name: "append_message",
    alsoByService: true,
    sends: (
      { chat, fresh },
    ) => ["select * from chatkeep.append_message($1, 'user', 'late', message_id => $2)", chat, fresh],
    stored: ({ chat, fresh }) => [CHAT_HAS, chat, fresh, "late"],
    waitsFor: ["chat", "messages"],
  },
  {
    name: "append_message to a branch",
    alsoByService: true,
    sends: ({ chat, fresh, question }) => [
      "select * from chatkeep.append_message($1, 'user', 'late', message_id => $2, parent_id => $3)",
      chat,
      fresh,
      question,
    ],
    stored: ({ chat, fresh }) => [CHAT_HAS, chat, fresh, "late"],
    waitsFor: ["chat", "message", "messages"],
  },
  {
    name: "append_messages",
    alsoByService: true,
    sends: (scene) => ["select * from chatkeep.append_messages($1, $2::text::jsonb)", scene.chat, one(scene)],
    stored: ({ chat, fresh }) => [CHAT_HAS, chat, fresh, "late"],
    waitsFor: ["chat", "messages"],
  },
  {
    name: "append_messages to a branch",
    alsoByService: true,
    sends: (scene) => ["select * from chatkeep.append_messages($1, $2::text::jsonb)", scene.chat, branched(scene)],
    stored: ({ chat, fresh }) => [CHAT_HAS, chat, fresh, "late"],
    waitsFor: ["chat", "message", "messages"],
  },
  {
    name: "finish_message",
    alsoByService: true,
    sends: ({ chat, stream }) => ["select * from chatkeep.finish_message($1, $2, 'whole')", chat, stream],
    stored: ({ chat, stream }) => [CHAT_HAS, chat, stream, "whole"],
    waitsFor: ["message", "messages"],
  },
  {
    name: "select_branch",
    alsoByService: true,
    sends: ({ chat, answer }) => ["select * from chatkeep.select_branch($1, $2)", chat, answer],
    stored: ({ chat, answer }) => [
      "select active_leaf_id = $2 as stored from chatkeep.chats where id = $1",
      chat,
      answer,
    ],
    waitsFor: ["chat", "message", "messages"],
  },
  {
    name: "summarise_chat",
    alsoByService: true,
    sends: ({ chat, answer }) => ["select * from chatkeep.summarise_chat($1, $2, 'late')", chat, answer],
    stored: ({ chat, answer }) => [
      "select exists (select from chatkeep.chat_summaries where chat_id = $1 and message_id = $2) as stored",
      chat,
      answer,
    ],
    waitsFor: ["chat", "message"],
  },
  {
    name: "redact_message",
    alsoByService: true,
    sends: ({ chat, answer }) => ["select * from chatkeep.redact_message($1, $2)", chat, answer],
    stored: ({ chat, answer }) => [
      "select redacted_at is not null as stored from chatkeep.messages where chat_id = $1 and id = $2",
      chat,
      answer,
    ],
    waitsFor: ["chat", "message", "messages"],
  },
  {
    name: "delete_chat",
    alsoByService: true,
    sends: ({ chat }) => ["select * from chatkeep.delete_chat($1)", chat],
    stored: ({ chat }) => ["select deleted_at is not null as stored from chatkeep.chats where id = $1", chat],
    waitsFor: ["chat"],
  },
  {
    name: "restore_chat",
    alsoByService: true,
    sends: ({ trash }) => ["select * from chatkeep.restore_chat($1)", trash],
    stored: ({ trash }) => ["select deleted_at is null as stored from chatkeep.chats where id = $1", trash],
    waitsFor: ["chat"],
  },
  {
    name: "update_chat",
    alsoByService: true,
    sends: ({ chat }) => [`select * from chatkeep.update_chat($1, metadata_merge => '{"late": true}')`, chat],
    stored: (
      { chat },
    ) => ["select coalesce(metadata -> 'late' = 'true', false) as stored from chatkeep.chats where id = $1", chat],
    waitsFor: ["chat"],
  },
  {
    name: "rate_message",
    sends: ({ chat, answer }) => ["select * from chatkeep.rate_message($1, $2, 1, 'late')", chat, answer],
    stored: ({ answer }) => [
      "select exists (select from chatkeep.message_ratings where message_id = $1 and comment = 'late') as stored",
      answer,
    ],
    makesRows: true,
    waitsFor: [],
  },
  {
    name: "copy_chat",
    sends: ({ chat, fresh }) => ["select * from chatkeep.copy_chat($1, new_chat_id => $2)", chat, fresh],
    stored: ({ fresh }) => ["select exists (select from chatkeep.messages where chat_id = $1) as stored", fresh],
    makesRows: true,
    waitsFor: [],
  },
  {
    name: "import_chat of a new chat",
    sends: ({ fresh }) => [
      "select * from chatkeep.import_chat($1::text::jsonb)",
      JSON.stringify({ id: fresh, messages: [{ id: fresh, role: "user", content: "late" }] }),
    ],
    stored: ({ fresh }) => [CHAT_HAS, fresh, fresh, "late"],
    makesRows: true,
    waitsFor: ["messages"],
  },
  {
    name: "import_chat into a chat",
    sends: ({ chat, fresh }) => [
      "select * from chatkeep.import_chat($1::text::jsonb)",
      JSON.stringify({ id: chat, messages: [{ id: fresh, role: "user", content: "late" }] }),
    ],
    stored: ({ chat, fresh }) => [CHAT_HAS, chat, fresh, "late"],
    makesRows: true,
    waitsFor: ["chat", "messages"],
  },
  {
    name: "import_chat into a branch",
    sends: ({ chat, fresh, question }) => [
      "select * from chatkeep.import_chat($1::text::jsonb)",
      JSON.stringify({ id: chat, messages: [{ id: fresh, role: "user", content: "late", parent_id: question }] }),
    ],
    stored: ({ chat, fresh }) => [CHAT_HAS, chat, fresh, "late"],
    makesRows: true,
    waitsFor: ["chat", "message", "messages"],
  },
  {
    name: "fail_stale_messages",
    sends: () => ["select * from chatkeep.fail_stale_messages('0')"],
    stored: ({ stream }) => ["select status = 'failed' as stored from chatkeep.messages where id = $1", stream],
    passesOver: true,
    waitsFor: ["messages"],
  },
  {
    name: "attach",
    alsoByService: true,
    sends: (
      { chat, answer, document },
    ) => ["select * from chatkeep.attach($1, $2, $3, 'late')", chat, answer, document],
    stored: ({ answer, document }) => [
      "select exists (select from chatkeep.attachments where message_id = $1 and document_id = $2) as stored",
      answer,
      document,
    ],
    waitsFor: ["chat", "message", "document"],
  },
  {
    name: "create_session",
    sends: () => ["select * from chatkeep.create_session()"],
    stored: ({ person }) => [SESSIONS, person.id, 4],
    makesRows: true,
  },
  {
    name: "create_session under a limit",
    sends: () => ["select * from chatkeep.create_session(max_sessions => 1)"],
    stored: ({ person }) => [SESSIONS, person.id, 4],
    makesRows: true,
    waitsFor: ["session"],
  },
  {
    name: "rotate_session",
    sends: ({ token }) => ["select * from chatkeep.rotate_session($1)", token],
    stored: ({ session }) => [
      "select generation = 1 as stored from chatkeep_private.session_secrets where session_id = $1",
      session,
    ],
    sentBy: NOBODY,
    done: ["rotated"],
    waitsFor: ["secret"],
  },
  {
    name: "rotate_session of a spent token",
    sends: ({ spent }) => ["select * from chatkeep.rotate_session($1)", spent],
    stored: ({ rotated }) => [REVOKED, rotated],
    sentBy: NOBODY,
    done: ["reuse_detected"],
    waitsFor: ["session"],
  },
  {
    name: "validate_session",
    sends: ({ token }) => ["select * from chatkeep.validate_session($1)", token],
    // The call may record the use only at the next time.
    stored: () => ["select true as stored"],
    sentBy: NOBODY,
    done: ["valid"],
  },
  {
    name: "elevate_session",
    alsoByService: true,
    sends: ({ token }) => ["select * from chatkeep.elevate_session($1, 'aal1')", token],
    stored: ({ session }) => [
      "select confirmed_at is not null as stored from chatkeep_private.session_secrets where session_id = $1",
      session,
    ],
    done: ["valid"],
    waitsFor: ["session", "secret"],
  },
  {
    name: "revoke_session",
    alsoByService: true,
    sends: ({ session }) => ["select * from chatkeep.revoke_session($1)", session],
    stored: ({ session }) => [REVOKED, session],
    waitsFor: ["session"],
  },
  {
    name: "revoke_other_sessions",
    sends: ({ token }) => ["select * from chatkeep.revoke_other_sessions($1)", token],
    stored: ({ other }) => [REVOKED, other],
    done: ["valid"],
    waitsFor: ["session"],
  },
  {
    name: "revoke_all_sessions",
    sends: () => ["select * from chatkeep.revoke_all_sessions()"],
    stored: ({ session }) => [REVOKED, session],
    // The sessions of a disabled user have ended.
    passesOver: true,
    waitsFor: ["session"],
  },
  {
    name: "register_document of new bytes",
    sends: () => ["select * from chatkeep.register_document('/new', $1, tags => '{\"a\": 1}')", sum(2)],
    stored: ({ person }) => [SOURCE, person.id, "/new", sum(2)],
    makesRows: true,
    waitsFor: ["documents"],
  },
  {
    name: "register_document of a new version",
    sends: () => ["select * from chatkeep.register_document('/known', $1)", sum(2)],
    stored: ({ person }) => [SOURCE, person.id, "/known", sum(2)],
    makesRows: true,
    waitsFor: ["documents", "document"],
  },
  {
    name: "register_document that shares",
    sends: () => ["select * from chatkeep.register_document('/known', $1, visibility => 'tenant')", sum(1)],
    stored: ({ document }) => [
      "select visibility = 'tenant' as stored from chatkeep.documents where id = $1",
      document,
    ],
    makesRows: true,
    waitsFor: ["documents", "document"],
  },
  {
    name: "register_documents",
    sends: () => [
      "select * from chatkeep.register_documents($1::text::jsonb)",
      JSON.stringify([
        { source_uri: "/new", checksum: sum(2), visibility: "tenant", tags: { a: 1 } },
        { source_uri: "/known", checksum: sum(3) },
      ]),
    ],
    stored: ({ person }) => [
      "select count(*) = 2 as stored from chatkeep.documents where user_id = $1 and checksum = any ($2)",
      person.id,
      [sum(2), sum(3)],
    ],
    makesRows: true,
    waitsFor: ["documents", "document"],
  },
  {
    name: "register_content",
    sends: () => ["select * from chatkeep.register_content('/new', convert_to('late', 'UTF8'))"],
    stored: ({ person }) => [
      "select exists (select from chatkeep.documents where user_id = $1 and source_uri = '/new') as stored",
      person.id,
    ],
    makesRows: true,
    waitsFor: ["documents"],
  },
  {
    name: "set_document_status",
    alsoByService: true,
    sends: ({ document }) => ["select * from chatkeep.set_document_status($1, 'processing')", document],
    stored: (
      { document },
    ) => ["select status = 'processing' as stored from chatkeep.documents where id = $1", document],
    waitsFor: ["document"],
  },
  {
    name: "tag_document",
    alsoByService: true,
    sends: ({ document }) => ["select * from chatkeep.tag_document($1, '{\"late\": true}')", document],
    stored: ({ document }) => [
      "select exists (select from chatkeep.document_metadata where document_id = $1 and tags ? 'late') as stored",
      document,
    ],
    makesRows: true,
    waitsFor: ["document"],
  },
  {
    name: "delete_document",
    alsoByService: true,
    sends: ({ document }) => ["select * from chatkeep.delete_document($1)", document],
    stored: (
      { document },
    ) => ["select deleted_at is not null as stored from chatkeep.documents where id = $1", document],
    waitsFor: ["document"],
  },
];

/** Calls that a service makes for a user whom it names. */
const FOR_USERS: Call[] = [
  {
    name: "create_session for a user",
    sends: ({ person }) => ["select * from chatkeep.create_session(user_id => $1)", person.id],
    stored: ({ person }) => [SESSIONS, person.id, 4],
    sentBy: SERVICE,
    makesRows: true,
  },
  {
    name: "create_session for a user under a limit",
    sends: ({ person }) => ["select * from chatkeep.create_session(user_id => $1, max_sessions => 1)", person.id],
    stored: ({ person }) => [SESSIONS, person.id, 4],
    sentBy: SERVICE,
    makesRows: true,
    waitsFor: ["session"],
  },
  {
    name: "revoke_all_sessions of a user",
    sends: ({ person }) => ["select * from chatkeep.revoke_all_sessions($1)", person.id],
    stored: ({ session }) => [REVOKED, session],
    sentBy: SERVICE,
    passesOver: true,
    waitsFor: ["session"],
  },
];

export const CALLS: Call[] = [
  ...OF_USERS,
  ...OF_USERS.filter((call) => call.alsoByService).map((call): Call => ({
    ...call,
    name: `${call.name} by service_role`,
    sentBy: SERVICE,
    makesRows: undefined,
  })),
  ...FOR_USERS,
];

/** The caller of a call in this scene. */
export function callerOf(call: Call, scene: Scene): Caller {
  return call.sentBy ?? scene.person;
}

/** A new person in a tenant, with one row of every kind. */
export async function scene(stage: Stage, connection: Connection, tenant: string): Promise<Scene> {
  const person = await stage.person(tenant);
  const [chat, trash, question, answer, next, stream, fresh] = Array.from({ length: 7 }, () => crypto.randomUUID());
  const messages = JSON.stringify([
    { role: "user", content: "question", message_id: question },
    { role: "assistant", content: "answer", message_id: answer },
    { role: "user", content: "next", message_id: next },
    { role: "assistant", content: "", message_id: stream, status: "streaming" },
  ]);
  await connection.begin(person);
  const answers: Row[][] = await Promise.all([
    connection.rows("select from chatkeep.create_chat(chat_id => $1)", chat),
    connection.rows("select from chatkeep.append_messages($1, $2::text::jsonb)", chat, messages),
    connection.rows("select from chatkeep.create_chat(chat_id => $1)", trash),
    connection.rows("select from chatkeep.delete_chat($1)", trash),
    connection.rows("select id from chatkeep.register_document('/known', $1)", sum(1)),
    connection.rows("select session_id, token from chatkeep.create_session()"),
    connection.rows("select session_id from chatkeep.create_session()"),
    connection.rows("select session_id, token from chatkeep.create_session()"),
  ]);
  const [[{ id: document }], [{ session_id: session, token }], [{ session_id: other }], [first]] = answers.slice(4);
  const rotate = "select token from chatkeep.rotate_session($1)";
  const [second] = await connection.rows(rotate, first.token);
  await connection.rows(rotate, second.token);
  await connection.commit();
  const owner = await stage.owner();
  await owner.rows("update chatkeep.sessions set last_used_at = now() - interval '1 hour' where id = $1", session);
  const [rotated, spent] = [first.session_id, first.token];
  const made = { chat, question, answer, next, stream, trash, document, session, token, other, rotated, spent };
  return { person, tenant, fresh, ...made };
}

// Compiled by compile.mjs, never run.
import {
  type AppendedMessage,
  type Chat,
  chatkeep,
  checksum,
  type DocumentMetadata,
  Hasher,
  isSessionToken,
  type ListedChat,
  type Message,
  storageFiles,
  type SupabaseClientLike,
  toUIMessage,
  toUIMessages,
  turnOf,
  type UIMessageLike,
  toUuid,
  uuidv7,
} from "../index.js";

declare const supabase: SupabaseClientLike;
const ck = chatkeep(supabase);

export async function accepted(file: Blob, cookie: string | null): Promise<Message | undefined> {
  const chat = await ck.createChat();
  if (chat.error) {
    const code: string = chat.error.code;
    const argument: string | undefined = chat.error.argument;
    console.error(code, argument);
    // @ts-expect-error an error has no row
    chat.data.id;
    return undefined;
  }
  const { data, error } = await ck.appendMessage({ chatId: chat.data.id, role: "user", content: "", messageId: uuidv7() });
  if (error) return undefined;
  const page = await ck.listMessages({ chatId: data.chat_id, before: data.created_at, after: new Date() });
  const first: Message | undefined = page.data?.[0];
  const chats = await ck.listChats({ archived: null });
  const last: ListedChat | undefined = chats.data?.at(-1);
  await ck.listChats({ before: last, deleted: true });
  await ck.updateChat({ chatId: data.chat_id, title: "t", ifTitleSource: "model", metadataMerge: { a: null }, tags: ["a"], pinned: true });
  // @ts-expect-error a person's title has no source to name
  await ck.updateChat({ chatId: data.chat_id, title: "t", ifTitleSource: "user" });
  await ck.createSession({ ttl: 60, idleTtl: "1 hour" });
  const rotated = await ck.rotateSession({ token: cookie });
  if (rotated.data?.status === "rotated") {
    const token: string = rotated.data.token;
    console.log(token, rotated.data.user_id.length);
  } else if (rotated.data?.status === "expired") {
    const none: null = rotated.data.token;
    console.log(none);
  }
  const session = await ck.validateSession({ token: "x" });
  if (session.data?.status === "valid") console.log(session.data.expires_at.length);
  const digest = await checksum(file.stream());
  if (digest.data) await ck.registerDocument({ sourceUri: "a", checksum: digest.data, tags: { a: ["b", 1] } });
  const whole: string = new Hasher().update(new Uint8Array(1)).update(new ArrayBuffer(1)).digest();
  const unknown: unknown = cookie;
  if (isSessionToken(unknown)) console.log(unknown.length, whole);
  const checked = await ck.documentChecksum({ content: new Uint8Array(1) });
  console.log(checked.data?.length, (await ck.engine()).data?.schema_version);
  return first;
}

export async function acceptedToo(signal: AbortSignal): Promise<Chat | null> {
  const plain = chatkeep({ url: "https://x.example", key: "k", accessToken: () => "jwt", fetch }, { retry: { attempts: 2 } });
  const { data } = await plain.appendMessages({ chatId: "", messages: [{ role: "user", content: "" }] }, { signal });
  const first: AppendedMessage | undefined = data?.[0];
  const outcome: "appended" | "stored" | "grown" | undefined = first?.outcome;
  const found = await plain.searchMessages({ query: "a" });
  console.log(outcome, found.data?.[0]?.snippet, toUuid("nanoid"));
  await plain.finishMessage({ chatId: "", messageId: "", status: "failed", content: null });
  await plain.setDocumentStatus({ documentId: "", status: "failed", error: "no text" });
  const tagged = await plain.tagDocument({ documentId: "", tags: { a: null } });
  const metadata: DocumentMetadata | null = tagged.data;
  const purged: number | null = (await plain.purgeChats({ olderThan: "30 days" })).data;
  console.log(metadata?.namespace, purged, (await plain.revokeAllSessions()).data?.length);
  const failed = await plain.attach({ chatId: "", messageId: "", storagePath: "a" });
  if (failed.error?.retryable) console.log(failed.error.message);
  return (await plain.importChat({ chat: { messages: [{ role: "user", content: "", createdAt: new Date() }] } })).data;
}

export async function streamed(text: ReadableStream<string>, chunks: ReadableStream<{ type: "start" } | { type: "finish" }>): Promise<Response> {
  const { data } = await ck.streamMessage("", text, { parentId: "", finish: (whole) => ({ tokenCount: whole.length, usage: {} }) });
  const first: ReadableStream<string> | undefined = data?.stream;
  const shown = await ck.streamMessage("", chunks, { continues: { id: "", role: "assistant", parts: [] }, finish: (_, message) => console.log(message?.parts) });
  const same: ReadableStream<{ type: "start" } | { type: "finish" }> | undefined = shown.data?.stream;
  console.log(first, same);
  // @ts-expect-error numbers are no answer
  await ck.streamMessage("", new ReadableStream<number>());
  const bytes = await ck.streamMessage("", new Response(""), { signal: new AbortController().signal, checkpointEvery: Infinity });
  return new Response(bytes.data?.stream);
}

export async function filed(message: UIMessageLike, storage: Parameters<typeof storageFiles>[0]): Promise<UIMessageLike[] | null> {
  const files = storageFiles(storage, { bucket: "files", folder: "me" });
  const { data } = await files.externalizeMessage(message);
  for (const attachment of data?.attachments ?? []) await ck.attach({ chatId: "", messageId: "", ...attachment });
  // @ts-expect-error a bucket is required
  storageFiles(storage, {});
  return (await files.sign([message])).data;
}

export async function shown(): Promise<UIMessageLike[]> {
  const escaping = chatkeep(supabase, { unstorable: "escape" });
  const { data } = await escaping.listMessages({ chatId: "" });
  const one: UIMessageLike[] = data?.map((row) => toUIMessage(row)) ?? [];
  await ck.appendMessages({ chatId: "", messages: turnOf(data ?? [], one).messages });
  return [...one, ...toUIMessages(data ?? [])];
}

export async function refused(): Promise<void> {
  // @ts-expect-error no such way
  chatkeep(supabase, { unstorable: "drop" });
  // @ts-expect-error chatId is required
  await ck.appendMessage({ role: "user", content: "" });
  // @ts-expect-error no such role
  await ck.appendMessage({ chatId: "", role: "User", content: "" });
  // @ts-expect-error names are camelCase
  await ck.listMessages({ chat_id: "" });
  // @ts-expect-error metadata is an object
  await ck.createChat({ metadata: [] });
  // @ts-expect-error metadata is never null
  await ck.createChat({ metadata: null });
  // @ts-expect-error no such visibility
  await ck.registerDocument({ sourceUri: "", checksum: "", visibility: "public" });
  // @ts-expect-error text is not bytes
  await ck.documentChecksum({ content: "text" });
  // @ts-expect-error a token is required
  await ck.rotateSession({});
  // @ts-expect-error engine has no arguments
  await ck.engine({ verbose: true });
  // @ts-expect-error no such status
  await ck.finishMessage({ chatId: "", messageId: "", status: "given up" });
  // @ts-expect-error an imported message has an id
  await ck.importChat({ chat: { messages: [{ role: "user", content: "", messageId: "" }] } });
  // @ts-expect-error no such status
  await ck.setDocumentStatus({ documentId: "", status: "done" });
  // @ts-expect-error a document has no outcome
  (await ck.deleteDocument({ documentId: "" })).data?.outcome;
  // @ts-expect-error messages is an array
  await ck.appendMessages({ chatId: "", messages: { role: "user", content: "" } });
  // @ts-expect-error no such level
  await ck.elevateSession({ token: "", aal: "aal4" });
  // @ts-expect-error no such option
  chatkeep(supabase, { retries: 3 });
  // @ts-expect-error a key is required
  chatkeep({ url: "" });
  // @ts-expect-error not a client
  chatkeep({});
}

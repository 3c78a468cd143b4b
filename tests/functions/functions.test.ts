// The example functions in sql/supabase/functions and the first function of the package's README. Each runs as a
// program: in plain Deno, and as Supabase runs it (edge.ts).

import { createClient } from "@supabase/supabase-js";
import { chatkeep, checksum, fromUIMessage, storageFiles, toUIMessages, toUuid } from "chatkeep";
import { assert, equal } from "../journeys/assertions.ts";

const FUNCTIONS = given("CHATKEEP_FUNCTIONS");
const WORKDIR = given("CHATKEEP_WORKDIR");
const README = given("CHATKEEP_PACKAGE_README");
const ALLOWED = ["--no-prompt", "--no-remote", "--node-modules-dir=manual", "--no-config"];
/** The command that runs a function, without its file. */
const RUNTIMES = {
  "plain Deno": [Deno.execPath(), "run", ...ALLOWED, "--allow-all"],
  // There, a function may not run programs, and may write only to /tmp.
  "Supabase's Deno": [
    given("CHATKEEP_DENO_OF_SUPABASE"), "run", ...ALLOWED, "--allow-net", "--allow-env", "--allow-read",
    `${import.meta.dirname}/edge.ts`,
  ],
};

function given(name: string): string {
  const value = Deno.env.get(name);
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

interface Supabase {
  url: string;
  anonKey: string;
  serviceKey: string;
}

/** A program in Deno that ends with the test. `hears` resolves to the first line of its output that matches. */
function start([deno, ...words]: string[], file: string, cwd: string, env: Record<string, string> = {}) {
  const program = new Deno.Command(deno, { args: [...words, file], env, cwd, stdout: "piped", stderr: "piped" }).spawn();
  let said = "";
  let more = Promise.withResolvers<void>();
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      said += chunk;
      more.resolve();
      more = Promise.withResolvers<void>();
    }
  };
  let isOver = false;
  const ended = Promise.all([read(program.stdout), read(program.stderr)]).then(() => {
    isOver = true;
    more.resolve();
  });
  return {
    async hears(wanted: RegExp): Promise<string> {
      let isLate = false;
      const late = setTimeout(() => {
        isLate = true;
        more.resolve();
      }, 30_000);
      try {
        for (;;) {
          const match = wanted.exec(said)?.[1];
          if (match) return match;
          if (isOver || isLate) throw new Error(`${file} did not say ${wanted}: ${said}`);
          await more.promise;
        }
      } finally {
        clearTimeout(late);
      }
    },
    async [Symbol.asyncDispose]() {
      program.kill();
      await Promise.all([program.status, ended]);
    },
  };
}

/** Serves a function at its own address. */
async function serveFile(runtime: string[], file: string, cwd: string, { url, anonKey }: Supabase) {
  const env = { SUPABASE_URL: url, SUPABASE_ANON_KEY: anonKey, DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0" };
  const program = start(runtime, file, cwd, env);
  try {
    return Object.assign(program, { url: await program.hears(/Listening on (http:\/\/[^/\s]+)/) });
  } catch (thrown) {
    await program[Symbol.asyncDispose]();
    throw thrown;
  }
}

async function signUp(supabase: Supabase) {
  const auth = { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false };
  const client = createClient(supabase.url, supabase.anonKey, { auth });
  const { data, error } = await client.auth.signUp({ email: `${crypto.randomUUID()}@example.org`, password: crypto.randomUUID() });
  assert(!error && data.session, `sign-up failed: ${error?.message}`);
  return { db: client.schema("chatkeep"), client, bearer: { Authorization: `Bearer ${data.session.access_token}` }, id: data.user!.id };
}

Deno.test("the example functions", async (test) => {
  await using server = start(RUNTIMES["plain Deno"], `${import.meta.dirname}/supabase.ts`, WORKDIR);
  const supabase: Supabase = JSON.parse(await server.hears(/^(\{.*\})$/m));
  for (const [name, runtime] of Object.entries(RUNTIMES)) {
    await test.step(name, (step) => functions(step, runtime, supabase));
  }
  await test.step("a file of a message moves to Storage, and comes back", () => filesOfMessages(supabase));
});

/** supabase-js, with URLs that lite signs. It takes one path at a time, and answers in another form than Storage. */
function signing({ client, bearer }: Awaited<ReturnType<typeof signUp>>, { url, anonKey }: Supabase) {
  const headers = { ...bearer, apikey: anonKey, "content-type": "application/json" };
  const sign = async (bucket: string, path: string, expiresIn: number) => {
    const answer = await fetch(`${url}/storage/v1/object/sign/${bucket}/${path}`, { method: "POST", headers, body: JSON.stringify({ expiresIn }) });
    const { signedUrl } = await answer.json();
    return { path, signedUrl: signedUrl ? url + signedUrl : null };
  };
  const from = (bucket: string) =>
    Object.assign(client.storage.from(bucket), {
      createSignedUrls: async (paths: string[], expiresIn: number) => ({ data: await Promise.all(paths.map((path) => sign(bucket, path, expiresIn))), error: null }),
    });
  return { storage: { from } };
}

async function filesOfMessages(supabase: Supabase) {
  const ada = await signUp(supabase);
  const ck = chatkeep(ada.client);
  const files = storageFiles(signing(ada, supabase), { bucket: "documents", folder: ada.id });
  const bytes = Uint8Array.from({ length: 300_000 }, (_, at) => at % 251);
  const url = `data:image/png;base64,${bytes.toBase64()}`;
  const message = { id: "nano", role: "user" as const, parts: [{ type: "text", text: "look" }, { type: "file", mediaType: "image/png", filename: "a.png", url }] };
  const chatId = (await ck.createChat()).data!.id;
  const tooLarge = await ck.appendMessage({ chatId, ...fromUIMessage(message) });
  assert(/^Move files \(data URLs\) to Storage/.test(tooLarge.error?.hint ?? ""), `the hint: ${tooLarge.error?.hint}`);
  for (let time = 0; time < 2; time++) {
    const { data, error } = await files.externalizeMessage(message);
    assert(data, `externalize: ${error?.message}`);
    const saved = await ck.appendMessage({ chatId, ...fromUIMessage(data.message) });
    for (const attachment of data.attachments) {
      const attached = await ck.attach({ chatId, messageId: saved.data!.id, ...attachment });
      equal([attached.data?.name, attached.data?.byte_size], ["a.png", 300_000], "the attachment");
    }
  }
  const { data: objects } = await ada.client.storage.from("documents").list(ada.id);
  equal(objects?.map(({ name, metadata }) => [name.split("/").at(-1), metadata?.size]), [[(await checksum(bytes)).data, 300_000]], "objects in the bucket");
  equal((await ada.db.from("attachments").select("id").eq("chat_id", chatId)).data?.length, 1, "attachments");
  const stored = toUIMessages((await ck.listMessages({ chatId })).data!);
  const signed = await files.sign(stored);
  assert(signed.data, `sign: ${JSON.stringify(signed.error)}`);
  const [shown] = signed.data;
  const path = stored[0].parts[1].url.replace("storage://documents/", "");
  assert(shown.parts[1].url.startsWith(`${supabase.url}/storage/v1/object/sign/documents/${path}?token=`), "the signed URL");
  equal((await files.externalizeMessage(shown)).data?.message, stored[0], "what a client sends back");
  const bob = await signUp(supabase);
  equal((await storageFiles(signing(bob, supabase), { bucket: "documents" }).sign(stored)).data, stored, "somebody else gets no URL");
}

async function functions(test: Deno.TestContext, runtime: string[], supabase: Supabase) {
  const ada = await signUp(supabase);
  /** Serves a function of the repository. */
  const serve = (name: string) => serveFile(runtime, `${FUNCTIONS}/${name}/index.ts`, Deno.cwd(), supabase);

  await test.step("the first function of the package's README stores a first message", async () => {
    const example = /```ts hello\n([\s\S]*?)```/.exec(await Deno.readTextFile(README))?.[1];
    assert(example, "the README has no first function");
    // The installed packages replace those of the registry.
    await Deno.writeTextFile(`${WORKDIR}/hello.ts`, example.replaceAll(/"npm:(@?[^@"]+)@[^"]*"/g, '"$1"'));
    await using hello = await serveFile(runtime, `${WORKDIR}/hello.ts`, WORKDIR, supabase);
    const answer = await fetch(hello.url, { method: "POST", headers: ada.bearer, body: "Where is it warm in May?" });
    const message = await answer.json();
    equal([answer.status, message.content, message.user_id], [200, "Where is it warm in May?", ada.id], "the message");
    const { data } = await ada.db.from("messages").select("content").eq("id", message.id);
    equal(data, [{ content: "Where is it warm in May?" }], "the stored rows");
    const nobody = await fetch(hello.url, { method: "POST", body: "hi" });
    equal([nobody.status, (await nobody.json()).code], [401, "42501"], "nobody signed in");
  });

  await test.step("chat stores the question and streams an answer, which is stored too", async () => {
    await using chat = await serve("chat");
    const messageId = crypto.randomUUID();
    const ask = (more: object) => fetch(chat.url, { method: "POST", headers: ada.bearer, body: JSON.stringify({ messageId, text: "Where is it warm?", ...more }) });
    const first = await ask({});
    equal([first.status, await first.text()], [200, "You said: Where is it warm?"], "the answer");
    const chatId = first.headers.get("x-chat-id");
    const { data } = await ada.db.rpc("list_messages", { chat_id: chatId });
    equal(
      data.map(({ role, content, status, model }: Record<string, string>) => [role, content, status, model]),
      [["user", "Where is it warm?", "complete", null], ["assistant", "You said: Where is it warm?", "complete", "stub"]],
      "the stored rows",
    );
    equal(data[1].id, first.headers.get("x-message-id"), "the message of the answer");

    const again = await ask({});
    equal([await again.text(), again.headers.get("x-chat-id"), again.headers.get("x-message-id")], ["You said: Where is it warm?", chatId, data[1].id], "the retry");
    const inChat = await ask({ chatId });
    equal([await inChat.text(), inChat.headers.get("x-message-id")], ["You said: Where is it warm?", data[1].id], "the retry that names the chat");
    equal((await ada.db.rpc("list_messages", { chat_id: chatId })).data.length, 2, "messages after the retries");
    equal((await ada.db.from("chats").select("id")).data?.filter(({ id }) => id === chatId).length, 1, "chats after the retries");
    const next = await ask({ chatId, messageId: "nanoid-2", text: "And in May?" });
    equal(await next.text(), "You said: And in May?", "the next turn");
    equal((await ada.db.rpc("list_messages", { chat_id: chatId })).data.length, 4, "messages after the next turn");

    for (const text of ["a\u0000", "", undefined, 7, "a\ud83d"]) {
      const refused = await ask({ messageId: crypto.randomUUID(), text });
      equal([refused.status, (await refused.json()).argument], [400, "text"], `the text ${text}`);
    }
    const nobody = await fetch(chat.url, { method: "POST", body: JSON.stringify({ text: "hi" }) });
    equal([nobody.status, (await nobody.json()).code], [401, "42501"], "nobody signed in");
    const options = await fetch(chat.url, { method: "OPTIONS" });
    equal([options.status, options.headers.get("access-control-allow-origin")], [200, "*"], "the preflight");
  });

  await test.step("chat stores nothing twice without ids, and cuts titles between characters", async () => {
    await using chat = await serve("chat");
    const before = (await ada.db.from("chats").select("id")).data!.length;
    const text = `${"a".repeat(79)}😀 and more, ${crypto.randomUUID()}`;
    const ask = (more: object) => fetch(chat.url, { method: "POST", headers: ada.bearer, body: JSON.stringify({ text, ...more }) });
    const first = await ask({});
    equal([first.status, await first.text()], [200, `You said: ${text}`], "the answer");
    const chatId = first.headers.get("x-chat-id");
    const again = await ask({});
    equal([await again.text(), again.headers.get("x-chat-id")], [`You said: ${text}`, chatId], "the retry");
    const { data: chats } = await ada.db.from("chats").select("id, title, message_count");
    equal(chats!.length, before + 1, "chats");
    equal(chats!.find(({ id }) => id === chatId), { id: chatId, title: `${"a".repeat(79)}😀`, message_count: 2 }, "the chat");
    const nano = await ask({ chatId: "V1StGXR8_Z5jdHi6B-myT" });
    equal([nano.status, (await nano.json()).code], [404, "PT404"], "a chat that does not exist");
  });

  await test.step("chat asks again for an answer that failed, and waits for one that is being written", async () => {
    await using chat = await serve("chat");
    const messageId = crypto.randomUUID();
    const ask = () => fetch(chat.url, { method: "POST", headers: ada.bearer, body: JSON.stringify({ messageId, text: "Again" }) });
    const first = await ask();
    await first.text();
    const which = { chat_id: first.headers.get("x-chat-id"), message_id: first.headers.get("x-message-id") };
    // The same turn as it stood before its answer ended.
    const service = createClient(supabase.url, supabase.serviceKey, { auth: { persistSession: false } }).schema("chatkeep");
    const other = crypto.randomUUID();
    const begun = toUuid(`the answer to ${other}`);
    const chatId = toUuid(`the chat of ${other}`);
    await ada.db.rpc("create_chat", { chat_id: chatId });
    await ada.db.rpc("append_message", { chat_id: chatId, role: "user", content: "Wait", message_id: other });
    await ada.db.rpc("append_message", { chat_id: chatId, role: "assistant", content: "", message_id: begun, status: "streaming" });
    const wait = () => fetch(chat.url, { method: "POST", headers: ada.bearer, body: JSON.stringify({ messageId: other, text: "Wait" }) });
    const busy = await wait();
    equal([busy.status, busy.headers.get("retry-after")], [409, "2"], "while it is being written");
    await busy.body?.cancel();
    await service.rpc("finish_message", { chat_id: chatId, message_id: begun, content: "half", status: "failed" });
    const answered = await wait();
    equal([answered.status, await answered.text(), answered.headers.get("x-message-id")], [200, "You said: Wait", begun], "after it has failed");
    const { data } = await ada.db.rpc("list_messages", { chat_id: chatId });
    equal(data.map(({ content, status }: Record<string, string>) => [content, status]), [["Wait", "complete"], ["You said: Wait", "complete"]], "the stored rows");
    equal(which.message_id, toUuid(`the answer to ${messageId}`), "the id of an answer");
  });

  await test.step("chat finishes the message even if the client goes away", async () => {
    await using chat = await serve("chat");
    const gone = new AbortController();
    const text = "word ".repeat(2000).trim();
    const answer = await fetch(chat.url, { method: "POST", headers: ada.bearer, body: JSON.stringify({ text }), signal: gone.signal });
    await answer.body!.getReader().read();
    gone.abort();
    const find = async () => (await ada.db.from("messages").select("status, content").eq("id", answer.headers.get("x-message-id"))).data![0];
    let message = await find();
    for (const until = Date.now() + 20_000; message.status === "streaming" && Date.now() < until;) message = await find();
    equal([message.status, message.content], ["complete", `You said: ${text}`], "the message");
    // The promise that was passed to the platform has ended too.
    if (runtime !== RUNTIMES["plain Deno"]) await chat.hears(/Waited for (1)\./);
  });

  await test.step("ingest uploads, hashes and registers in one pass, and keeps no second copy", async () => {
    const service = createClient(supabase.url, supabase.serviceKey, { auth: { persistSession: false } });
    await using ingest = await serve("ingest");
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const send = () => fetch(`${ingest.url}?name=a.bin`, { method: "POST", headers: { ...ada.bearer, "Content-Type": "application/x-a" }, body: bytes });
    const first = await (await send()).json();
    const digest = Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    equal([first.outcome, first.status, first.checksum, first.byteSize], ["created", "pending", digest, 60_000], `the document (${first.message})`);
    const second = await (await send()).json();
    equal([second.outcome, second.id], ["duplicate", first.id], "the same bytes again");
    const stored = await service.storage.from("documents").list(ada.id);
    equal(stored.data?.length, 1, "objects in the bucket");
    const nobody = await fetch(ingest.url, { method: "POST", body: bytes });
    equal(nobody.status, 401, "nobody signed in");
    await nobody.body?.cancel();
  });

  await test.step("clean_storage deletes the objects of what was removed, and no others", async () => {
    const service = createClient(supabase.url, supabase.serviceKey, { auth: { persistSession: false } });
    await using clean = await serve("clean_storage");
    const documents = service.storage.from("documents");
    const objects = async () => (await documents.list(ada.id)).data!.map(({ name }) => name.split("/").at(-1)!).filter((name) => /^(kept|gone)/.test(name)).sort();
    for (const name of ["kept.png", "gone.png"]) {
      const { error } = await documents.upload(`${ada.id}/${name}`, new Uint8Array([1]));
      assert(!error, `the upload failed: ${error?.message}`);
    }
    const { data: chat } = await ada.db.rpc("create_chat").single();
    const chat_id = (chat as { id: string }).id;
    const attach = async (storage_path: string) => {
      const { data } = await ada.db.rpc("append_message", { chat_id, role: "user", content: storage_path }).single();
      const message_id = (data as { id: string }).id;
      const { error } = await ada.db.rpc("attach", { chat_id, message_id, storage_path });
      assert(!error, `attach failed: ${error?.message}`);
      return message_id;
    };
    await attach(`documents/${ada.id}/kept.png`);
    const taken = [await attach(`documents/${ada.id}/gone.png`), await attach("documents/somebody-else/kept.png"), await attach("elsewhere/a.png")];
    for (const message_id of taken) await ada.db.rpc("redact_message", { chat_id, message_id });

    const refused = await fetch(clean.url, { method: "POST", headers: ada.bearer });
    equal([refused.status, await refused.json().then(({ code }) => typeof code)], [401, "string"], "a user");
    equal(await objects(), ["gone.png", "kept.png"], "the objects before");
    const run = async () => {
      const answer = await fetch(clean.url, { method: "POST", headers: { Authorization: `Bearer ${supabase.serviceKey}` } });
      return [answer.status, await answer.json()];
    };
    equal(await run(), [200, { deleted: 1, kept: 2, failed: 0 }], "the first run");
    equal(await objects(), ["kept.png"], "the objects afterwards");
    equal(await run(), [200, { deleted: 0, kept: 0, failed: 0 }], "the second run");
    await documents.remove([`${ada.id}/kept.png`]);
  });

  await test.step("refresh rotates the session in the cookie, and ends it", async () => {
    await using refresh = await serve("refresh");
    const { data: session } = await ada.db.rpc("create_session").single();
    const post = (cookie: string, method = "POST") => fetch(refresh.url, { method, headers: { ...ada.bearer, cookie } });
    const first = await post(`__Host-chatkeep=${(session as { token: string }).token}`);
    equal([first.status, (await first.json()).status], [200, "rotated"], "the first refresh");
    const cookie = first.headers.get("set-cookie")!;
    assert(/^__Host-chatkeep=cks_.*; Max-Age=\d+; Path=\/; Secure; HttpOnly; SameSite=Lax$/.test(cookie), "the attributes of the cookie");
    const second = await post(cookie.split(";")[0]);
    equal((await second.json()).status, "rotated", "the refresh of the successor");
    const spent = await post(cookie.split(";")[0].replace(/=.*/, `=${(session as { token: string }).token}`));
    equal([spent.status, (await spent.json()).status], [401, "reuse_detected"], "a spent token");
    assert(/^__Host-chatkeep=; Max-Age=0; /.test(spent.headers.get("set-cookie")!), "the cookie is removed");
    const none = await post("a=b");
    equal([none.status, (await none.json()).status], [401, "invalid"], "no cookie");
    const { data: other } = await ada.db.rpc("create_session").single();
    const ended = await post(`__Host-chatkeep=${(other as { token: string }).token}`, "DELETE");
    equal([ended.status, (await ended.json()).status], [200, "ended"], "the end");
    const { data: after } = await ada.db.from("my_sessions").select("status").eq("id", (other as { session_id: string }).session_id).single();
    equal(after?.status, "revoked", "the session");
  });
}

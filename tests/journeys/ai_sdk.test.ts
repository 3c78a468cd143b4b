// The AI SDK's own chat client against the route of the package's README and a real database. After every step the stored
// conversation is what the SDK shows.

import {
  AbstractChat, convertToModelMessages, createUIMessageStreamResponse, DefaultChatTransport, generateId, jsonSchema,
  lastAssistantMessageIsCompleteWithApprovalResponses, lastAssistantMessageIsCompleteWithToolCalls, streamText, tool,
} from "ai";
import { MockLanguageModelV3 } from "ai/test";
import { type Chatkeep, toUIMessages, toUuid, turnOf } from "chatkeep";
import { assert, equal } from "./assertions.ts";
import { type Person, signUp } from "./people.ts";

// deno-lint-ignore no-explicit-any
type Any = any;

const route = /```ts chat-route\n([\s\S]*?)```/.exec(
  await Deno.readTextFile(new URL("../../edge/js/README.md", import.meta.url)),
)?.[1];

/** The functions of the README's route, for a person and a model. */
function routeOf(person: Person, model: unknown): { POST: (request: Request) => Promise<Response>; GET: (request: Request) => Promise<Response> } {
  assert(route, "the README has no route");
  const body = route.replaceAll(/^import .*$/gm, "").replaceAll("export ", "").replaceAll(/: (Request|ChatkeepError)/g, "") + "\nreturn { POST, GET };";
  const names = {
    chatkeep: () => person.ck, createClient: () => null, toUIMessages, toUuid, turnOf, convertToModelMessages,
    createUIMessageStreamResponse, generateId, streamText, model, tools,
  };
  return new Function(...Object.keys(names), body)(...Object.values(names));
}

const tools = {
  ask: tool({ description: "Asks the user.", inputSchema: jsonSchema<{ question: string }>({ type: "object" }) }),
  order: tool({
    description: "Orders.", inputSchema: jsonSchema<{ what: string }>({ type: "object" }), needsApproval: true,
    execute: ({ what }) => ({ ordered: what }),
  }),
};

type Chunk = Record<string, unknown>;

/** A model that answers each request with the next of these. A stream may be fed by hand. */
function modelOf(...answers: (Chunk[] | ReadableStream<Chunk>)[]) {
  const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
  return new MockLanguageModelV3({
    doStream: () => {
      const answer = answers.shift();
      assert(answer, "the model was asked once too often");
      const chunks = answer instanceof ReadableStream ? answer : ReadableStream.from([
        { type: "stream-start", warnings: [] },
        ...answer,
        { type: "finish", finishReason: { unified: answer.some(({ type }) => type === "tool-call") ? "tool-calls" : "stop" }, usage },
      ]);
      return Promise.resolve({ stream: chunks } as Any);
    },
  });
}

const said = (text: string): Chunk[] => [
  { type: "text-start", id: "t" }, ...text.split(/(?<= )/).map((delta) => ({ type: "text-delta", id: "t", delta })), { type: "text-end", id: "t" },
];
const called = (toolName: string, toolCallId: string, input: unknown): Chunk => ({ type: "tool-call", toolCallId, toolName, input: JSON.stringify(input) });

/** useChat without React. */
class Chat extends AbstractChat<Any> {
  constructor(id: string, fetch: typeof globalThis.fetch, messages: Any[] = []) {
    const state = {
      messages, status: "ready", error: undefined,
      pushMessage: (message: Any) => void (state.messages = [...state.messages, message]),
      popMessage: () => void (state.messages = state.messages.slice(0, -1)),
      replaceMessage: (place: number, message: Any) => void (state.messages = state.messages.with(place, message)),
      snapshot: structuredClone,
    };
    super({
      id, state: state as Any, transport: new DefaultChatTransport({ api: "https://app.example/api/chat", fetch }),
      sendAutomaticallyWhen: ({ messages }) =>
        lastAssistantMessageIsCompleteWithToolCalls({ messages }) || lastAssistantMessageIsCompleteWithApprovalResponses({ messages }),
    });
  }
}

/** As JSON, with keys in one order: jsonb does not keep that of the SDK. */
function plain(value: unknown): Any {
  return JSON.parse(JSON.stringify(value, (_, inner) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => a < b ? -1 : 1)) : inner));
}

/** A chat of a person with a model, with an id as useChat makes it. */
async function play(...answers: Parameters<typeof modelOf>) {
  const ada = await signUp();
  const { POST, GET } = routeOf(ada, modelOf(...answers));
  const id = generateId();
  const fetch = ((url: string, init: RequestInit) => POST(new Request(url, { ...init, signal: undefined }))) as typeof globalThis.fetch;
  const chat = new Chat(id, fetch);
  const load = async () => plain(await (await GET(new Request(`https://app.example/api/chat?id=${id}`))).json());
  const until = async (isTrue: () => boolean | Promise<boolean>, what: string) => {
    for (const end = Date.now() + 20_000; !await isTrue();) {
      assert(Date.now() < end && !chat.error, `${what}: ${chat.error}`);
      await new Promise((resume) => setTimeout(resume, 20));
    }
  };
  const isSame = async () => JSON.stringify(await load()) === JSON.stringify(plain(chat.messages));
  /** The SDK is done, and what it shows is what is stored. */
  const stored = async (what: string) => {
    await until(() => chat.status === "ready", what);
    equal(await load(), plain(chat.messages), what);
  };
  return { ada, ck: ada.ck, chat, load, until, isSame, stored, id, reopened: (messages: Any[]) => new Chat(id, fetch, messages) };
}

async function count(ck: Chatkeep, id: string): Promise<number> {
  return (await ck.getChat({ chatId: toUuid(id) })).data!.message_count!;
}

Deno.test("a client's tool and an approval: the answer continues under its id", async () => {
  const { chat, stored, until, ck, id } = await play(
    [...said("Where to? "), called("ask", "c1", { question: "Which city?" })],
    [...said("Rome, then. "), called("order", "c2", { what: "ticket" })],
    said("It is ordered."),
  );
  await chat.sendMessage({ text: "A ticket, please" });
  await stored("the client's tool is asked");
  equal(chat.messages.at(-1).parts.at(-1).state, "input-available", "the tool");
  await chat.addToolOutput({ tool: "ask", toolCallId: "c1", output: "Rome" });
  const last = () => chat.messages.at(-1).parts.at(-1);
  await until(() => last().state === "approval-requested" && chat.status === "ready", "the question for approval");
  await stored("the approval is requested");
  await chat.addToolApprovalResponse({ id: last().approval.id, approved: true });
  await until(() => last().text === "It is ordered." && chat.status === "ready", "the end");
  await stored("the order is approved and done");
  equal([chat.messages.length, await count(ck, id)], [2, 2], "messages");
  equal(chat.messages[1].parts.filter(({ type }: Any) => type.startsWith("tool-")).map(({ state }: Any) => state), ["output-available", "output-available"], "the tools");
});

Deno.test("a denial is stored too", async () => {
  const { chat, stored, until } = await play([called("order", "c1", { what: "yacht" })], said("As you wish."));
  await chat.sendMessage({ text: "A yacht, please" });
  await stored("the approval is requested");
  await chat.addToolApprovalResponse({ id: chat.messages[1].parts.at(-1).approval.id, approved: false, reason: "too dear" });
  await until(() => chat.messages[1].parts.at(-1).text === "As you wish." && chat.status === "ready", "the end");
  await stored("the order is denied");
});

Deno.test("a reload in mid-stream shows what was said so far, and the end afterwards", async () => {
  let model!: ReadableStreamDefaultController<Chunk>;
  const { chat, stored, until, isSame, load } = await play(new ReadableStream({ start: (given) => void (model = given) }));
  for (const chunk of [{ type: "stream-start", warnings: [] }, ...said("It is warm in Rome").slice(0, 3)]) model.enqueue(chunk);
  const sent = chat.sendMessage({ text: "Where is it warm?" });
  await until(() => chat.messages.at(-1)?.parts.at(-1)?.text === "It is ", "the first words");
  await until(isSame, "the checkpoint");
  equal((await load())[1].parts.at(-1), plain({ type: "text", text: "It is ", state: "streaming" }), "the text so far");
  for (const chunk of said("It is warm in Rome").slice(3)) model.enqueue(chunk);
  model.enqueue({ type: "finish", finishReason: { unified: "stop" }, usage: { inputTokens: { total: 1 }, outputTokens: { total: 1 } } });
  model.close();
  await sent;
  await stored("the end");
  equal((await load())[1].parts.at(-1).text, "It is warm in Rome", "the whole text");
});

Deno.test("regenerated answers and edited messages are branches, and what is shown is the active path", async () => {
  const { chat, stored, ck, id, load, reopened } = await play(said("one"), said("two"), said("three"), said("four"), said("five"), said("six"));
  await chat.sendMessage({ text: "first" });
  await stored("the first turn");
  await chat.sendMessage({ text: "second" });
  await stored("the second turn");
  await chat.regenerate();
  await stored("another answer");
  equal([chat.messages.length, await count(ck, id)], [4, 5], "the old answer stays on its branch");
  await chat.sendMessage({ text: "second, edited", messageId: chat.messages[2].id });
  await stored("an edited message");
  equal([chat.messages.length, await count(ck, id)], [4, 7], "the old turn stays on its branch");
  await chat.sendMessage({ text: "first, edited", messageId: chat.messages[0].id });
  await stored("an edited first message");
  equal([chat.messages.length, await count(ck, id)], [2, 9], "everything stays on branches");

  const again = reopened(await load());
  await again.sendMessage({ text: "after a reload" });
  equal(await load(), plain(again.messages), "the turn after a reload");
  equal(again.messages.map(({ parts }: Any) => parts.at(-1).text), ["first, edited", "five", "after a reload", "six"], "what is shown");
  equal((await ck.getChat({ chatId: toUuid(id) })).data!.metadata, { useChat: id }, "the id of the chat");
});

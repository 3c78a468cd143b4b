// POST { chatId?, messageId?, text }: stores the user's message, answers with a stream of text, and stores the answer, also if
// the client goes away. The headers x-chat-id and x-message-id say where. Ids may have any form.
//
// A retry stores nothing twice and does not ask the model again: it gets the stored answer. A request with the same messageId is
// a retry; without one, the same text of the same user within a minute is. So send a messageId where users may repeat themselves.

import { callerOf, CORS, refused } from "../_shared/caller.ts";
import { idsOf } from "./ids.ts";
import { answerTo } from "./model.ts";
import { faultIn } from "./text.ts";

Deno.serve(async (request) => {
  if (request.method === "OPTIONS") return new Response(null, { headers: CORS });
  const { supabase, ck } = callerOf(request);
  const { chatId: given, messageId, text } = await request.json().catch(() => ({}));
  const fault = faultIn(text);
  if (fault) return refused(fault);

  const find = (chatId: string, id: string) =>
    supabase.schema("chatkeep").from("messages").select("content, status").eq("chat_id", chatId).eq("id", id).maybeSingle();
  const ids = await idsOf(request, { chatId: given, messageId, text }, async (chatId, id) => (await find(chatId, id)).data !== null);
  const { chatId, questionId, answerId } = ids;
  const headers = { ...CORS, "Content-Type": "text/plain; charset=utf-8", "x-chat-id": chatId, "x-message-id": answerId };

  const stored = (await find(chatId, answerId)).data;
  if (stored?.status === "complete" || stored?.status === "stopped") return new Response(stored.content, { headers });
  if (stored?.status === "streaming") {
    return Response.json({ message: "the answer is being written" }, { status: 409, headers: { ...CORS, "Retry-After": "2" } });
  }

  // Cut between characters: half of a surrogate pair would be refused.
  const chat = given ? null : await ck.createChat({ chatId, title: [...text].slice(0, 80).join("") });
  if (chat?.error) return refused(chat.error);
  const question = await ck.appendMessage({ chatId, messageId: questionId, role: "user", content: text });
  if (question.error) return refused(question.error);

  const history = await ck.listMessages({ chatId, pageSize: 20 });
  if (history.error) return refused(history.error);
  const before = history.data.filter(({ id }) => id !== answerId);
  const answer = await ck.streamMessage(chatId, answerTo(before), { messageId: answerId, parentId: questionId, model: "stub" });
  if (answer.error) return refused(answer.error);
  return new Response(answer.data.stream.pipeThrough(new TextEncoderStream()), { headers });
});

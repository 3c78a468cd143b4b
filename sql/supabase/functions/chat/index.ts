// POST { chatId?, messageId?, text }: stores the user's message, answers with a stream of text, and stores the answer, also if
// the client goes away. The headers x-chat-id and x-message-id say where. A retry with the same messageId stores nothing twice.

import { callerOf, CORS, refused } from "../_shared/caller.ts";
import { answerTo } from "./model.ts";

Deno.serve(async (request) => {
  if (request.method === "OPTIONS") return new Response(null, { headers: CORS });
  const { ck } = callerOf(request);
  const { chatId, messageId, text } = await request.json().catch(() => ({}));

  const chat = chatId ? { data: { id: chatId }, error: null } : await ck.createChat({ title: String(text ?? "").slice(0, 80) });
  if (chat.error) return refused(chat.error);
  const question = await ck.appendMessage({ chatId: chat.data.id, messageId, role: "user", content: text });
  if (question.error) return refused(question.error);

  const history = await ck.listMessages({ chatId: chat.data.id, pageSize: 20 });
  if (history.error) return refused(history.error);
  const answer = await ck.streamMessage(chat.data.id, answerTo(history.data), { parentId: question.data.id, model: "stub" });
  if (answer.error) return refused(answer.error);
  return new Response(answer.data.stream.pipeThrough(new TextEncoderStream()), {
    headers: {
      ...CORS,
      "Content-Type": "text/plain; charset=utf-8",
      "x-chat-id": chat.data.id,
      "x-message-id": answer.data.message.id,
    },
  });
});

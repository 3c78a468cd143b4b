// Stands where your model stands: a stream of text for the messages so far.

import type { Message } from "chatkeep";

export function answerTo(history: Message[]): ReadableStream<string> {
  const question = history.findLast(({ role }) => role === "user")?.content ?? "";
  const words = `You said: ${question}`.match(/\S+\s*/g) ?? [];
  return new ReadableStream({
    pull(controller) {
      const word = words.shift();
      if (word === undefined) controller.close();
      else controller.enqueue(word);
    },
  });
}

// Summaries beside redactions, growth and other summaries.

import { equal } from "../journeys/assertions.ts";
import {
  APPEND_BATCH,
  background,
  batch,
  numbers,
  outcome,
  type Person,
  SERVICE,
  type Stage,
  test,
} from "./connections.ts";

const SUMMARISE = "select content from chatkeep.summarise_chat($1, $2, $3)";
const REDACT = "select content from chatkeep.redact_message($1, $2)";
const PROMPT = "select content from chatkeep.list_messages($1, from_summary => true)";

/** A chat with three messages, and their ids. */
async function scene(stage: Stage): Promise<[ada: Person, chat: string, ids: string[]]> {
  const ada = await stage.person();
  const chat = await stage.chat(ada);
  const ids = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
  const connection = await stage.connection();
  await connection.request(ada, APPEND_BATCH, chat, batch(["one", ids[0]], ["two", ids[1]], ["three", ids[2]]));
  return [ada, chat, ids];
}

async function summaries(stage: Stage, chat: string): Promise<string[]> {
  const owner = await stage.owner();
  const rows = await owner.rows(
    "select content from chatkeep.chat_summaries where chat_id = $1 order by up_to_seq",
    chat,
  );
  return rows.map((row) => row.content);
}

test("a redaction waits for a summary that is being stored, and removes it", async (stage) => {
  const [ada, chat, ids] = await scene(stage);
  const [job, person] = await stage.connections(2);
  await job.begin(SERVICE);
  await job.rows(SUMMARISE, chat, ids[1], "of two");
  const redacting = person.request(ada, REDACT, chat, ids[0]);
  await stage.waits(person, job, redacting);
  await job.commit();
  await redacting;
  equal(await summaries(stage, chat), [], "summaries");
});

test("a summary that waits for a redaction is stored, and the same redaction again removes it", async (stage) => {
  const [ada, chat, ids] = await scene(stage);
  const [job, person] = await stage.connections(2);
  await person.begin(ada);
  await person.rows(REDACT, chat, ids[0]);
  const summarising = job.request(SERVICE, SUMMARISE, chat, ids[1], "of what the job had read");
  await stage.waits(job, person, summarising);
  await person.commit();
  await summarising;
  await person.request(ada, REDACT, chat, ids[0]);
  equal(await summaries(stage, chat), [], "summaries");
});

test("two first summaries of a message at once: one row, and the second content replaces the first", async (stage) => {
  const [ada, chat, ids] = await scene(stage);
  const [one, other, reader] = await stage.connections(3);
  await one.begin(ada);
  await one.rows(SUMMARISE, chat, ids[1], "first");
  const second = other.request(SERVICE, SUMMARISE, chat, ids[1], "second");
  await stage.waits(other, one, second);
  const prompt = await reader.request(ada, PROMPT, chat);
  equal(prompt.map((row) => row.content), ["one", "two", "three"], "what a model gets meanwhile");
  await one.commit();
  equal(await second, [{ content: "second" }], "the second");
  equal(await summaries(stage, chat), ["second"], "summaries");
});

test("summaries, redactions, branches and readers of one chat at once: no deadlock, and no summary of a redacted message", async (stage) => {
  const [ada, chat, ids] = await scene(stage);
  const workers = await stage.connections(4);
  const wrong: string[] = [];
  await Promise.all(workers.map((worker, place) =>
    background((async () => {
      for (const n of numbers(25)) {
        const id = ids[n % 3];
        const [statement, ...values] = [
          [SUMMARISE, chat, id, `of ${n}`],
          [PROMPT, chat],
          ["select * from chatkeep.select_branch($1, $2)", chat, id],
          n % 5 ? [SUMMARISE, chat, id, `other ${n}`] : [REDACT, chat, ids[2]],
        ][place];
        const { code, message } = await outcome(worker.request(place % 2 ? ada : SERVICE, statement, ...values));
        if (code !== "accepted") wrong.push(`${code} ${message}`);
      }
    })())
  ));
  equal(wrong, [], "refusals");
  await workers[0].request(ada, REDACT, chat, ids[0]);
  equal(await summaries(stage, chat), [], "summaries");
});

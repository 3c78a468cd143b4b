#!/usr/bin/env node
// The command `npx chatkeep`, which adds Chatkeep to a Supabase project.

import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { findProject, inspect, install, Obstacle, SCHEMA } from "./init/project.js";

const HELP = `\
Usage: chatkeep init [--workdir DIR] [--check]

Copies Chatkeep's migrations into supabase/migrations and adds "${SCHEMA}" to api.schemas in supabase/config.toml.
It overwrites no file and connects to no database. Run it again after an update of the package: it copies the new migrations.

  --workdir DIR  the folder that holds supabase/ (default: the current folder, or the nearest one above it)
  --check        writes nothing; ends with 1 if anything is missing or was changed (for CI)
  --help         this text
  --version      the version of the package
`;

function main(words) {
  const { values, positionals } = parseArgs({
    args: words,
    allowPositionals: true,
    options: {
      workdir: { type: "string" },
      check: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
      version: { type: "boolean", short: "v", default: false },
    },
  });
  if (values.version) {
    console.log(JSON.parse(readFileSync(new URL("./package.json", import.meta.url), "utf8")).version);
    return 0;
  }
  const isAsked = positionals.length === 1 && positionals[0] === "init";
  if (values.help || !isAsked) {
    (values.help ? console.log : console.error)(HELP);
    return values.help ? 0 : 2;
  }
  const project = findProject(values.workdir ?? ".", { above: values.workdir === undefined });
  const found = inspect(project);
  // The path as the user would type it.
  const folder = relative(process.cwd(), join(project, "supabase")) || ".";
  const complaints = obstacles(folder, found);
  if (values.check) complaints.push(...lacks(folder, found), ...byHand(folder, found));
  if (complaints.length > 0) {
    for (const complaint of complaints) console.error(complaint);
    if (!values.check) console.error("Nothing was written.");
    return 1;
  }
  if (values.check) {
    console.log(`All ${found.present.length} migrations are present, and "${SCHEMA}" is exposed.`);
    return 0;
  }
  install(project, found);
  tell(folder, found);
  return 0;
}

/** Sentences about files that only the user may change. */
function obstacles(folder, { changed, clashing }) {
  return [
    ...changed.map((name) =>
      `${folder}/migrations/${name} differs from this version of the package. Put your changes into a migration of their ` +
      "own, move this file away and run `npx chatkeep init` to restore it."
    ),
    ...clashing.map((name) =>
      `${folder}/migrations/${name} has the version of one of Chatkeep's migrations. Rename it, unless it was applied already.`
    ),
  ];
}

/** Sentences about what `init` would write. */
function lacks(folder, { missing, exposure }) {
  return [
    ...missing.map((name) => `${folder}/migrations/${name} is missing. Run \`npx chatkeep init\`.`),
    ...(exposure === "missing"
      ? [`"${SCHEMA}" is not among api.schemas in ${folder}/config.toml. Run \`npx chatkeep init\`.`]
      : []),
  ];
}

/** Sentences about what the user has to write by hand. */
function byHand(folder, { exposure, hiddenIn, config }) {
  const lists = [...(exposure === "unclear" ? ["api.schemas"] : []), ...hiddenIn.map((name) => `remotes.${name}.api.schemas`)];
  return lists.map((list) => `"${SCHEMA}" is not among ${list} in ${folder}/${config}. Add it by hand.`);
}

function tell(folder, found) {
  const { missing, present, isOld, exposure, config } = found;
  const kept = present.length > 0 ? ` ${count(present)} ${present.length === 1 ? "was" : "were"} present.` : "";
  console.log(missing.length > 0 ? `Copied ${count(missing)} to ${folder}/migrations.${kept}` : `Nothing to copy.${kept}`);
  if (exposure === "missing") console.log(`Added "${SCHEMA}" to api.schemas in ${folder}/${config}.`);
  for (const sentence of byHand(folder, found)) console.log(sentence);
  if (missing.length === 0 && exposure === "there") return;
  const option = isOld ? " --include-all" : "";
  console.log(`
Next:
  supabase migration up${option}   the local database
  supabase db push${option}        the linked project. Expose the schema there too:
                          Project Settings > Data API > Exposed schemas > ${SCHEMA}`);
  if (isOld) console.log("\n--include-all is needed because some of your migrations are newer than these.");
}

const count = (names) => `${names.length} migration${names.length === 1 ? "" : "s"}`;

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  const isUsage = String(error?.code ?? "").startsWith("ERR_PARSE_ARGS");
  if (!isUsage && !(error instanceof Obstacle) && !error?.syscall) throw error;
  console.error(`chatkeep: ${error.message}${isUsage ? "\nSee `npx chatkeep --help`." : ""}`);
  process.exitCode = isUsage ? 2 : 1;
}

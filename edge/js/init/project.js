// Adds Chatkeep to a Supabase project: its migrations to supabase/migrations, its schema to the exposed ones. No file is
// overwritten. If an existing file conflicts, nothing is written.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { exposure } from "./config.js";

/** The schema that clients call. */
export const SCHEMA = "chatkeep";

const SHIPPED = join(dirname(fileURLToPath(import.meta.url)), "..", "migrations");
/** The names of files that the CLI runs as migrations. Source: supabase/cli, pkg/migration/file.go. */
const MIGRATION = /^([0-9]+)_.*\.sql$/;

/** An error whose message is for the user: the obstacle and the remedy. */
export class Obstacle extends Error {}

/** The CLI's names for the configuration of a project. */
const CONFIGS = ["config.toml", "config.json", "config.jsonc"];

/** The folder that holds supabase/config.toml: `folder`, or with `above` the nearest folder above it, as the CLI does. */
export function findProject(folder, { above }) {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (configOf(at)) return at;
    if (!above || at === dirname(at)) {
      throw new Obstacle(
        `There is no supabase/config.toml in ${resolve(folder)}. Run \`supabase init\` first, or name the folder of ` +
          "your project with --workdir.",
      );
    }
  }
}

/** Compares a project with this version of the package. Writes nothing. */
export function inspect(project) {
  const folder = join(project, "supabase", "migrations");
  const theirs = (existsSync(folder) ? readdirSync(folder) : []).filter((name) => MIGRATION.test(name)).sort();
  const ours = readdirSync(SHIPPED).filter((name) => MIGRATION.test(name)).sort();
  const missing = ours.filter((name) => !theirs.includes(name));
  const there = ours.filter((name) => theirs.includes(name));
  const changed = there.filter((name) => read(join(folder, name)) !== shipped(name));
  const state = {
    present: there.filter((name) => !changed.includes(name)),
    changed,
    missing,
    // The CLI identifies a migration by its digits alone.
    clashing: missing.flatMap((name) => theirs.filter((other) => stamp(other) === stamp(name))),
    // The CLI refuses migrations older than the newest applied one, unless it gets --include-all.
    isOld: missing.length > 0 && theirs.some((name) => !ours.includes(name) && stamp(name) > stamp(missing[0])),
  };
  const config = configOf(project);
  const path = join(project, "supabase", config);
  try {
    return { ...state, config, ...exposure(read(path), config, SCHEMA) };
  } catch (error) {
    throw new Obstacle(`${path} cannot be read: ${error.message.trim()}`);
  }
}

/** Writes the files that `inspect` found missing. */
export function install(project, { missing, config, exposing }) {
  const folder = join(project, "supabase", "migrations");
  mkdirSync(folder, { recursive: true });
  // "wx": the write fails if the file was created in the meantime.
  for (const name of missing) writeFileSync(join(folder, name), shipped(name), { flag: "wx" });
  if (exposing !== undefined) writeFileSync(join(project, "supabase", config), exposing);
}

function configOf(project) {
  return CONFIGS.find((name) => existsSync(join(project, "supabase", name)));
}

const read = (path) => readFileSync(path, "utf8");
const shipped = (name) => read(join(SHIPPED, name));
const stamp = (name) => MIGRATION.exec(name)?.[1] ?? "";

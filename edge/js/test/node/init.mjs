// `npx chatkeep init`, on projects that the Supabase CLI made.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { folder as packageFolder, root, tools } from "../support/package.mjs";

const supabase = join(tools, ".bin", "supabase");
const SOURCES = join(root, "sql", "supabase", "migrations");
const { exposure } = await import(pathToFileURL(join(packageFolder, "init", "config.js")).href);

/** Runs the command in a folder. */
function chatkeep(cwd, ...words) {
  const { status, stdout, stderr } = spawnSync("node", [join(packageFolder, "cli.js"), ...words], { cwd, encoding: "utf8" });
  return { status, stdout, stderr };
}

/** A new project as `supabase init` makes it. It is removed after the test. */
function project(t) {
  const home = mkdtempSync(join(tmpdir(), "chatkeep-init-"));
  t.after(() => rmSync(home, { recursive: true }));
  const made = join(home, "app");
  mkdirSync(made);
  const env = { ...process.env, HOME: home, SUPABASE_HOME: join(home, ".supabase"), DO_NOT_TRACK: "1", SUPABASE_TELEMETRY_DISABLED: "1" };
  const ran = spawnSync(supabase, ["init", "--yes", "--workdir", made], { cwd: made, env, encoding: "utf8", input: "" });
  assert.equal(ran.status, 0, ran.stderr);
  return made;
}

const migrations = (made) => join(made, "supabase", "migrations");
const config = (made) => join(made, "supabase", "config.toml");
const read = (path) => readFileSync(path, "utf8");

test("init copies every migration as it is and exposes the schema, changing nothing else of config.toml", (t) => {
  const made = project(t);
  const before = read(config(made)).split("\n");
  const { status, stdout, stderr } = chatkeep(made, "init");
  assert.deepEqual([status, stderr], [0, ""]);
  const names = readdirSync(SOURCES).sort();
  assert.deepEqual(readdirSync(migrations(made)).sort(), names);
  for (const name of names) assert.equal(read(join(migrations(made), name)), read(join(SOURCES, name)), name);
  const changed = read(config(made)).split("\n").filter((line, at) => line !== before[at]);
  assert.deepEqual(changed, ['schemas = ["public", "graphql_public", "chatkeep"]']);
  assert.match(stdout, new RegExp(`^Copied ${names.length} migrations to supabase/migrations\\.\n`));
  assert.match(stdout, /supabase db push {2,}/);
  assert.doesNotMatch(stdout, /--include-all/);
});

test("a second init writes nothing, and --check succeeds", (t) => {
  const made = project(t);
  chatkeep(made, "init");
  const before = read(config(made));
  const again = chatkeep(made, "init");
  assert.equal(again.status, 0);
  assert.match(again.stdout, /^Nothing to copy\. \d+ migrations were present\.\n$/);
  assert.equal(read(config(made)), before);
  const check = chatkeep(made, "init", "--check");
  assert.deepEqual([check.status, check.stderr], [0, ""]);
});

test("--check of a project without Chatkeep names each file and the schema, fails and writes nothing", (t) => {
  const made = project(t);
  const before = read(config(made));
  const { status, stderr } = chatkeep(made, "init", "--check");
  assert.equal(status, 1);
  for (const name of readdirSync(SOURCES)) assert.match(stderr, new RegExp(`^supabase/migrations/${name} is missing`, "m"));
  assert.match(stderr, /^"chatkeep" is not among api\.schemas in supabase\/config\.toml/m);
  assert.equal(read(config(made)), before);
  assert.deepEqual(readdirSync(join(made, "supabase")).filter((name) => name === "migrations"), []);
});

test("after an update init copies only new migrations, and names --include-all if the project has newer ones", (t) => {
  const made = project(t);
  chatkeep(made, "init");
  const last = readdirSync(SOURCES).sort().at(-1);
  rmSync(join(migrations(made), last));
  assert.match(chatkeep(made, "init").stdout, /^Copied 1 migration to supabase\/migrations\. \d+ migrations were present\.\n/);
  rmSync(join(migrations(made), last));
  writeFileSync(join(migrations(made), "29990101000000_mine.sql"), "select 1;\n");
  assert.match(chatkeep(made, "init").stdout, /supabase db push --include-all/);
  assert.equal(read(join(migrations(made), "29990101000000_mine.sql")), "select 1;\n");
});

test("a changed migration is not overwritten, and nothing else is written", (t) => {
  const made = project(t);
  chatkeep(made, "init");
  const [first, second] = readdirSync(SOURCES).sort();
  writeFileSync(join(migrations(made), first), "select 1;\n");
  rmSync(join(migrations(made), second));
  for (const words of [["init"], ["init", "--check"]]) {
    const { status, stderr } = chatkeep(made, ...words);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`^supabase/migrations/${first} differs from this version of the package\\.`));
  }
  assert.equal(read(join(migrations(made), first)), "select 1;\n");
  assert.ok(!readdirSync(migrations(made)).includes(second));
});

test("a migration with the same version and another name stops init before it writes", (t) => {
  const made = project(t);
  const version = readdirSync(SOURCES).sort()[0].split("_")[0];
  mkdirSync(migrations(made));
  writeFileSync(join(migrations(made), `${version}_mine.sql`), "");
  const { status, stderr } = chatkeep(made, "init");
  assert.equal(status, 1);
  assert.match(stderr, new RegExp(`${version}_mine\\.sql has the version of one of Chatkeep's migrations`));
  assert.deepEqual(readdirSync(migrations(made)), [`${version}_mine.sql`]);
});

test("the project is found from a folder below it, and --workdir finds it only in that folder", (t) => {
  const made = project(t);
  mkdirSync(join(made, "src"));
  assert.match(chatkeep(join(made, "src"), "init").stdout, /to \.\.\/supabase\/migrations\./);
  const elsewhere = chatkeep(join(made, "src"), "init", "--workdir", ".");
  assert.equal(elsewhere.status, 1);
  assert.match(elsewhere.stderr, /^chatkeep: There is no supabase\/config\.toml in .*supabase init/);
  assert.equal(chatkeep(tmpdir(), "init", "--check", "--workdir", made).status, 0);
});

test("an invalid config.toml is reported without a stack trace", (t) => {
  const made = project(t);
  writeFileSync(config(made), "[api\n");
  const { status, stderr } = chatkeep(made, "init");
  assert.equal(status, 1);
  assert.match(stderr, /^chatkeep: .*config\.toml cannot be read: /);
  assert.doesNotMatch(stderr, /\bat .*\.js:\d/);
});

test("the command prints its usage, help and version", () => {
  const help = chatkeep(".", "--help");
  assert.equal(help.status, 0);
  assert.match(help.stdout, /^Usage: chatkeep init/);
  assert.deepEqual([chatkeep(".").status, chatkeep(".", "uninit").status, chatkeep(".", "init", "--nonsense").status], [2, 2, 2]);
  const { version } = JSON.parse(read(join(packageFolder, "package.json")));
  assert.equal(chatkeep(".", "--version").stdout, `${version}\n`);
});

test("the packed package holds the command, its dependencies and the migrations", (t) => {
  const to = mkdtempSync(join(tmpdir(), "chatkeep-pack-"));
  t.after(() => rmSync(to, { recursive: true }));
  const packed = spawnSync("npm", ["pack", "--json", "--pack-destination", to], { cwd: packageFolder, encoding: "utf8" });
  assert.equal(packed.status, 0, packed.stderr);
  const paths = JSON.parse(packed.stdout)[0].files.map((file) => file.path);
  for (const name of ["cli.js", "init/project.js", "init/config.js", "wasm/rules.wasm", ...readdirSync(SOURCES).map((file) => `migrations/${file}`)]) {
    assert.ok(paths.includes(name), name);
  }
  assert.ok(!paths.some((path) => path.startsWith("node_modules/")));
});

test("the schema is added in the style of the list, and the rest of the file does not change", () => {
  const cases = {
    '[api]\nschemas = ["public"] # exposed\n': '[api]\nschemas = ["public", "chatkeep"] # exposed\n',
    "[api]\r\nport = 1\r\nschemas = ['public']\r\n": "[api]\r\nport = 1\r\nschemas = ['public', \"chatkeep\"]\r\n",
    '[api]\nschemas = [\n  "public", # a ] b\n  "x",\n]\n[db]\n': '[api]\nschemas = [\n  "public", # a ] b\n  "x",\n  "chatkeep",\n]\n[db]\n',
    "[api]\nschemas = []\n": '[api]\nschemas = ["chatkeep"]\n',
    "[api] # the API\nport = 1\n": '[api] # the API\nschemas = ["public", "graphql_public", "chatkeep"]\nport = 1\n',
    '[db]\nschemas = ["a"]\n': '[db]\nschemas = ["a"]\n\n[api]\nschemas = ["public", "graphql_public", "chatkeep"]\n',
    "": '[api]\nschemas = ["public", "graphql_public", "chatkeep"]\n',
    '[auth]\nschemas = ["no"]\n[api]\nschemas = ["yes"]\n': '[auth]\nschemas = ["no"]\n[api]\nschemas = ["yes", "chatkeep"]\n',
  };
  for (const [before, after] of Object.entries(cases)) {
    assert.deepEqual(exposure(before, "config.toml", "chatkeep"), { exposure: "missing", exposing: after, hiddenIn: [] }, before);
    assert.equal(exposure(after, "config.toml", "chatkeep").exposure, "there", after);
  }
});

test("a configuration in an unknown style is left to the user", () => {
  for (const text of ['api.schemas = ["public"]\n', 'api = { schemas = ["public"] }\n', "[api]\nschemas = 1\n"]) {
    assert.deepEqual(exposure(text, "config.toml", "chatkeep").exposure, "unclear", text);
  }
  const json = '{ // a comment, with "quotes"\n "api": { "schemas": ["public", "a // b",], }, }';
  assert.equal(exposure(json, "config.jsonc", "chatkeep").exposure, "unclear");
  assert.equal(exposure(json.replace("public", "chatkeep"), "config.jsonc", "chatkeep").exposure, "there");
  // A regular expression would mistake this comma for a trailing one.
  assert.throws(() => exposure('{ "api":\n[,] }', "config.jsonc", "chatkeep"), { name: "SyntaxError", message: "ValueExpected in line 2" });
  const branch = '[api]\nschemas = ["chatkeep"]\n[remotes.staging.api]\nschemas = ["public"]\n';
  assert.deepEqual(exposure(branch, "config.toml", "chatkeep"), { exposure: "there", hiddenIn: ["staging"] });
});

test("if the configuration is left to the user, init copies the migrations and prints what to add", (t) => {
  const made = project(t);
  rmSync(config(made));
  writeFileSync(join(made, "supabase", "config.json"), '{ "api": { "schemas": ["public"] } }');
  const { status, stdout } = chatkeep(made, "init");
  assert.equal(status, 0);
  assert.match(stdout, /^"chatkeep" is not among api\.schemas in supabase\/config\.json\. Add it by hand\.$/m);
  assert.equal(chatkeep(made, "init", "--check").status, 1);
});

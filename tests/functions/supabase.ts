// A Supabase for the functions: @supabase/lite on PGlite with Auth, the Data API and Storage, which keeps its bytes in
// memory. Run it as a program in the folder that holds supabase/migrations, with EXPERIMENTAL_STORAGE=1. It prints {
// url, anonKey, serviceKey } once it serves.

import { App, generateApiKey } from "@supabase/lite";
import { applyPendingMigrations } from "@supabase/lite/cli";
import { createPgliteConnection } from "@supabase/lite/pglite";

async function main(): Promise<void> {
  const [{ key: anonKey }, { key: serviceKey }] = [await generateApiKey("publishable"), await generateApiKey("secret")];
  // Unlike in docs/supabase.md, lite may grant all rights here, because its Storage needs them.
  const connection = await createPgliteConnection({ url: "memory://", pgliteOptions: { serializers: { 17: String } } });
  const keys = { jwt_secret: crypto.randomUUID(), publishable_key: anonKey, secret_key: serviceKey };
  const api = { schemas: ["public", "chatkeep"] };
  // deno-lint-ignore no-explicit-any
  const app: any = new App({ connection, api, auth: { enabled: true, ...keys }, storage: { enabled: true } } as any);
  app._storageAdapter = new Memory();
  await app.init();
  await applyPendingMigrations(app);
  let last: Promise<unknown> = Promise.resolve();
  const fetch = (request: Request): Promise<Response> => {
    const answer = last.then(() => app.fetch(request));
    last = answer.catch(() => {});
    return answer;
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, fetch);
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.addr.port}`, anonKey, serviceKey }));
}

/** The bytes of objects. lite keeps their names, owners and policies in the database. */
class Memory {
  readonly driver = null;
  readonly #objects = new Map<string, ArrayBuffer>();

  async uploadObject(bucket: string, key: string, version: string | undefined, body: BodyInit, mimetype: string, cacheControl: string) {
    const bytes = await new Response(body).arrayBuffer();
    this.#objects.set(name(bucket, key, version), bytes);
    return { cacheControl, mimetype, contentLength: bytes.byteLength, size: bytes.byteLength, eTag: crypto.randomUUID() };
  }

  deleteObject(bucket: string, key: string, version: string | undefined): Promise<void> {
    this.#objects.delete(name(bucket, key, version));
    return Promise.resolve();
  }

  async deleteObjects(bucket: string, keys: string[]): Promise<void> {
    for (const key of keys) await this.deleteObject(bucket, key, undefined);
  }
}

const name = (bucket: string, key: string, version: string | undefined) => [bucket, key, version ?? ""].join("/");

await main();

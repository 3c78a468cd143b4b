// Files of messages that move to Supabase Storage.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { chatkeepPackage } from "./support/package.mjs";

const { storageFiles } = chatkeepPackage;
const URL_OF_STORAGE = "https://project.example/storage/v1";

/** supabase-js with a bucket in memory. */
function storage(refuse = () => null) {
  const objects = new Map();
  const uploads = [];
  const from = (bucket) => ({
    upload: async (path, bytes, options) => {
      uploads.push(path);
      const error = refuse(path) ?? (objects.has(`${bucket}/${path}`) ? { message: "The resource already exists", statusCode: "409" } : null);
      if (!error) objects.set(`${bucket}/${path}`, { bytes, ...options });
      return error ? { data: null, error } : { data: { path }, error: null };
    },
    getPublicUrl: (path) => ({ data: { publicUrl: `${URL_OF_STORAGE}/object/public/${bucket}/${path}` } }),
    createSignedUrls: async (paths, expiresIn) => ({
      data: paths.map((path) => objects.has(`${bucket}/${path}`)
        ? { path, error: null, signedUrl: `${URL_OF_STORAGE}/object/sign/${bucket}/${encodeURI(path)}?token=${expiresIn}` }
        : { path, error: "Either the object does not exist or you do not have access to it", signedUrl: null }),
      error: null,
    }),
  });
  return { supabase: { storage: { from } }, objects, uploads };
}

const bytes = Uint8Array.from({ length: 60_000 }, (_, at) => at % 251);
const sum = createHash("sha256").update(bytes).digest("hex");
const image = { type: "file", mediaType: "image/png", filename: "a.png", url: `data:image/png;base64,${Buffer.from(bytes).toString("base64")}` };
const small = { type: "file", mediaType: "text/plain", url: "data:text/plain,hi" };
const message = { id: "m", role: "user", parts: [{ type: "text", text: "look" }, image, small] };

test("a large data URL moves to Storage under the SHA-256 of its bytes, and comes back as a signed URL", async () => {
  const { supabase, objects, uploads } = storage();
  const files = storageFiles(supabase, { bucket: "files", folder: "user 1" });
  const { data } = await files.externalizeMessage(message);
  const path = `user 1/${sum}`;
  assert.deepEqual(data.message.parts, [message.parts[0], { ...image, url: `storage://files/${path}` }, small]);
  assert.deepEqual(data.attachments, [{ name: "a.png", mimeType: "image/png", byteSize: 60_000, storagePath: `files/${path}` }]);
  assert.deepEqual(objects.get(`files/${path}`), { bytes, contentType: "image/png", upsert: false });

  const again = await files.externalizeMessage(message);
  assert.deepEqual(again, { data, error: null }, "a retry finds the object");
  assert.equal(uploads.length, 2);

  const shown = await files.sign([data.message, message]);
  assert.equal(shown.data[0].parts[1].url, `${URL_OF_STORAGE}/object/sign/files/user%201/${sum}?token=3600`);
  assert.deepEqual(shown.data[1], message);
  const sentBack = await files.externalizeMessage(shown.data[0]);
  assert.deepEqual(sentBack.data, { message: data.message, attachments: [] }, "what a client sends back is the reference again");
});

test("the limit counts characters, and other parts stay as they are", async () => {
  const { supabase, uploads } = storage();
  const files = storageFiles(supabase, { bucket: "files", limit: 18 });
  assert.deepEqual((await files.externalize(small)).data, { part: small, attachment: null });
  const { data } = await files.externalize({ ...small, url: "data:text/plain,%C3%A9t%C3%A9" });
  assert.equal(data.part.url, `storage://files/${createHash("sha256").update("été").digest("hex")}`);
  for (const part of [null, "a", { type: "text", text: "data:" }, { type: "file" }, { type: "file", url: "https://x.example/a.png" }]) {
    assert.deepEqual(await files.externalize(part), { data: { part, attachment: null }, error: null });
  }
  assert.equal(uploads.length, 1);
});

test("what Storage refuses is an error, and what is gone keeps its reference", async () => {
  const { supabase } = storage(() => ({ message: "new row violates row-level security policy", statusCode: "403" }));
  const files = storageFiles(supabase, { bucket: "files" });
  const { data, error } = await files.externalizeMessage(message);
  assert.deepEqual([data, error.status, error.message, error.retryable], [null, 403, "new row violates row-level security policy", false]);
  const gone = { id: "m", role: "user", parts: [{ type: "file", mediaType: "a/b", url: "storage://files/gone" }, { type: "file", url: "storage://other/a" }] };
  assert.deepEqual((await files.sign([gone])).data, [gone]);
  for (const url of ["data:nothing", "data:a/b;base64,%%%", "data:a/b;base64,*"]) {
    const broken = await storageFiles(supabase, { bucket: "files", limit: 0 }).externalize({ type: "file", url });
    assert.equal(broken.data, null);
    assert.equal(typeof broken.error.message, "string");
  }
});

test("a client and a bucket are required", () => {
  const { supabase } = storage();
  for (const given of [[], [{}], [supabase], [supabase, {}], [supabase, { bucket: "" }], [null, { bucket: "a" }]]) assert.throws(() => storageFiles(...given), TypeError);
});

// Files of messages in Supabase Storage: a data URL moves there, and the part keeps a reference, `storage://bucket/path`.

import { checksum, failure } from "./checksum.js";

/** The longest data URL that a part keeps, in characters. */
const LIMIT = 32 * 1024;

/**
 * The files of messages in a bucket. `supabase` is a supabase-js client. `options` are
 *   bucket     its name
 *   folder     the folder of the objects, such as the user's id, for which policies of Storage ask
 *   limit      the longest data URL that stays in its part, in characters (32,768)
 *   expiresIn  how long a signed URL is valid, in seconds (3,600)
 */
export function storageFiles(supabase, options) {
  const { bucket, folder, limit = LIMIT, expiresIn = 3_600 } = options ?? {};
  if (typeof supabase?.storage?.from !== "function" || typeof bucket !== "string" || bucket === "") {
    throw new TypeError('storageFiles takes a supabase-js client and the name of a bucket: storageFiles(supabase, { bucket: "files" })');
  }
  const store = supabase.storage.from(bucket);
  const prefix = `storage://${bucket}/`;
  // Signed URLs begin so, before the path.
  const signedPrefix = store.getPublicUrl("").data.publicUrl.replace("/object/public/", "/object/sign/").replace(/\/*$/, "/");

  /** Moves a part's data URL to Storage. Resolves to `{ data: { part, attachment }, error }`; other parts stay as they are. */
  async function externalize(part) {
    try {
      if (part?.type !== "file" || typeof part.url !== "string") return kept(part);
      // A client sends back what `sign` gave it.
      if (part.url.startsWith(signedPrefix)) return kept({ ...part, url: prefix + decodeURI(part.url.slice(signedPrefix.length).split("?", 1)[0]) });
      if (!part.url.startsWith("data:") || part.url.length <= limit) return kept(part);
      const bytes = bytesOf(part.url);
      // The same bytes get the same path, so a retry finds them.
      const { data: digest } = await checksum(bytes);
      const path = folder ? `${folder}/${digest}` : digest;
      const { error } = await store.upload(path, bytes, { contentType: part.mediaType, upsert: false });
      if (error && !isThere(error)) return { data: null, error: refusal(error) };
      const attachment = { name: part.filename || undefined, mimeType: part.mediaType, byteSize: bytes.length, storagePath: `${bucket}/${path}` };
      return { data: { part: { ...part, url: prefix + path }, attachment }, error: null };
    } catch (thrown) {
      return { data: null, error: failure(thrown, "Pass a part of a UIMessage with a data URL.") };
    }
  }

  /** The same for every part of a message: `{ data: { message, attachments }, error }`. */
  async function externalizeMessage(message) {
    const parts = [];
    const attachments = [];
    for (const part of message.parts) {
      const { data, error } = await externalize(part);
      if (error) return { data: null, error };
      parts.push(data.part);
      if (data.attachment) attachments.push(data.attachment);
    }
    return { data: { message: { ...message, parts }, attachments }, error: null };
  }

  /** Messages with signed URLs for their references, as `{ data, error }`. An object that is gone keeps its reference. */
  async function sign(messages) {
    try {
      const isReference = (part) => part?.type === "file" && typeof part.url === "string" && part.url.startsWith(prefix);
      const paths = [...new Set(messages.flatMap(({ parts }) => parts.filter(isReference).map(({ url }) => url.slice(prefix.length))))];
      if (paths.length === 0) return { data: messages, error: null };
      const { data, error } = await store.createSignedUrls(paths, expiresIn);
      if (error) return { data: null, error: refusal(error) };
      const signed = new Map(data.filter(({ signedUrl }) => signedUrl).map(({ path, signedUrl }) => [prefix + path, signedUrl]));
      const shown = (part) => (isReference(part) && signed.has(part.url) ? { ...part, url: signed.get(part.url) } : part);
      return { data: messages.map((message) => ({ ...message, parts: message.parts.map(shown) })), error: null };
    } catch (thrown) {
      return { data: null, error: failure(thrown, null) };
    }
  }

  return Object.freeze({ externalize, externalizeMessage, sign });
}

const kept = (part) => ({ data: { part, attachment: null }, error: null });

const isThere = ({ status, statusCode, message }) => Number(status) === 409 || Number(statusCode) === 409 || /already exists/i.test(message ?? "");

function refusal({ message, status, statusCode }) {
  const hint = "See whether the bucket exists and its policies let the user write to this folder.";
  return { code: "", status: Number(status ?? statusCode) || 0, message: String(message), details: null, hint, retryable: false };
}

/** The bytes of a data URL. */
function bytesOf(url) {
  const comma = url.indexOf(",");
  if (comma < 0) throw new TypeError("the data URL has no comma");
  const content = url.slice(comma + 1);
  if (!/;base64$/i.test(url.slice(0, comma))) return new TextEncoder().encode(decodeURIComponent(content));
  return Uint8Array.from(atob(decodeURIComponent(content)), (character) => character.charCodeAt(0));
}

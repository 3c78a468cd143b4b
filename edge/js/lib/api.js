// The exports of the package, for every runtime.

export { fromUIMessage, toUIMessage, toUIMessages, turnOf } from "./ai.js";
export { checksum, Hasher, hashing } from "./checksum.js";
export { chatkeep } from "./client.js";
export { endedSessionCookie, sessionCookie, sessionTokenOf } from "./cookies.js";
export { storageFiles } from "./files.js";
export { isSessionToken, toUuid, userId, uuidv7 } from "./identity.js";

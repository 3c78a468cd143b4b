export { checksum, Hasher } from "./checksum.js";
export { chatkeep } from "./client.js";
export { isSessionToken, toUuid, uuidv7 } from "./identity.js";

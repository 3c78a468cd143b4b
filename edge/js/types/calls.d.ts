// The calls.

import type {
  AppendMessage,
  AppendMessages,
  Attach,
  Bytes,
  CreateChat,
  CreateSession,
  ElevateSession,
  FinishMessage,
  ImportedChat,
  ListMessages,
  NewDocument,
  PresentedToken,
  RegisterContent,
  RegisterDocument,
  SearchMessages,
  SetDocumentStatus,
  TagDocument,
  Upkeep,
} from "./arguments.d.ts";
import type { CallOptions, Result } from "./result.d.ts";
import type {
  AppendedMessage,
  Attachment,
  Chat,
  CreatedSession,
  Document,
  DocumentMetadata,
  DocumentRegistration,
  Engine,
  FoundMessage,
  Message,
  RotatedSession,
  Session,
  SessionsRevoked,
  SessionStatus,
  Uuid,
} from "./rows.d.ts";
import type { StreamMessage } from "./toolkit.d.ts";

type Call<Given, Data> = (given: Given, options?: CallOptions) => Promise<Result<Data>>;
type CallOfNothing<Given, Data> = (given?: Given, options?: CallOptions) => Promise<Result<Data>>;

export interface Chatkeep {
  /** Makes a chat; with a `chatId` that the user already has, returns the stored one. */
  createChat: CallOfNothing<CreateChat, Chat>;
  /** Appends a message; the same `messageId` and content again return the stored row. */
  appendMessage: Call<AppendMessage, Message>;
  /** Appends a batch, all or nothing; each row says whether it is new. */
  appendMessages: Call<AppendMessages, AppendedMessage[]>;
  /** Ends a message that was appended with the status "streaming", once. */
  finishMessage: Call<FinishMessage, Message>;
  /** Makes the path that ends at a message the active one. */
  selectBranch: Call<{ chatId: Uuid; leafId: Uuid }, Chat>;
  /** A page of the active path, oldest first. */
  listMessages: Call<ListMessages, Message[]>;
  /** Full-text search, newest first. */
  searchMessages: Call<SearchMessages, FoundMessage[]>;
  /** Deletes a chat softly. */
  deleteChat: Call<{ chatId: Uuid }, Chat>;
  /** Brings a deleted chat back. */
  restoreChat: Call<{ chatId: Uuid }, Chat>;
  /** Stores a whole chat with its times and branches; can be repeated. */
  importChat: Call<{ chat: ImportedChat }, Chat>;
  /** Fails messages whose writer died. `batchSize` is at most 1,000. */
  failStaleMessages: CallOfNothing<Upkeep, Message[]>;
  /** Indexes messages for search; how many. For service_role. */
  indexMessages: CallOfNothing<Pick<Upkeep, "batchSize">, number>;
  /** Removes chats that were deleted long ago; how many rows, 0 when done. For service_role. */
  purgeChats: CallOfNothing<Upkeep, number>;
  /** Opens a session of the signed-in user and returns its token, once. */
  createSession: CallOfNothing<CreateSession, CreatedSession>;
  /** Trades a token for its successor. Rotations of one token at the same time are one request. */
  rotateSession: Call<PresentedToken, RotatedSession>;
  /** Says what a token is worth. */
  validateSession: Call<PresentedToken, SessionStatus>;
  /** Ends a session of the caller. */
  revokeSession: Call<{ sessionId: Uuid }, Session>;
  /** Ends all sessions of a token's user but its own. */
  revokeOtherSessions: Call<PresentedToken, SessionsRevoked>;
  /** Ends all sessions of the caller, or of the user that service_role names. */
  revokeAllSessions: CallOfNothing<{ userId?: Uuid | null }, Session[]>;
  /** Raises a session's assurance level, as far as the JWT proves it. */
  elevateSession: Call<ElevateSession, SessionStatus>;
  /** Removes sessions that ended long ago; how many, 0 when done. For service_role. */
  purgeSessions: CallOfNothing<Upkeep, number>;
  /** SHA-256 of bytes, computed by the database; `checksum()` computes the same here, without a request. */
  documentChecksum: Call<{ content: Bytes }, string>;
  /** Registers where bytes came from: `outcome` says whether they were known. */
  registerDocument: Call<RegisterDocument, DocumentRegistration>;
  /** Registers up to 10,000 documents, all or none; a row for each, in order. Mind the gateway's limit of rows. */
  registerDocuments: Call<{ documents: NewDocument[] }, DocumentRegistration[]>;
  /** `registerDocument` for bytes at hand. */
  registerContent: Call<RegisterContent, DocumentRegistration>;
  /** Moves a document's ingest on; "processing" is one worker's claim. */
  setDocumentStatus: Call<SetDocumentStatus, Document>;
  /** Merges tags into a namespace; null where there is none and nothing to write. */
  tagDocument: Call<TagDocument, DocumentMetadata | null>;
  /** Hangs a document or a stored object on a message. */
  attach: Call<Attach, Attachment>;
  /** Deletes a document softly; its attachments stay, marked. */
  deleteDocument: Call<{ documentId: Uuid }, Document>;
  /**
   * Stores an answer while it is streamed to the client: a placeholder first, the whole text at the end, also when the
   * client goes away.
   */
  streamMessage: StreamMessage;
  /** Which engine answers, and its versions. */
  engine: CallOfNothing<Record<string, never>, Engine>;
}

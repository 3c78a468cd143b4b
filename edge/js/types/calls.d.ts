// The calls.
// Written by `cargo xtask generate` from the declarations in sql/supabase/schemas.

import type {
  AddMember,
  AppendMessage,
  AppendMessages,
  Attach,
  CopyChat,
  CreateChat,
  CreateSession,
  DeleteChat,
  DeleteDocument,
  DocumentChecksum,
  DoneStorageDeletions,
  ElevateSession,
  FailStaleMessages,
  FinishMessage,
  GetChat,
  IndexMessages,
  ListChats,
  ListMessages,
  MeasureUsage,
  OpenShare,
  PurgeChats,
  PurgeSessions,
  RateMessage,
  RedactMessage,
  RegisterContent,
  RegisterDocument,
  RegisterDocuments,
  RemoveMember,
  RenameTenant,
  RestoreChat,
  RevokeAllSessions,
  RevokeOtherSessions,
  RevokeSession,
  RevokeShare,
  RewindChat,
  RotateSession,
  SearchMessages,
  SelectBranch,
  SetDocumentStatus,
  SetMemberRole,
  ShareChat,
  SummariseChat,
  TagDocument,
  TakeStorageDeletions,
  TransferAll,
  TransferChat,
  TransferDocument,
  UpdateChat,
  UserId,
  ValidateSession,
} from "./arguments.d.ts";
import type { ImportChat } from "./batches.d.ts";
import type { CallOptions, Result } from "./result.d.ts";
import type {
  AppendedMessage,
  Attachment,
  Chat,
  ChatSummary,
  Document,
  DocumentMetadata,
  DocumentRegistration,
  Engine,
  FoundMessage,
  ListedChat,
  Membership,
  Message,
  MessageRating,
  MyShare,
  NewShare,
  Session,
  SessionsRevoked,
  SharedChat,
  StorageDeletion,
  Tenant,
  TransferCount,
} from "./rows.d.ts";
import type { CreatedSession, RotatedSession, SessionStatus } from "./sessions.d.ts";
import type { Uuid } from "./values.d.ts";

/** The calls that are functions of the database. */
export interface Calls {
  /**
   * Makes a person a member of a tenant, or enables the membership again, and returns it.
   * Owners and admins add to their tenant, service_role to any; a tenant begins with its first member. The same call again writes nothing.
   */
  addMember: (given: AddMember, options?: CallOptions) => Promise<Result<Membership>>;
  /**
   * Appends a message to a chat of the caller, or to one that is shared with the caller to write, and returns it.
   * messageId makes a retry safe: the same id and content return the stored row. A copy that says more is stored in its place, while the message is the newest of its branch or streaming. A parentId other than the last message starts a branch, in the caller's own chats. A result of a tool follows the other results of its call.
   */
  appendMessage: (given: AppendMessage, options?: CallOptions) => Promise<Result<Message>>;
  /**
   * Appends an array of at most 1,000 messages in order, all or none.
   * outcome tells for each whether it was appended, stored before, or has grown.
   */
  appendMessages: (given: AppendMessages, options?: CallOptions) => Promise<Result<AppendedMessage[]>>;
  /**
   * Attaches a document, a stored object or both to a message and returns the attachment.
   * In a chat that is shared with the caller to write: a stored object to a message of the caller.
   * The same message, document, name and storagePath again return the stored row.
   */
  attach: (given: Attach, options?: CallOptions) => Promise<Result<Attachment>>;
  /**
   * Copies a chat of the caller, or one that is shared with the caller, up to a message, into a new chat of the caller, and returns the new chat.
   * The copy has one path: the messages with their times, and their attachments. A streaming message becomes failed, a redacted one stays redacted, and the caller is the author. The metadata of the new chat say in copied_from which chat and message it continues.
   * A copy of one's own chat has its metadata, folder and tags too, and no pin. Of a shared chat, the copy has the title and what the share shows, and private documents are missing in its attachments. Ratings, shares and usage are not copied.
   */
  copyChat: (given: CopyChat, options?: CallOptions) => Promise<Result<Chat>>;
  /**
   * Makes a chat of the signed-in user, or of the userId that service_role names, and returns it.
   * With a chatId that the user already has, returns the stored chat.
   */
  createChat: (given?: CreateChat, options?: CallOptions) => Promise<Result<Chat>>;
  /** Opens a session of the signed-in user, or of the userId that service_role names, and returns its token once. */
  createSession: (given?: CreateSession, options?: CallOptions) => Promise<Result<CreatedSession>>;
  /**
   * Deletes a chat of the caller until restoreChat.
   * Its messages are not listed, found or appended to meanwhile.
   */
  deleteChat: (given: DeleteChat, options?: CallOptions) => Promise<Result<Chat>>;
  /**
   * Deletes a document of the caller and returns it; again returns the same row.
   * Its bytes and sources can be registered anew. Its metadata become invisible. Attachments stay, with document_deleted true.
   */
  deleteDocument: (given: DeleteDocument, options?: CallOptions) => Promise<Result<Document>>;
  /** SHA-256 of the bytes, 64 lower-case hexadecimal characters. */
  documentChecksum: (given: DocumentChecksum, options?: CallOptions) => Promise<Result<string>>;
  /**
   * Ends deletions that takeStorageDeletions gave and that the worker has carried out, and returns how many.
   * The same ids again end nothing. For service_role.
   */
  doneStorageDeletions: (given: DoneStorageDeletions, options?: CallOptions) => Promise<Result<number>>;
  /**
   * Raises the assurance level of the token's session, up to the claim aal of the caller's JWT, or to any level for service_role.
   * The previous token is spent at once. Returns the row of validateSession.
   */
  elevateSession: (given: ElevateSession, options?: CallOptions) => Promise<Result<SessionStatus>>;
  /** The engine that answers (native or portable), its version, the newest migration, and a warning about the server. */
  engine: (given?: Record<string, never>, options?: CallOptions) => Promise<Result<Engine>>;
  /** Marks streaming messages as failed that nobody has written for longer than olderThan, and returns them: the caller's own, for service_role everyone's outside of tenants that are being moved. */
  failStaleMessages: (given?: FailStaleMessages, options?: CallOptions) => Promise<Result<Message[]>>;
  /**
   * Keeps the progress of a streaming message, or ends it as complete, failed or stopped.
   * null keeps the stored value. The same call again returns the row. A copy that says less than what is stored changes nothing, except that complete replaces what is streaming. complete and streaming lift a message that has failed. A complete message may grow, as by appendMessage.
   */
  finishMessage: (given: FinishMessage, options?: CallOptions) => Promise<Result<Message>>;
  /** Returns a chat of the caller as listChats shows it, or what a chat that is shared with the caller shows. */
  getChat: (given: GetChat, options?: CallOptions) => Promise<Result<ListedChat>>;
  /**
   * Stores a whole chat of the signed-in user, or of the userId that service_role names, with its times, at most 1,000 messages per call, and returns it.
   * The same chat again changes nothing; new messages are appended.
   */
  importChat: (given: ImportChat, options?: CallOptions) => Promise<Result<Chat>>;
  /**
   * Indexes at most batchSize messages for search and returns how many.
   * 0 means that nothing is left, or that another call is running. Tenants that are being moved are left alone. For service_role, on a schedule.
   */
  indexMessages: (given?: IndexMessages, options?: CallOptions) => Promise<Result<number>>;
  /**
   * A page of the chats of the signed-in user, or of the userId that service_role names: pinned ones first, then the newest first.
   * Each has the beginning of its last message, how many messages are unread, and whether it is shared.
   */
  listChats: (given?: ListChats, options?: CallOptions) => Promise<Result<ListedChat[]>>;
  /**
   * A page of the active path, oldest first: the newest page, or the page before or after a created_at (exclusive).
   * At most 200 rows.
   */
  listMessages: (given: ListMessages, options?: CallOptions) => Promise<Result<Message[]>>;
  /**
   * Measures how much members store, at most batchSize memberships, and returns how many. It writes chatkeep.member_usage.
   * Memberships that were never measured come first, then those of the oldest measurement. A batch ends early after 2 seconds. 0 means that nothing is left, or that another call is running. Tenants that are being moved are left alone. For service_role, on a schedule.
   */
  measureUsage: (given?: MeasureUsage, options?: CallOptions) => Promise<Result<number>>;
  /** Opens a shared chat by the secret of a link, signed in or not, or by the id of a share, and returns it with a page of its active path, oldest first. */
  openShare: (given?: OpenShare, options?: CallOptions) => Promise<Result<SharedChat>>;
  /**
   * Removes for good the chats that were deleted longer ago than olderThan, at most batchSize messages and chats, and returns how many.
   * 0 means that nothing is left. Tenants that are being moved are left alone. For service_role.
   */
  purgeChats: (given?: PurgeChats, options?: CallOptions) => Promise<Result<number>>;
  /**
   * Removes sessions that expired or were revoked longer ago than olderThan, at most batchSize, and returns how many.
   * 0 means that nothing is left. Tenants that are being moved are left alone. Before their removal a spent token is reported as spent, afterwards as unknown. For service_role.
   */
  purgeSessions: (given?: PurgeSessions, options?: CallOptions) => Promise<Result<number>>;
  /**
   * Stores what the caller thinks of a message, thumb up or down, and returns the rating.
   * Each person has one rating of a message. Another one takes its place, with its comment and labels; the same again writes nothing.
   * In a chat that is shared with the caller: a message that the share shows. The owner of the chat reads all ratings in message_ratings.
   */
  rateMessage: (given: RateMessage, options?: CallOptions) => Promise<Result<MessageRating | null>>;
  /**
   * Removes for good what a message said: content, parts, metadata, attachments, its row of search, and every summary that covers it. The message keeps its place in the chat, and what follows it stays.
   * Again returns the row as it is, and removes summaries that were stored since. A streaming message ends as failed. Stored objects of attachments stay in their bucket.
   */
  redactMessage: (given: RedactMessage, options?: CallOptions) => Promise<Result<Message>>;
  /**
   * registerDocument for bytes: computes their checksum and size.
   * The bytes are not stored.
   */
  registerContent: (given: RegisterContent, options?: CallOptions) => Promise<Result<DocumentRegistration>>;
  /**
   * Registers the source of some bytes for the signed-in user, or for the userId that service_role names, and returns their document.
   * outcome is created; duplicate, if the bytes were stored, with this source now among its aliases; new_version, if the source had other bytes before. Ingest it unless its status is ready or processing.
   */
  registerDocument: (given: RegisterDocument, options?: CallOptions) => Promise<Result<DocumentRegistration>>;
  /**
   * Registers an array of at most 10,000 documents, all or none, and returns a row for each, in order.
   * They belong to the signed-in user, or to the userId that service_role names.
   */
  registerDocuments: (given: RegisterDocuments, options?: CallOptions) => Promise<Result<DocumentRegistration[]>>;
  /**
   * Ends a person's access to a tenant at the next statement, and returns the membership.
   * What the person stored stays with the tenant. addMember gives the access back. The last owner cannot be removed.
   */
  removeMember: (given: RemoveMember, options?: CallOptions) => Promise<Result<Membership>>;
  /** Names a tenant and returns it. Its owners and admins may, and service_role. */
  renameTenant: (given: RenameTenant, options?: CallOptions) => Promise<Result<Tenant>>;
  /** Restores a deleted chat as it was, unless purgeChats has begun to remove it. */
  restoreChat: (given: RestoreChat, options?: CallOptions) => Promise<Result<Chat>>;
  /** Revokes all sessions of the caller, or of the userId that service_role names, and returns those that it revoked. */
  revokeAllSessions: (given?: RevokeAllSessions, options?: CallOptions) => Promise<Result<Session[]>>;
  /**
   * Revokes all sessions of the caller except the token's, and returns how many.
   * A token that is not valid revokes nothing; its status is that of validateSession.
   */
  revokeOtherSessions: (given: RevokeOtherSessions, options?: CallOptions) => Promise<Result<SessionsRevoked>>;
  /**
   * Revokes a session of the caller for good, for service_role anyone's, and returns it.
   * A revoked session stays as it is.
   */
  revokeSession: (given: RevokeSession, options?: CallOptions) => Promise<Result<Session>>;
  /**
   * Ends a share of a chat of the caller for good, for service_role anyone's, and returns it.
   * Nobody reads through it from the next statement on. A revoked share stays as it is.
   */
  revokeShare: (given: RevokeShare, options?: CallOptions) => Promise<Result<MyShare>>;
  /**
   * Makes the active path end before a message, and returns the chat. Before the first message the path is empty.
   * Nothing is deleted: selectBranch brings the rest back. The same call again returns the chat as it is.
   */
  rewindChat: (given: RewindChat, options?: CallOptions) => Promise<Result<Chat>>;
  /**
   * Exchanges a token for its successor.
   * The same token again within 10 seconds, before the successor is used, gives the same successor. A spent token revokes its session. status tells what happened; a refusal is a row and not an error, so that a revocation stays.
   */
  rotateSession: (given: RotateSession, options?: CallOptions) => Promise<Result<RotatedSession>>;
  /**
   * Searches the caller's messages, or one chat, with the syntax of websearch_to_tsquery in each chat's language.
   * Newest first, with rank and a snippet of safe HTML.
   */
  searchMessages: (given: SearchMessages, options?: CallOptions) => Promise<Result<FoundMessage[]>>;
  /** Makes the path that ends at a message the active one and returns the chat. */
  selectBranch: (given: SelectBranch, options?: CallOptions) => Promise<Result<Chat>>;
  /**
   * Moves a document along the graph of its ingest and returns it.
   * The same status again writes nothing, except processing: one worker gets it, a second one PT409. error says why the ingest failed.
   */
  setDocumentStatus: (given: SetDocumentStatus, options?: CallOptions) => Promise<Result<Document>>;
  /**
   * Changes the role of a member and returns the membership.
   * Owners and admins may, and service_role. Only owners make owners or change their role, and the last owner stays one.
   */
  setMemberRole: (given: SetMemberRole, options?: CallOptions) => Promise<Result<Membership>>;
  /**
   * Shares a chat of the caller with a member of its tenant, with all members, or by a link, and returns the share.
   * Exactly one of withUserId, withTenant and byLink says with whom. The same people again get the new permission, and their share keeps its id. Each link is a share of its own.
   */
  shareChat: (given: ShareChat, options?: CallOptions) => Promise<Result<NewShare>>;
  /**
   * Stores what a model reads in place of the messages up to one, and returns the summary. listMessages gives it with from_summary.
   * The messages stay as they are. A message has one summary: the same content again writes nothing, and other content replaces it. Only the owner of the chat and service_role summarise. While a covered message is streaming, the call answers PT409.
   */
  summariseChat: (given: SummariseChat, options?: CallOptions) => Promise<Result<ChatSummary>>;
  /**
   * Merges tags into a namespace of a document, key by key, and returns the namespace's row; null removes a key.
   * Returns no row if there is none and nothing to write. A namespace belongs to its first writer, default to the owner.
   */
  tagDocument: (given: TagDocument, options?: CallOptions) => Promise<Result<DocumentMetadata | null>>;
  /**
   * Gives a worker stored objects to delete: those whose attachment or document was removed, and that nothing names any more. The oldest come first.
   * doneStorageDeletions ends what the worker has deleted. What it does not end is given again after retryAfter. Workers that run at the same time get different objects. Tenants that are being moved are left alone. For service_role.
   */
  takeStorageDeletions: (given?: TakeStorageDeletions, options?: CallOptions) => Promise<Result<StorageDeletion[]>>;
  /**
   * Gives all chats and documents of a user who leaves to another member of the tenant, in one transaction, and returns how many.
   * Deleted chats and documents go too. Sessions stay. What transferChat and transferDocument say is true of each chat and document. For service_role.
   */
  transferAll: (given: TransferAll, options?: CallOptions) => Promise<Result<TransferCount>>;
  /**
   * Gives a chat to another member of its tenant, with its messages and attachments, and returns it; again returns the same row.
   * Attachments to documents that the new owner cannot read lose the document, as if it had been deleted. author_id still names who wrote a message. For service_role.
   */
  transferChat: (given: TransferChat, options?: CallOptions) => Promise<Result<Chat>>;
  /**
   * Gives a document to another member of its tenant, with the tags of its owner, and returns it; again returns the same row.
   * The new owner keeps what they have. A source that they hold stays with their document, and the next alias takes its place. Without another source, or where they have the same private bytes, the document is archived. Attachments to a private document in chats of others lose it. For service_role.
   */
  transferDocument: (given: TransferDocument, options?: CallOptions) => Promise<Result<Document>>;
  /**
   * Changes what the arguments name of a chat of the caller, and returns the chat.
   * An argument that is null or left out changes nothing. Messages and updated_at stay.
   */
  updateChat: (given: UpdateChat, options?: CallOptions) => Promise<Result<Chat>>;
  /**
   * Returns the id of the user whom a registered issuer calls subject.
   * The npm package computes the same id with userId().
   */
  userId: (given: UserId, options?: CallOptions) => Promise<Result<Uuid>>;
  /**
   * The verdict on a token.
   * Records its use at most once a minute. It writes nothing while the tenant of the session is being moved, so a spent token ends its session afterwards.
   */
  validateSession: (given: ValidateSession, options?: CallOptions) => Promise<Result<SessionStatus>>;
}

//! All limits of the store. The portable engine repeats the numbers; `tests/contract` fails if the two differ.

/// Longest `content` of a message, in bytes of UTF-8.
pub const CONTENT_BYTES: usize = 1024 * 1024;
/// Longest `parts`, `metadata`, `tags` or `properties`, in bytes of their jsonb text.
pub const JSON_BYTES: usize = 256 * 1024;
/// Deepest nesting of a JSON argument; the outermost object or array is level 1.
pub const JSON_DEPTH: usize = 64;
/// Longest `title`, in characters.
pub const TITLE_CHARS: usize = 500;
/// Longest `folder` of a chat, in characters.
pub const FOLDER_CHARS: usize = 200;
/// Most tags of a chat, or labels of a rating.
pub const CHAT_TAGS: usize = 50;
/// Longest tag of a chat or label of a rating, in characters.
pub const CHAT_TAG_CHARS: usize = 100;
/// Longest `model`, in characters.
pub const MODEL_CHARS: usize = 200;

/// The reason of a redaction, in characters.
pub const REASON_CHARS: usize = 500;
/// The comment of a rating, in characters.
pub const COMMENT_CHARS: usize = 2_000;
/// Most messages in one batch.
pub const BATCH_MESSAGES: usize = 1_000;
/// Most documents in one batch.
pub const BATCH_DOCUMENTS: usize = 10_000;
/// Most rows of one page.
pub const PAGE_ROWS: i32 = 200;
/// Longest `user_agent`, in characters.
pub const USER_AGENT_CHARS: usize = 1_000;
/// Longest life of a session, in microseconds: 400 days, the cap browsers put on a cookie
/// (RFC 6265bis section 5.5).
pub const SESSION_MICROS: i64 = 400 * 24 * 3600 * 1_000_000;
/// Shortest life or idle time of a session, in microseconds: one second.
pub const SESSION_MIN_MICROS: i64 = 1_000_000;
/// Most sessions that `max_sessions` can allow.
pub const MAX_SESSIONS: i32 = 1_000;
/// Longest `source_uri`, in characters.
pub const SOURCE_URI_CHARS: usize = 2_048;
/// Longest `mime_type`, in characters (RFC 6838 section 4.2 allows 127 + 1 + 127).
pub const MIME_TYPE_CHARS: usize = 255;
/// Most tags of one document and namespace.
pub const TAGS: usize = 100;
/// Longest key of a tag, in characters.
pub const TAG_KEY_CHARS: usize = 64;
/// Longest `namespace` of tags, in characters.
pub const NAMESPACE_CHARS: usize = 64;
/// Longest `error` of a failed document, in characters.
pub const ERROR_CHARS: usize = 2_000;
/// Longest `query` of a search, in characters.
pub const QUERY_CHARS: usize = 1_000;

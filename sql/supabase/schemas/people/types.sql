create type chatkeep.transfer_counts as (chats integer, documents integer, archived integer);
comment on type chatkeep.transfer_counts is 'How much a transfer gave to the new owner.';
comment on column chatkeep.transfer_counts.chats is 'The chats.';
comment on column chatkeep.transfer_counts.documents is 'The documents.';
comment on column chatkeep.transfer_counts.archived is
  'Those of the documents that were archived, because the new owner has the same source or the same private bytes.';

create type chatkeep.new_share as (
  id uuid, chat_id uuid, with_user_id uuid, with_tenant boolean, by_link boolean, permission text, up_to_seq integer,
  created_at timestamptz, expires_at timestamptz, revoked_at timestamptz, secret text
);
comment on type chatkeep.new_share is 'A share, and the secret of a new link.';
comment on column chatkeep.new_share.with_user_id is 'NULL unless the chat is shared with one member.';
comment on column chatkeep.new_share.with_tenant is 'Whether the chat is shared with all members of the tenant.';
comment on column chatkeep.new_share.by_link is 'Whether the chat is shared by a link.';
comment on column chatkeep.new_share.permission is 'One of read, write.';
comment on column chatkeep.new_share.up_to_seq is 'The seq of the last message that is shown. NULL: the share is live.';
comment on column chatkeep.new_share.expires_at is 'NULL: the share ends when it is revoked.';
comment on column chatkeep.new_share.revoked_at is 'NULL until the share is revoked.';
comment on column chatkeep.new_share.secret is 'The secret of the link: cksh_ and 32 characters. Shown once, and NULL without a link.';

create type chatkeep.shared_chat as (
  share_id uuid, chat_id uuid, title text, permission text, up_to_seq integer, expires_at timestamptz, messages jsonb
);
comment on type chatkeep.shared_chat is 'A shared chat and a page of its messages.';
comment on column chatkeep.shared_chat.title is 'NULL if the chat has none.';
comment on column chatkeep.shared_chat.permission is 'One of read, write.';
comment on column chatkeep.shared_chat.up_to_seq is 'The seq of the last message that is shown. NULL: the share is live.';
comment on column chatkeep.shared_chat.expires_at is 'NULL: the share ends when it is revoked.';
comment on column chatkeep.shared_chat.messages is
  'An array of objects with id, seq, role, content, parts, status, model, created_at and attachments. An attachment has id, name, mime_type, byte_size and storage_path.';

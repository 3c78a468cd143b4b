create table chatkeep.chat_shares (
  id uuid not null default chatkeep_private.uuid_v7(),
  chat_id uuid not null,
  tenant_id uuid not null,
  user_id uuid not null,
  with_tenant_id uuid,
  with_user_id uuid,
  secret_digest bytea,
  permission text not null default 'read',
  up_to_seq integer,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  constraint chat_shares_pkey primary key (id, tenant_id),
  constraint chat_shares_secret_digest_key unique (secret_digest),
  constraint chat_shares_chat_id_fkey foreign key (chat_id, tenant_id, user_id)
    references chatkeep.chats (id, tenant_id, user_id) on update cascade on delete cascade,
  -- Only people who belong to the tenant can be named. Nothing is checked while with_user_id is NULL.
  constraint chat_shares_with_user_id_fkey foreign key (with_user_id, with_tenant_id)
    references chatkeep.memberships (user_id, tenant_id) on update cascade on delete cascade,
  constraint chat_shares_with_one check ((with_tenant_id is null) <> (secret_digest is null)),
  constraint chat_shares_user_in_tenant check (with_user_id is null or with_tenant_id is not null),
  -- A share that has ended may be with the owner: the chat went to its reader.
  constraint chat_shares_with_somebody_else check (with_user_id <> user_id or revoked_at is not null),
  constraint chat_shares_permission_known check (permission in ('read', 'write')),
  constraint chat_shares_writers_are_signed_in check (permission = 'read' or secret_digest is null),
  constraint chat_shares_writers_read_all check (permission = 'read' or up_to_seq is null)
);
comment on table chatkeep.chat_shares is 'To whom a chat is shown: one member of its tenant, all members, or whoever has the secret of a link.';
comment on column chatkeep.chat_shares.user_id is 'Owner of the chat.';
comment on column chatkeep.chat_shares.with_tenant_id is 'The tenant whose members may open the chat: with_user_id alone, or all where that is NULL. NULL for a link.';
comment on column chatkeep.chat_shares.secret_digest is 'SHA-256 of the secret of a link. NULL without a link.';
comment on column chatkeep.chat_shares.permission is 'One of read, write. write: the person also appends messages.';
comment on column chatkeep.chat_shares.up_to_seq is 'The seq of the last message that is shown. NULL: the share is live.';
comment on column chatkeep.chat_shares.expires_at is 'NULL: the share ends when it is revoked.';
comment on column chatkeep.chat_shares.revoked_at is
  'Final. Set by revoke_share, and when the chat gets another owner or another tenant.';
create index chat_shares_chat_id_idx on chatkeep.chat_shares (chat_id, tenant_id, user_id);
create index chat_shares_user_id_idx on chatkeep.chat_shares (user_id, tenant_id);
create index chat_shares_with_tenant_id_idx on chatkeep.chat_shares (with_tenant_id, with_user_id);
create index chat_shares_with_user_id_idx on chatkeep.chat_shares (with_user_id, with_tenant_id);

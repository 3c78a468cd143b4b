-- Chatkeep: tables. Written by `cargo xtask generate` from sql/supabase/schemas/tables.

-- tables/identity_providers.sql ------------------------------------------------------------

create table chatkeep.identity_providers (
  issuer text collate "C" not null,
  name text not null,
  created_at timestamptz not null default now(),
  constraint identity_providers_pkey primary key (issuer),
  constraint identity_providers_issuer_length check (char_length(issuer) between 1 and 500),
  -- user_id() separates issuer and subject by a line feed.
  constraint identity_providers_issuer_form check (issuer !~ '[\x01-\x1f\x7f]'),
  -- uid() takes such a token for one of Supabase Auth without a look at this table.
  constraint identity_providers_issuer_is_not_supabase_auth check (issuer not like '%/auth/v1'),
  constraint identity_providers_name_length check (char_length(name) between 1 and 200)
);
comment on table chatkeep.identity_providers is
  'The sign-in providers beside Supabase Auth, written by service_role. Their users need no row in auth.users.';
comment on column chatkeep.identity_providers.issuer is 'The claim iss of the provider''s tokens, exactly as it is written there.';
comment on column chatkeep.identity_providers.name is 'What an application calls the provider.';

-- tables/users.sql ------------------------------------------------------------

create table chatkeep.users (
  id uuid not null,
  issuer text collate "C",
  subject text collate "C",
  auth_user_id uuid generated always as (case when issuer is null then id end) stored,
  display_name text,
  metadata jsonb not null default '{}',
  disabled_at timestamptz,
  is_disabled boolean not null generated always as (disabled_at is not null) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint users_pkey primary key (id),
  constraint users_auth_user_id_key unique (auth_user_id),
  -- For the foreign key of memberships, which keeps their copy of is_disabled up to date.
  constraint users_is_disabled_key unique (id, is_disabled),
  constraint users_auth_user_id_fkey foreign key (auth_user_id) references auth.users (id) on delete cascade,
  constraint users_issuer_fkey foreign key (issuer) references chatkeep.identity_providers (issuer),
  -- Nobody is two people: the id is that of Supabase Auth, or it is derived from the issuer and its subject.
  constraint users_subject_has_issuer check ((issuer is null) = (subject is null)),
  constraint users_id_is_of_issuer check (case when issuer is not null and subject is not null
    then id = chatkeep.user_id(issuer, subject) else get_byte(uuid_send(id), 6) >> 4 <> 8 end),
  constraint users_display_name_length check (char_length(display_name) <= 500),
  constraint users_metadata_is_object check (jsonb_typeof(metadata) = 'object')
);
comment on table chatkeep.users is
  'A person who signs in. First use makes the row, and with it the membership in a tenant of the person''s own.';
comment on column chatkeep.users.id is 'auth.users.id, or what user_id() makes of issuer and subject.';
comment on column chatkeep.users.auth_user_id is
  'The user of Supabase Auth, with whom this row is deleted. NULL for a user of another provider.';
comment on column chatkeep.users.issuer is 'The provider that signs this user in. NULL for Supabase Auth.';
comment on column chatkeep.users.subject is 'The id that the provider gives the user. NULL for Supabase Auth.';
comment on column chatkeep.users.disabled_at is
  'Set by service_role. A disabled person writes nothing and reads nothing but this row.';

-- tables/tenants.sql ------------------------------------------------------------

create table chatkeep.tenants (
  id uuid not null default chatkeep_private.uuid_v7(),
  name text,
  settings jsonb not null default '{}',
  created_at timestamptz not null default now(),
  moving_to text,
  is_moving boolean not null generated always as (moving_to is not null) stored,
  constraint tenants_pkey primary key (id),
  -- For the foreign key of memberships, which keeps their copy of is_moving up to date.
  constraint tenants_is_moving_key unique (id, is_moving),
  constraint tenants_name_length check (char_length(name) between 1 and 200),
  constraint tenants_settings_is_object check (jsonb_typeof(settings) = 'object'),
  constraint tenants_moving_to_length check (char_length(moving_to) between 1 and 500)
);
comment on table chatkeep.tenants is 'An organisation, or the space of one person. The first membership creates the row.';
comment on column chatkeep.tenants.moving_to is
  'Where the tenant is being moved to. Set by service_role. While it is set, calls refuse writes with PT503, and reads go on. Members can read it.';
comment on column chatkeep.tenants.is_moving is 'Whether moving_to is set.';
create index tenants_moving_idx on chatkeep.tenants (id) where is_moving;

-- tables/memberships.sql ------------------------------------------------------------

create table chatkeep.memberships (
  user_id uuid not null,
  tenant_id uuid not null,
  role text not null default 'member',
  is_home boolean not null default false,
  created_at timestamptz not null default now(),
  disabled_at timestamptz,
  user_is_disabled boolean not null default false,
  tenant_is_moving boolean not null default false,
  is_enabled boolean not null generated always as (disabled_at is null and not user_is_disabled) stored,
  constraint memberships_pkey primary key (user_id, tenant_id),
  -- For the foreign key of sessions, which keeps their copy of tenant_is_moving up to date.
  constraint memberships_tenant_is_moving_key unique (user_id, tenant_id, tenant_is_moving),
  -- Calls lock a membership, and a call that has waited for the lock reads this row again, and no other. So the row has to
  -- say whether its user is disabled, and whether its tenant is being moved.
  constraint memberships_user_id_fkey foreign key (user_id, user_is_disabled)
    references chatkeep.users (id, is_disabled) on update cascade on delete cascade,
  constraint memberships_tenant_id_fkey foreign key (tenant_id, tenant_is_moving)
    references chatkeep.tenants (id, is_moving) on update cascade,
  constraint memberships_role_known check (role in ('owner', 'admin', 'member'))
);
comment on table chatkeep.memberships is
  'Which people belong to which tenants. A person may belong to many. Everything that a person stores refers to one membership.';
comment on column chatkeep.memberships.role is 'One of owner, admin, member. Owners and admins manage the memberships of their tenant.';
comment on column chatkeep.memberships.is_home is 'Whether this tenant counts when a request names none. One of a person''s memberships at most.';
comment on column chatkeep.memberships.disabled_at is
  'Set by remove_member: the person reads and writes nothing in this tenant from the next statement on.';
comment on column chatkeep.memberships.user_is_disabled is 'Whether users.disabled_at is set. The foreign key keeps it up to date.';
comment on column chatkeep.memberships.tenant_is_moving is 'Whether tenants.moving_to is set. The foreign key keeps it up to date.';
comment on column chatkeep.memberships.is_enabled is 'Whether the person may act in this tenant.';
create unique index memberships_home_key on chatkeep.memberships (user_id) where is_home;

-- With both columns each index finds one row by user and tenant. An index of the tenant alone would meet other people's
-- rows, and their policy asks managed_tenant(), which asks this table.
create index memberships_tenant_id_user_id_idx on chatkeep.memberships (tenant_id, user_id);

-- tables/sessions.sql ------------------------------------------------------------

create table chatkeep.sessions (
  id uuid not null default chatkeep_private.uuid_v7(),
  tenant_id uuid not null,
  user_id uuid not null,
  session_token bytea not null,
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  idle_ttl interval,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_reason text,
  aal text not null default 'aal1',
  user_agent text,
  ip inet,
  metadata jsonb not null default '{}',
  tenant_is_moving boolean not null default false,
  constraint sessions_pkey primary key (id, tenant_id),
  constraint sessions_session_token_key unique (session_token),
  -- Only for the foreign key of session_secrets, which ties a secret to its own session.
  constraint sessions_session_token_id_key unique (session_token, id, tenant_id),
  -- The holder of a token may see no membership. So the row has to say whether its tenant is being moved.
  constraint sessions_user_id_fkey foreign key (user_id, tenant_id, tenant_is_moving)
    references chatkeep.memberships (user_id, tenant_id, tenant_is_moving) on update cascade on delete cascade,
  constraint sessions_session_token_is_sha256 check (octet_length(session_token) = 32),
  constraint sessions_idle_ttl_is_positive check (idle_ttl > interval '0'),
  constraint sessions_revoked_with_reason check ((revoked_at is null) = (revoked_reason is null)),
  constraint sessions_revoked_reason_known check (revoked_reason in ('logout', 'reuse', 'limit', 'admin', 'replaced')),
  constraint sessions_aal_known check (aal in ('aal1', 'aal2', 'aal3')),
  constraint sessions_user_agent_length check (char_length(user_agent) <= 1000),
  constraint sessions_metadata_is_object check (jsonb_typeof(metadata) = 'object')
) with (fillfactor = 80);
comment on table chatkeep.sessions is 'One row per device: what its owner may list. No row holds a token.';
comment on column chatkeep.sessions.session_token is
  'SHA-256 of the session secret. Unique, and the same for the session''s whole life. API roles cannot read it.';
comment on column chatkeep.sessions.last_used_at is 'Updated at most once a minute.';
comment on column chatkeep.sessions.idle_ttl is 'How long the session may be unused. NULL: for its whole life.';
comment on column chatkeep.sessions.expires_at is 'The end of the session''s life. No rotation extends it.';
comment on column chatkeep.sessions.tenant_is_moving is 'Whether tenants.moving_to is set. The foreign key keeps it up to date.';
comment on column chatkeep.sessions.revoked_at is 'Final: a trigger refuses to clear it.';
create index sessions_user_id_expires_at_idx on chatkeep.sessions (user_id, expires_at);
create index sessions_expires_at_idx on chatkeep.sessions (expires_at);
create index sessions_revoked_at_idx on chatkeep.sessions (revoked_at) where revoked_at is not null;

-- tables/session_secrets.sql ------------------------------------------------------------

create table chatkeep_private.session_secrets (
  session_token bytea not null,
  session_id uuid not null,
  tenant_id uuid not null,
  refresh_digest bytea not null,
  previous_digest bytea,
  rotation_salt bytea,
  generation integer not null default 0,
  rotated_at timestamptz,
  confirmed_at timestamptz,
  constraint session_secrets_pkey primary key (session_token, tenant_id),
  constraint session_secrets_session_token_fkey foreign key (session_token, session_id, tenant_id)
    references chatkeep.sessions (session_token, id, tenant_id) on update cascade on delete cascade,
  constraint session_secrets_refresh_digest_is_sha256 check (octet_length(refresh_digest) = 32),
  constraint session_secrets_previous_digest_is_sha256 check (octet_length(previous_digest) = 32),
  constraint session_secrets_grace_is_whole check ((previous_digest is null) = (rotation_salt is null)),
  constraint session_secrets_generation_is_natural check (generation >= 0)
-- Every rotation updates this narrow row and no indexed column. Free space keeps it a HOT update.
) with (fillfactor = 50);
comment on table chatkeep_private.session_secrets is
  'What a rotation needs. Proof of possession unlocks a row, ownership never does: with a user''s JWT and a spent token, a readable salt would yield the live token.';
comment on column chatkeep_private.session_secrets.refresh_digest is 'SHA-256 of the current refresh secret.';
comment on column chatkeep_private.session_secrets.previous_digest is
  'SHA-256 of the previous refresh secret, until the current one is first used.';
comment on column chatkeep_private.session_secrets.rotation_salt is
  'The message of the HMAC that derived the current secret. Cleared together with previous_digest.';
comment on column chatkeep_private.session_secrets.rotated_at is
  'When the current secret was made. The grace of 10 seconds begins here and is never extended.';
comment on column chatkeep_private.session_secrets.confirmed_at is
  'When the current secret was first used, which ended the grace.';

-- tables/chats.sql ------------------------------------------------------------

-- The replica identity of every table is its primary key, which holds the tenant, so that a publication can filter its
-- rows by tenant. With FULL, every append and every choice of a branch would log whole rows, and Realtime lets any
-- subscriber filter deletions by the columns of the identity.
create table chatkeep.chats (
  id uuid not null default chatkeep_private.uuid_v7(),
  tenant_id uuid not null,
  user_id uuid not null,
  title text,
  metadata jsonb not null default '{}',
  language chatkeep.search_language not null default 'simple',
  message_count integer not null default 0,
  last_seq integer not null default 0,
  active_leaf_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  indexed_to timestamptz,
  archived_at timestamptz,
  deleted_at timestamptz,
  purged_at timestamptz,
  pinned_at timestamptz,
  read_up_to_seq integer,
  folder text,
  tags text[] not null default '{}',
  title_source text not null default 'user',
  constraint chats_pkey primary key (id, tenant_id),
  -- For the foreign keys of messages, attachments and message_search: their rows have the owner of the chat.
  constraint chats_owner_key unique (id, tenant_id, user_id),
  constraint chats_user_id_fkey foreign key (user_id, tenant_id)
    references chatkeep.memberships (user_id, tenant_id) on update cascade on delete cascade
) with (fillfactor = 70);
comment on table chatkeep.chats is 'A conversation of one user with an assistant.';
comment on column chatkeep.chats.title is 'At most 500 characters. guard_chat checks direct writes.';
comment on column chatkeep.chats.metadata is 'A JSON object. guard_chat checks direct writes.';
comment on column chatkeep.chats.language is 'The text search configuration of its messages. It never changes.';
comment on column chatkeep.chats.last_seq is
  'The seq of the newest message. The row lock on the chat hands out the next one.';
comment on column chatkeep.chats.active_leaf_id is 'The last message of the path that list_messages shows.';
comment on column chatkeep.chats.updated_at is
  'The created_at of the newest message. A new title does not change it.';
comment on column chatkeep.chats.indexed_to is
  'message_search holds every message up to this created_at. Later ones, or all where it is NULL, are searched in their text.';
comment on column chatkeep.chats.deleted_at is 'Set by delete_chat and cleared by restore_chat.';
comment on column chatkeep.chats.purged_at is
  'When purge_chats began to remove the messages. From then on the chat cannot be restored.';
comment on column chatkeep.chats.pinned_at is 'Set while the chat is pinned. list_chats shows pinned chats first.';
comment on column chatkeep.chats.read_up_to_seq is 'The seq up to which the owner has read. NULL until update_chat is told.';
comment on column chatkeep.chats.folder is '1 to 200 characters. NULL without a folder.';
comment on column chatkeep.chats.tags is 'At most 50, of 1 to 100 characters each.';
comment on column chatkeep.chats.title_source is
  'One of user, model. model: update_chat stored the title of a model, and nobody has changed it since.';
create index chats_user_id_updated_at_idx on chatkeep.chats (user_id, updated_at desc);

-- Few rows: those that policies hide and purge_chats removes, and those that list_chats shows first. One index, because an
-- append opens every index of the table.
create index chats_deleted_or_pinned_idx on chatkeep.chats (user_id, deleted_at, pinned_at)
  where deleted_at is not null or pinned_at is not null;

-- tables/messages.sql ------------------------------------------------------------

create table chatkeep.messages (
  id uuid not null default chatkeep_private.uuid_v7(),
  chat_id uuid not null,
  tenant_id uuid not null,
  user_id uuid not null,
  -- Columns of eight bytes come first, so that they need no padding.
  created_at timestamptz not null,
  updated_at timestamptz not null,
  seq integer not null,
  parent_id uuid,
  active boolean not null default true,
  role chatkeep.message_role not null,
  content chatkeep.message_content not null,
  parts chatkeep.json_array,
  status chatkeep.message_status not null default 'complete',
  author_id uuid,
  written_as text not null default current_user,
  model chatkeep.model_name,
  token_count chatkeep.natural_number,
  metadata chatkeep.json_object not null default '{}',
  redacted_at timestamptz,
  redacted_by uuid,
  redaction_reason text,
  version integer not null default 1,
  reply_to uuid,
  usage chatkeep.json_object,
  -- The tenant is a part of the key: two tenants may hold the same chat id, and neither may learn of, or block, the
  -- other's message ids.
  constraint messages_pkey primary key (id, chat_id, tenant_id),
  -- The owner is a part of the key: a chat changes hands with all of its messages or not at all.
  constraint messages_chat_id_fkey foreign key (chat_id, tenant_id, user_id)
    references chatkeep.chats (id, tenant_id, user_id) on update cascade on delete cascade
);
comment on table chatkeep.messages is 'One message. Append-only for clients: only calls write rows.';
comment on column chatkeep.messages.user_id is 'Owner of the chat.';
comment on column chatkeep.messages.seq is
  'The position in the chat over all branches: 1, 2, 3 ... without a gap, in the order of commits.';
comment on column chatkeep.messages.parent_id is 'The message before this one on its branch; NULL for a first message.';
comment on column chatkeep.messages.active is 'Whether the message is on the path that list_messages shows.';
comment on column chatkeep.messages.author_id is 'The signed-in user who wrote it. NULL for service_role. No client can set it.';
comment on column chatkeep.messages.written_as is 'The database role of the writer. No client can set it.';
comment on column chatkeep.messages.version is '1, and one more for each time that what it says was stored again.';
comment on column chatkeep.messages.reply_to is 'The message that it answers, where that is another than the one before it.';
comment on column chatkeep.messages.usage is 'What it took: input_tokens, output_tokens, cached_input_tokens, reasoning_tokens, cost and currency.';
comment on column chatkeep.messages.redacted_at is 'Set by redact_message, which removes what the message said.';
comment on column chatkeep.messages.redacted_by is 'The signed-in user who redacted it. NULL for service_role.';
comment on column chatkeep.messages.redaction_reason is 'At most 500 characters.';
comment on column chatkeep.messages.created_at is 'Strictly increasing in a chat, even if the clock steps back.';

-- active comes last: a page of the active path is one range of the index, and messages of other branches are skipped
-- in the index, about a hundred per page. An index of the active path alone would avoid that and would add a
-- twentieth to the bytes of every append.
create index messages_chat_id_created_at_idx on chatkeep.messages (chat_id, created_at desc, active);
create index messages_user_id_idx on chatkeep.messages (user_id);
create index messages_streaming_idx on chatkeep.messages (created_at) where status = 'streaming';

-- tables/message_search.sql ------------------------------------------------------------

-- Beside messages, and filled in batches: an index or generated tsvector on messages halves the rate of append.
create table chatkeep.message_search (
  message_id uuid not null,
  chat_id uuid not null,
  tenant_id uuid not null,
  user_id uuid not null,
  language chatkeep.search_language not null,
  created_at timestamptz not null,
  tsv tsvector not null,
  -- The chat comes first: the key also finds the rows of a chat that is deleted or changes hands.
  constraint message_search_pkey primary key (chat_id, message_id, tenant_id),
  constraint message_search_message_id_fkey foreign key (chat_id, message_id, tenant_id)
    references chatkeep.messages (chat_id, id, tenant_id) on update cascade on delete cascade,
  constraint message_search_chat_id_fkey foreign key (chat_id, tenant_id, user_id)
    references chatkeep.chats (id, tenant_id, user_id) on update cascade on delete cascade
);
comment on table chatkeep.message_search is 'The full-text index of message content.';
create index message_search_tsv_idx on chatkeep.message_search using gin (tsv);
create index message_search_user_id_created_at_idx on chatkeep.message_search (user_id, created_at desc);

-- tables/documents.sql ------------------------------------------------------------

create table chatkeep.documents (
  id uuid not null default chatkeep_private.uuid_v7(),
  tenant_id uuid not null,
  user_id uuid not null,
  source_uri text not null,
  aliases text[] not null default '{}',
  checksum text collate "C" not null,
  title text,
  mime_type text,
  byte_size bigint,
  status text not null default 'pending',
  error text,
  visibility text not null default 'private',
  supersedes uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  access text not null generated always as (case when deleted_at is null then visibility else 'deleted' end) stored,
  constraint documents_pkey primary key (id, tenant_id),
  constraint documents_access_key unique (id, tenant_id, access),
  constraint documents_user_id_fkey foreign key (user_id, tenant_id)
    references chatkeep.memberships (user_id, tenant_id) on update cascade on delete cascade,
  constraint documents_source_uri_length check (char_length(source_uri) between 1 and 2048),
  constraint documents_checksum_is_sha256 check (checksum = encode(decode(checksum, 'hex'), 'hex') and octet_length(checksum) = 64),
  constraint documents_title_length check (char_length(title) <= 500),
  constraint documents_mime_type_length check (char_length(mime_type) <= 255),
  constraint documents_byte_size_is_natural check (byte_size >= 0),
  constraint documents_error_length check (char_length(error) between 1 and 2000),
  constraint documents_error_of_failed check (error is null or status = 'failed'),
  constraint documents_status_known check (status in ('pending', 'processing', 'ready', 'failed', 'archived')),
  constraint documents_visibility_known check (visibility in ('private', 'tenant'))
);
comment on table chatkeep.documents is
  'A document that the assistant may use: its source and the checksum of its bytes. The bytes are stored elsewhere.';
comment on column chatkeep.documents.aliases is
  'Other sources of the same bytes, in the order of their registration.';
comment on column chatkeep.documents.checksum is 'SHA-256 of the bytes, 64 lower-case hexadecimal characters.';
comment on column chatkeep.documents.status is
  'The state of its ingest. It changes only along the graph in docs/documents.md.';
comment on column chatkeep.documents.error is 'Why the ingest failed, from set_document_status.';
comment on column chatkeep.documents.supersedes is 'The document that this source had before these bytes.';
comment on column chatkeep.documents.access is
  'One of private, tenant, deleted. The visibility, unless the document is deleted. Metadata and attachments carry a copy, which their foreign keys keep up to date.';
create index documents_user_id_source_uri_idx on chatkeep.documents (user_id, source_uri);
-- For is_object_used.
create index documents_stored_object_idx on chatkeep.documents using hash (source_uri) where source_uri like 'storage://%';
create index documents_created_at_idx on chatkeep.documents (created_at desc);

-- A checksum is unique per owner and tenant. A global constraint would tell one tenant what another one stores. Archived and
-- deleted rows are history and do not count. The checksum comes first, because it alone identifies nearly all rows.
create unique index documents_private_checksum_key on chatkeep.documents (checksum, user_id, tenant_id)
  where visibility = 'private' and status <> 'archived' and deleted_at is null;
create unique index documents_tenant_checksum_key on chatkeep.documents (checksum, tenant_id)
  where visibility = 'tenant' and status <> 'archived' and deleted_at is null;

-- The first 64 bits of the checksum: a fifth of the size. The native engine looks up whole batches here. The owner is
-- the second column, so that a lookup costs the same whatever others store. The predicate uses access, which no
-- statement does, so the planner never chooses this index: without statistics a scan by the second column looks
-- cheap, and it reads the index from end to end.
create index documents_checksum_front_idx on chatkeep.documents (((('x' || left(checksum, 16))::bit(64))::bigint), user_id)
  where access = 'private' and status <> 'archived';

-- A source has one current document: two registrations of new bytes cannot both supersede it. The predicate uses
-- access for the same reason as above: the planner would take the index for a way to find a checksum by the owner
-- alone. documents_user_id_source_uri_idx finds sources.
create unique index documents_current_source_uri_key on chatkeep.documents (user_id, source_uri, tenant_id)
  where status <> 'archived' and access <> 'deleted';

-- For the part of the policy that concerns the tenant. Without an index that begins with the tenant, every read of
-- documents scans the whole primary key, and a read by source_uri fetches rows of other tenants with the same source.
create index documents_shared_idx on chatkeep.documents (tenant_id, source_uri) where visibility = 'tenant';

-- Finds a source among aliases. Few documents have aliases. An index of the aliases themselves would not help: under
-- row level security containment may not be evaluated before the policy.
create index documents_user_id_aliased_idx on chatkeep.documents (user_id)
  where aliases <> '{}' and status <> 'archived' and deleted_at is null;

-- tables/attachments.sql ------------------------------------------------------------

create table chatkeep.attachments (
  id uuid not null default chatkeep_private.uuid_v7(),
  tenant_id uuid not null,
  user_id uuid not null,
  chat_id uuid not null,
  message_id uuid not null,
  document_id uuid,
  document_access text,
  document_deleted boolean not null
    generated always as (document_access is not null and (document_id is null or document_access = 'deleted')) stored,
  name text,
  mime_type text,
  byte_size bigint,
  storage_path text,
  created_at timestamptz not null default now(),
  constraint attachments_pkey primary key (id, tenant_id),
  constraint attachments_message_id_fkey foreign key (message_id, chat_id, tenant_id)
    references chatkeep.messages (id, chat_id, tenant_id) on update cascade on delete cascade,
  -- An attachment changes hands with its chat.
  constraint attachments_chat_id_fkey foreign key (user_id, chat_id, tenant_id)
    references chatkeep.chats (user_id, id, tenant_id) on update cascade on delete cascade,
  constraint attachments_document_id_fkey foreign key (document_id, tenant_id, document_access)
    references chatkeep.documents (id, tenant_id, access) on update cascade on delete set null (document_id),
  -- A foreign key with a NULL among its columns checks nothing.
  constraint attachments_document_access_given check (document_id is null or document_access is not null),
  constraint attachments_name_length check (char_length(name) between 1 and 500),
  constraint attachments_mime_type_length check (char_length(mime_type) <= 255),
  constraint attachments_byte_size_is_natural check (byte_size >= 0),
  constraint attachments_storage_path_length check (char_length(storage_path) between 1 and 2048)
);
comment on column chatkeep.attachments.document_access is
  'One of private, tenant, deleted. The document''s access while there is a document; NULL if none was attached.';
comment on column chatkeep.attachments.document_deleted is 'Whether the attached document has been deleted.';
comment on table chatkeep.attachments is
  'A document or a stored object attached to a message. It stays readable when the document is deleted.';
create index attachments_message_id_idx on chatkeep.attachments (message_id, chat_id, tenant_id);
create index attachments_document_id_idx on chatkeep.attachments (document_id, tenant_id);
create index attachments_created_at_idx on chatkeep.attachments (created_at);
-- For is_object_used. A path may be longer than an entry of a B-tree.
create index attachments_storage_path_idx on chatkeep.attachments using hash (storage_path) where storage_path is not null;
create index attachments_user_id_idx on chatkeep.attachments (user_id, chat_id, tenant_id);

-- tables/chat_shares.sql ------------------------------------------------------------

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

-- tables/chat_summaries.sql ------------------------------------------------------------

create table chatkeep.chat_summaries (
  message_id uuid not null,
  chat_id uuid not null,
  tenant_id uuid not null,
  user_id uuid not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  up_to_seq integer not null,
  message_version integer not null,
  content chatkeep.message_content not null,
  model chatkeep.model_name,
  token_count chatkeep.natural_number,
  metadata chatkeep.json_object not null default '{}',
  constraint chat_summaries_content_not_empty check (content <> ''),
  -- The chat comes first: the key also finds the summaries of a chat.
  constraint chat_summaries_pkey primary key (chat_id, message_id, tenant_id),
  constraint chat_summaries_message_id_fkey foreign key (chat_id, message_id, tenant_id)
    references chatkeep.messages (chat_id, id, tenant_id) on update cascade on delete cascade,
  constraint chat_summaries_chat_id_fkey foreign key (chat_id, tenant_id, user_id)
    references chatkeep.chats (id, tenant_id, user_id) on update cascade on delete cascade
);
comment on table chatkeep.chat_summaries is
  'What a model reads in place of the messages up to one. They stay as they are. Only summarise_chat writes rows.';
comment on column chatkeep.chat_summaries.message_id is 'The last message that it covers: this one and all before it on its branch.';
comment on column chatkeep.chat_summaries.user_id is 'Owner of the chat.';
comment on column chatkeep.chat_summaries.up_to_seq is 'The seq of that message.';
comment on column chatkeep.chat_summaries.message_version is
  'The version of that message when it was summarised. list_messages shows no summary of a message that has changed since.';
comment on column chatkeep.chat_summaries.content is 'Not empty.';
create index chat_summaries_user_id_idx on chatkeep.chat_summaries (user_id);

-- tables/document_metadata.sql ------------------------------------------------------------

create table chatkeep.document_metadata (
  document_id uuid not null,
  tenant_id uuid not null,
  document_access text not null,
  user_id uuid not null,
  namespace text not null default 'default',
  tags jsonb not null default '{}',
  properties jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint document_metadata_pkey primary key (document_id, tenant_id, namespace),
  constraint document_metadata_document_id_fkey foreign key (document_id, tenant_id, document_access)
    references chatkeep.documents (id, tenant_id, access) on update cascade on delete cascade,
  -- The writer and the document are in one tenant. When a user is deleted, the metadata they wrote on documents of
  -- others go too.
  constraint document_metadata_user_id_fkey foreign key (user_id, tenant_id)
    references chatkeep.memberships (user_id, tenant_id) on update cascade on delete cascade,
  constraint document_metadata_namespace_length check (char_length(namespace) between 1 and 64),
  constraint document_metadata_tags_is_object check (jsonb_typeof(tags) = 'object'),
  constraint document_metadata_properties_is_object check (jsonb_typeof(properties) = 'object')
);
comment on table chatkeep.document_metadata is 'Tags and properties of a document, one row per namespace.';
comment on column chatkeep.document_metadata.document_access is
  'One of private, tenant, deleted. The document''s access. The policy reads it here, without reading the document.';
comment on column chatkeep.document_metadata.user_id is 'The owner of the namespace: its first writer.';
create index document_metadata_document_id_idx on chatkeep.document_metadata (document_id);
create index document_metadata_tags_idx on chatkeep.document_metadata using gin (tags);
create index document_metadata_user_id_idx on chatkeep.document_metadata (user_id, tenant_id);
create index document_metadata_shared_idx on chatkeep.document_metadata (tenant_id) where document_access = 'tenant';

-- tables/member_usage.sql ------------------------------------------------------------

-- Beside memberships, and filled in batches: a count that an append updates would make the chats of one person wait for
-- each other.
create table chatkeep.member_usage (
  user_id uuid not null,
  tenant_id uuid not null,
  chats bigint not null,
  messages bigint not null,
  documents bigint not null,
  attachments bigint not null,
  message_bytes bigint not null,
  document_bytes bigint not null,
  attachment_bytes bigint not null,
  measured_at timestamptz not null,
  constraint member_usage_pkey primary key (user_id, tenant_id),
  constraint member_usage_user_id_fkey foreign key (user_id, tenant_id)
    references chatkeep.memberships (user_id, tenant_id) on update cascade on delete cascade
);
comment on table chatkeep.member_usage is
  'How much a member stores in a tenant, as measure_usage found it. It counts what the member can read or restore.';
comment on column chatkeep.member_usage.chats is 'Archived chats too, and deleted ones until purge_chats removes them.';
comment on column chatkeep.member_usage.messages is 'The messages of these chats on all branches.';
comment on column chatkeep.member_usage.documents is 'Those that the member owns, archived ones too. Deleted ones are left out.';
comment on column chatkeep.member_usage.attachments is
  'The attachments with a storage_path in these chats. An attached document counts among the documents of its owner.';
comment on column chatkeep.member_usage.message_bytes is 'What content, parts and metadata of messages and of summaries take in the tables, after compression.';
comment on column chatkeep.member_usage.document_bytes is 'The sum of documents.byte_size. A document without it adds nothing.';
comment on column chatkeep.member_usage.attachment_bytes is 'The sum of attachments.byte_size. An attachment without it adds nothing.';
comment on column chatkeep.member_usage.measured_at is 'Later changes are not in the row.';
create index member_usage_tenant_id_idx on chatkeep.member_usage (tenant_id);
create index member_usage_measured_at_idx on chatkeep.member_usage (measured_at);

-- tables/message_ratings.sql ------------------------------------------------------------

create table chatkeep.message_ratings (
  message_id uuid not null,
  chat_id uuid not null,
  tenant_id uuid not null,
  user_id uuid not null,
  rated_by uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  rating integer not null,
  comment text,
  labels text[] not null default '{}',
  constraint message_ratings_pkey primary key (message_id, chat_id, tenant_id, rated_by),
  constraint message_ratings_message_id_fkey foreign key (message_id, chat_id, tenant_id)
    references chatkeep.messages (id, chat_id, tenant_id) on update cascade on delete cascade,
  -- A rating changes hands with its chat.
  constraint message_ratings_chat_id_fkey foreign key (user_id, chat_id, tenant_id)
    references chatkeep.chats (user_id, id, tenant_id) on update cascade on delete cascade,
  -- A rating is its author's: it goes when the author's membership goes.
  constraint message_ratings_rated_by_fkey foreign key (rated_by, tenant_id)
    references chatkeep.memberships (user_id, tenant_id) on update cascade on delete cascade,
  constraint message_ratings_rating_is_up_or_down check (abs(rating) = 1),
  constraint message_ratings_comment_length check (char_length(comment) <= 2000),
  constraint message_ratings_labels_number check (cardinality(labels) <= 50)
);
comment on table chatkeep.message_ratings is 'What one person thinks of a message. Only rate_message writes rows.';
comment on column chatkeep.message_ratings.user_id is 'Owner of the chat.';
comment on column chatkeep.message_ratings.rated_by is 'The person who rates: the owner, or somebody with whom the chat is shared.';
comment on column chatkeep.message_ratings.rating is '1 or -1: thumb up or down.';
comment on column chatkeep.message_ratings.comment is 'At most 2,000 characters.';
comment on column chatkeep.message_ratings.labels is 'At most 50, of 1 to 100 characters each.';
create index message_ratings_user_id_idx on chatkeep.message_ratings (user_id, chat_id, tenant_id);
create index message_ratings_rated_by_idx on chatkeep.message_ratings (rated_by, tenant_id);

-- tables/storage_outbox.sql ------------------------------------------------------------

create table chatkeep_private.storage_outbox (
  id uuid not null default chatkeep_private.uuid_v7(),
  tenant_id uuid not null,
  user_id uuid not null,
  storage_path text not null,
  created_at timestamptz not null default clock_timestamp(),
  taken_at timestamptz,
  attempts integer not null default 0,
  constraint storage_outbox_pkey primary key (id, tenant_id)
);
comment on table chatkeep_private.storage_outbox is
  'Stored objects that lost their attachment or document, until a worker has deleted them. It has no foreign keys: it outlives the user and the tenant.';
comment on column chatkeep_private.storage_outbox.user_id is 'Owner of the chat or document.';
comment on column chatkeep_private.storage_outbox.storage_path is 'As the attachment, or the source of the document, named it.';
comment on column chatkeep_private.storage_outbox.taken_at is 'When take_storage_deletions last gave it to a worker.';
comment on column chatkeep_private.storage_outbox.attempts is 'How often it was given to a worker.';
create index storage_outbox_created_at_idx on chatkeep_private.storage_outbox (created_at);

-- Chatkeep: policies. Written by `cargo xtask generate` from sql/supabase/schemas/policies.

-- policies/attachments.sql ------------------------------------------------------------

alter table chatkeep.attachments enable row level security;
alter table chatkeep.attachments force row level security;

create policy attachments_select on chatkeep.attachments for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep_private.reader(), chatkeep_private.reading_tenant())
    and ((select current_setting('chatkeep.writing', true)) in ('on', 'off')
      or chat_id <> all ((select chatkeep_private.deleted_chats())::uuid[])
      or (chat_id = (select chatkeep_private.opened_chat()) and exists (
        select from chatkeep.messages m
        where m.id = attachments.message_id and m.chat_id = attachments.chat_id and m.tenant_id = attachments.tenant_id
      )))
  );
comment on policy attachments_select on chatkeep.attachments is
  'Users read the attachments of their own messages, and in a call that opens a shared chat those of its active path.';

create policy attachments_insert on chatkeep.attachments for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep_private.reading_tenant())
    and exists (
      select from chatkeep.messages m
      where m.id = attachments.message_id and m.chat_id = attachments.chat_id and m.tenant_id = attachments.tenant_id
        and (attachments.user_id = (select chatkeep.uid()) or m.author_id = (select chatkeep.uid()))
    )
    and (document_id is null or exists (
      select from chatkeep.documents d
      where d.id = attachments.document_id and d.tenant_id = attachments.tenant_id
    ))
  );
comment on policy attachments_insert on chatkeep.attachments is 'Calls attach to messages of the user''s own chats, and in shared ones to the user''s own messages.';

create policy attachments_delete on chatkeep.attachments for delete to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy attachments_delete on chatkeep.attachments is 'redact_message removes the attachments of its message.';

revoke all on chatkeep.attachments from public, anon, authenticated, service_role;
grant select, delete, insert (id, tenant_id, user_id, chat_id, message_id, document_id, document_access, name, mime_type, byte_size, storage_path)
  on chatkeep.attachments to authenticated;
grant select, insert, update, delete on chatkeep.attachments to service_role;

-- policies/chat_shares.sql ------------------------------------------------------------

alter table chatkeep.chat_shares enable row level security;
alter table chatkeep.chat_shares force row level security;

create policy chat_shares_select on chatkeep.chat_shares for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    or (with_tenant_id = (select chatkeep.tenant_id()) and (with_user_id is null or with_user_id = (select chatkeep.uid())))
    or secret_digest = (select chatkeep_private.presented_link())
  );
comment on policy chat_shares_select on chatkeep.chat_shares is
  'Owners read the shares of their chats, members of the tenant those that they were given, and holders of a link its own.';

-- uid(), not writer(): inside a call of somebody who may write in a shared chat, writer() is the owner.
create policy chat_shares_insert on chatkeep.chat_shares for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy chat_shares_insert on chatkeep.chat_shares is 'share_chat shares chats of the signed-in user.';

create policy chat_shares_update on chatkeep.chat_shares for update to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy chat_shares_update on chatkeep.chat_shares is 'Calls change and revoke the shares of the user''s own chats.';

revoke all on chatkeep.chat_shares from public, anon, authenticated, service_role;
grant select,
  insert (id, chat_id, tenant_id, user_id, with_tenant_id, with_user_id, secret_digest, permission, up_to_seq, expires_at),
  update (permission, up_to_seq, expires_at, revoked_at)
  on chatkeep.chat_shares to authenticated;
grant select, insert, update, delete on chatkeep.chat_shares to service_role;

-- policies/chat_summaries.sql ------------------------------------------------------------

alter table chatkeep.chat_summaries enable row level security;
alter table chatkeep.chat_summaries force row level security;

-- member(), not reader(): a share shows messages, and no summary of them.
create policy chat_summaries_select on chatkeep.chat_summaries for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep_private.member(), chatkeep.tenant_id())
    and ((select current_setting('chatkeep.writing', true)) <> ''
      or chat_id <> all ((select chatkeep_private.deleted_chats())::uuid[]))
  );
comment on policy chat_summaries_select on chatkeep.chat_summaries is 'Users read the summaries of their own chats.';

create policy chat_summaries_insert on chatkeep.chat_summaries for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy chat_summaries_insert on chatkeep.chat_summaries is 'summarise_chat summarises chats of the signed-in user.';

create policy chat_summaries_update on chatkeep.chat_summaries for update to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy chat_summaries_update on chatkeep.chat_summaries is 'summarise_chat replaces a summary.';

create policy chat_summaries_delete on chatkeep.chat_summaries for delete to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy chat_summaries_delete on chatkeep.chat_summaries is 'redact_message removes the summaries that cover its message.';

revoke all on chatkeep.chat_summaries from public, anon, authenticated, service_role;
grant select, delete,
  insert (message_id, chat_id, tenant_id, user_id, created_at, updated_at, up_to_seq, message_version, content, model, token_count, metadata),
  update (updated_at, message_version, content, model, token_count, metadata)
  on chatkeep.chat_summaries to authenticated;
grant select, insert, update, delete on chatkeep.chat_summaries to service_role;

-- policies/chats.sql ------------------------------------------------------------

-- A deleted chat is visible only inside a call, which can then refuse it as deleted. No column grant lets user_id or
-- tenant_id change, so the check of an update only has to prove order.
alter table chatkeep.chats enable row level security;
alter table chatkeep.chats force row level security;

create policy chats_select on chatkeep.chats for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep_private.reader(), chatkeep_private.reading_tenant())
    and (deleted_at is null or chatkeep_private.in_call())
    and id = coalesce((select chatkeep_private.shared_chat_id()), id)
  );
comment on policy chats_select on chatkeep.chats is
  'Users read their own chats, and in a call that opens a shared chat this chat.';

create policy chats_insert on chatkeep.chats for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep.tenant_id())
  );
comment on policy chats_insert on chatkeep.chats is 'create_chat makes chats of the signed-in user.';

-- The same expressions as in chats_select: an update passes both policies, and PostgreSQL then evaluates each
-- expression once.
create policy chats_update on chatkeep.chats for update to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep_private.reader(), chatkeep_private.reading_tenant())
    and (deleted_at is null or chatkeep_private.in_call())
    and id = coalesce((select chatkeep_private.shared_chat_id()), id)
  )
  with check (
    chatkeep_private.keeps_order(id, tenant_id, message_count, last_seq, active_leaf_id, updated_at, deleted_at)
  );
comment on policy chats_update on chatkeep.chats is
  'Users change what orders no messages in their own chats. Calls change the rest.';

revoke all on chatkeep.chats from public, anon, authenticated, service_role;
grant select,
  insert (id, tenant_id, user_id, title, metadata, language, created_at, updated_at, archived_at),
  update (title, metadata, archived_at, deleted_at, message_count, last_seq, active_leaf_id, updated_at,
    pinned_at, read_up_to_seq, folder, tags, title_source)
  on chatkeep.chats to authenticated;
grant select, insert, update, delete on chatkeep.chats to service_role;

-- policies/document_metadata.sql ------------------------------------------------------------

alter table chatkeep.document_metadata enable row level security;
alter table chatkeep.document_metadata force row level security;

create policy document_metadata_select on chatkeep.document_metadata for select to authenticated
  using (
    ((user_id, tenant_id) = (select chatkeep_private.member(), chatkeep.tenant_id())
      or (document_access = 'tenant' and tenant_id = (select chatkeep.tenant_id())))
    and document_access <> 'deleted'
  );
comment on policy document_metadata_select on chatkeep.document_metadata is
  'Whoever reads a document reads its metadata.';

-- A foreign key ignores policies, so this policy checks that the document is visible.
create policy document_metadata_insert on chatkeep.document_metadata for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep.tenant_id())
    and exists (
      select from chatkeep.documents d
      where d.id = document_metadata.document_id and d.tenant_id = document_metadata.tenant_id
    )
  );
comment on policy document_metadata_insert on chatkeep.document_metadata is
  'Calls write metadata of the signed-in user on visible documents.';

create policy document_metadata_update on chatkeep.document_metadata for update to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep.tenant_id())
  );
comment on policy document_metadata_update on chatkeep.document_metadata is 'Calls change the user''s own metadata.';

revoke all on chatkeep.document_metadata from public, anon, authenticated, service_role;
grant select, insert (document_id, tenant_id, document_access, user_id, namespace, tags, properties), update (tags, properties, updated_at)
  on chatkeep.document_metadata to authenticated;
grant select, insert, update, delete on chatkeep.document_metadata to service_role;

-- policies/documents.sql ------------------------------------------------------------

alter table chatkeep.documents enable row level security;
alter table chatkeep.documents force row level security;

create policy documents_select on chatkeep.documents for select to authenticated
  using (
    ((user_id = (select chatkeep_private.member()) and (deleted_at is null or chatkeep_private.in_call()))
      or (visibility = 'tenant' and tenant_id = (select chatkeep.tenant_id()) and deleted_at is null))
    and tenant_id operator(chatkeep_private.===) (select chatkeep.tenant_id())
  );
comment on policy documents_select on chatkeep.documents is
  'Users read their own documents and those that the tenant shares.';

create policy documents_insert on chatkeep.documents for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep.tenant_id())
  );
comment on policy documents_insert on chatkeep.documents is 'Calls register documents of the signed-in user.';

-- A member who registers the same bytes adds an alias to the tenant's row. guard_document protects the rest of the
-- row.
create policy documents_update on chatkeep.documents for update to authenticated
  using (
    ((user_id = (select chatkeep.uid()) and (deleted_at is null or chatkeep_private.in_call()))
      or (visibility = 'tenant' and tenant_id = (select chatkeep.tenant_id()) and deleted_at is null))
    and tenant_id operator(chatkeep_private.===) (select chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy documents_update on chatkeep.documents is
  'Calls add sources, change the status and archive, in the user''s own documents and in shared ones.';

revoke all on chatkeep.documents from public, anon, authenticated, service_role;
grant select,
  insert (id, tenant_id, user_id, source_uri, checksum, title, mime_type, byte_size, visibility, supersedes),
  update (source_uri, aliases, title, mime_type, byte_size, status, error, visibility, updated_at, deleted_at)
  on chatkeep.documents to authenticated;
grant select, insert, update, delete on chatkeep.documents to service_role;

-- policies/identity_providers.sql ------------------------------------------------------------

-- Issuers are public: they are in every token. uid() reads them with the rights of its caller.
alter table chatkeep.identity_providers enable row level security;
alter table chatkeep.identity_providers force row level security;

create policy identity_providers_select on chatkeep.identity_providers for select to authenticated
  using (true);
comment on policy identity_providers_select on chatkeep.identity_providers is 'Every signed-in user reads them.';

revoke all on chatkeep.identity_providers from public, anon, authenticated, service_role;
grant select on chatkeep.identity_providers to authenticated;
grant select, insert, update, delete on chatkeep.identity_providers to service_role;

-- policies/member_usage.sql ------------------------------------------------------------

alter table chatkeep.member_usage enable row level security;
alter table chatkeep.member_usage force row level security;

create policy member_usage_select on chatkeep.member_usage for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    or tenant_id = (select chatkeep_private.managed_tenant())
  );
comment on policy member_usage_select on chatkeep.member_usage is
  'Members read how much they store themselves. Owners and admins read it of every member of their tenant.';

revoke all on chatkeep.member_usage from public, anon, authenticated, service_role;
grant select on chatkeep.member_usage to authenticated;
grant select, insert, update, delete on chatkeep.member_usage to service_role;

-- policies/memberships.sql ------------------------------------------------------------

alter table chatkeep.memberships enable row level security;
alter table chatkeep.memberships force row level security;

create policy memberships_select on chatkeep.memberships for select to authenticated
  using (user_id = (select chatkeep.uid()) or tenant_id = (select chatkeep_private.managed_tenant()));
comment on policy memberships_select on chatkeep.memberships is
  'People read their own memberships. Owners and admins read those of their tenant.';

create policy memberships_insert on chatkeep.memberships for insert to authenticated
  with check (
    (user_id = (select chatkeep.uid()) and tenant_id = (select chatkeep.uid()) and role = 'owner' and is_home)
    or (tenant_id = (select chatkeep_private.managed_tenant()) and not is_home and (select chatkeep_private.in_call()))
  );
comment on policy memberships_insert on chatkeep.memberships is
  'First use makes the membership in the person''s own tenant. Calls add members for owners and admins.';

-- A row lock needs this policy too, so people may lock their own membership. No column grant lets them change it.
create policy memberships_update on chatkeep.memberships for update to authenticated
  using (user_id = (select chatkeep.uid()) or tenant_id = (select chatkeep_private.managed_tenant()))
  with check (tenant_id = (select chatkeep_private.managed_tenant()) and (select chatkeep_private.in_call()));
comment on policy memberships_update on chatkeep.memberships is 'Calls change memberships for owners and admins.';

revoke all on chatkeep.memberships from public, anon, authenticated, service_role;
grant select, insert (user_id, tenant_id, role, is_home), update (role, disabled_at) on chatkeep.memberships to authenticated;
grant select, insert, update, delete on chatkeep.memberships to service_role;

-- policies/message_ratings.sql ------------------------------------------------------------

alter table chatkeep.message_ratings enable row level security;
alter table chatkeep.message_ratings force row level security;

create policy message_ratings_select on chatkeep.message_ratings for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep_private.reader(), chatkeep_private.reading_tenant())
    and ((select current_setting('chatkeep.writing', true)) in ('on', 'off')
      or chat_id <> all ((select chatkeep_private.deleted_chats())::uuid[])
      or (chat_id = (select chatkeep_private.opened_chat()) and rated_by = (select chatkeep.uid())))
  );
comment on policy message_ratings_select on chatkeep.message_ratings is
  'Owners read all ratings in their chats. In a call that opens a shared chat people read their own.';

create policy message_ratings_insert on chatkeep.message_ratings for insert to authenticated
  with check (
    (rated_by, tenant_id) = (select chatkeep.uid(), chatkeep_private.reading_tenant())
    and (select current_setting('chatkeep.writing', true)) like 'on%'
    and exists (
      select from chatkeep.messages m
      where m.id = message_ratings.message_id and m.chat_id = message_ratings.chat_id and m.tenant_id = message_ratings.tenant_id
        and m.user_id = message_ratings.user_id
    )
  );
comment on policy message_ratings_insert on chatkeep.message_ratings is 'rate_message rates messages that its caller may read.';

create policy message_ratings_update on chatkeep.message_ratings for update to authenticated
  using (
    (rated_by, tenant_id) = (select chatkeep.uid(), chatkeep_private.reading_tenant())
    and (select current_setting('chatkeep.writing', true)) like 'on%'
  );
comment on policy message_ratings_update on chatkeep.message_ratings is 'rate_message changes the caller''s own rating.';

create policy message_ratings_delete on chatkeep.message_ratings for delete to authenticated
  using (
    (rated_by, tenant_id) = (select chatkeep.uid(), chatkeep_private.reading_tenant())
    and (select current_setting('chatkeep.writing', true)) like 'on%'
  );
comment on policy message_ratings_delete on chatkeep.message_ratings is 'rate_message takes the caller''s own rating back.';

revoke all on chatkeep.message_ratings from public, anon, authenticated, service_role;
grant select, delete,
  insert (message_id, chat_id, tenant_id, user_id, rated_by, rating, comment, labels),
  update (rating, comment, labels, updated_at)
  on chatkeep.message_ratings to authenticated;
grant select, insert, update, delete on chatkeep.message_ratings to service_role;

-- policies/message_search.sql ------------------------------------------------------------

alter table chatkeep.message_search enable row level security;
alter table chatkeep.message_search force row level security;

create policy message_search_select on chatkeep.message_search for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep_private.member(), chatkeep.tenant_id())
    and ((select current_setting('chatkeep.writing', true)) <> ''
      or chat_id <> all ((select chatkeep_private.deleted_chats())::uuid[]))
  );
comment on policy message_search_select on chatkeep.message_search is 'Users search their own messages.';

create policy message_search_update on chatkeep.message_search for update to authenticated
  using (
    user_id = (select chatkeep_private.writer())
    and chat_id = coalesce((select chatkeep_private.shared_chat_id()), chat_id)
  );
comment on policy message_search_update on chatkeep.message_search is 'A message that grows is found by its new words.';

create policy message_search_delete on chatkeep.message_search for delete to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy message_search_delete on chatkeep.message_search is 'redact_message removes what a search would find.';

revoke all on chatkeep.message_search from public, anon, authenticated, service_role;
grant select, delete, update (tsv) on chatkeep.message_search to authenticated;
grant select, insert, update, delete on chatkeep.message_search to service_role;

-- policies/messages.sql ------------------------------------------------------------

alter table chatkeep.messages enable row level security;
alter table chatkeep.messages force row level security;

create policy messages_select on chatkeep.messages for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep_private.reader(), chatkeep_private.reading_tenant())
    and ((select current_setting('chatkeep.writing', true)) in ('on', 'off')
      or chat_id <> all ((select chatkeep_private.deleted_chats())::uuid[])
      or (chat_id = (select chatkeep_private.opened_chat()) and active and seq <= (select chatkeep_private.opened_to())))
  );
comment on policy messages_select on chatkeep.messages is
  'Users read the messages of their own chats, and in a call that opens a shared chat its active path.';

create policy messages_insert on chatkeep.messages for insert to authenticated
  with check (
    (user_id, tenant_id, author_id) = (select chatkeep_private.writer(), chatkeep_private.reading_tenant(), chatkeep.uid())
  );
comment on policy messages_insert on chatkeep.messages is
  'Calls append to the user''s own chats, and to shared ones with the permission write. No client inserts directly.';

create policy messages_update on chatkeep.messages for update to authenticated
  using (
    user_id = (select chatkeep_private.writer())
    and ((select current_setting('chatkeep.writing', true)) = 'on' or author_id = (select chatkeep.uid()))
  )
  with check (user_id is not null);
comment on policy messages_update on chatkeep.messages is
  'Calls change the active path and finish messages. In a shared chat people finish their own messages. No client updates directly.';

revoke all on chatkeep.messages from public, anon, authenticated, service_role;
grant select,
  insert (id, chat_id, tenant_id, user_id, seq, parent_id, active, role, content, parts, status, author_id, model, token_count, metadata, created_at, updated_at,
    reply_to, usage, redacted_at, redacted_by, redaction_reason),
  update (active, content, parts, status, token_count, metadata, updated_at, redacted_at, redacted_by, redaction_reason, version, usage)
  on chatkeep.messages to authenticated;
grant select, insert, update, delete on chatkeep.messages to service_role;

-- policies/session_secrets.sql ------------------------------------------------------------

alter table chatkeep_private.session_secrets enable row level security;
alter table chatkeep_private.session_secrets force row level security;

-- All tokens of a session hold its session secret, spent ones too. With the salt a spent token could derive its
-- successor, so a row with a salt also requires a refresh secret: the current one, or the previous one while a
-- rotation may be repeated.
create policy session_secrets_select on chatkeep_private.session_secrets for select to anon, authenticated
  using (
    session_token = (select chatkeep_private.presented_session())
    and (rotation_salt is null or chatkeep_private.may_read_salt(refresh_digest, previous_digest, rotated_at))
  );
comment on policy session_secrets_select on chatkeep_private.session_secrets is
  'The presented session secret unlocks its row. While the row holds a salt, one of the last two refresh secrets is needed too.';

create policy session_secrets_insert on chatkeep_private.session_secrets for insert to authenticated
  with check (
    session_token = (select chatkeep_private.presented_session())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy session_secrets_insert on chatkeep_private.session_secrets is
  'create_session stores digests of a secret that it presents.';

create policy session_secrets_update on chatkeep_private.session_secrets for update to anon, authenticated
  using (
    session_token = (select chatkeep_private.presented_session())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy session_secrets_update on chatkeep_private.session_secrets is
  'Calls rotate the row that the presented session secret unlocks.';

revoke all on chatkeep_private.session_secrets from public, anon, authenticated, service_role;
grant select, update (refresh_digest, previous_digest, rotation_salt, generation, rotated_at, confirmed_at)
  on chatkeep_private.session_secrets to anon, authenticated;
grant insert (session_token, session_id, tenant_id, refresh_digest) on chatkeep_private.session_secrets to authenticated;
grant select, insert, update, delete on chatkeep_private.session_secrets to service_role;

-- policies/sessions.sql ------------------------------------------------------------

alter table chatkeep.sessions enable row level security;
alter table chatkeep.sessions force row level security;

create policy sessions_select on chatkeep.sessions for select to authenticated
  using (
    session_token = (select chatkeep_private.presented_session())
    or user_id = (select chatkeep_private.enabled_user())
  );
comment on policy sessions_select on chatkeep.sessions is
  'Users list their own sessions. The holder of a token sees its session.';

create policy sessions_select_presented on chatkeep.sessions for select to anon
  using (session_token = (select chatkeep_private.presented_session()));
comment on policy sessions_select_presented on chatkeep.sessions is
  'The holder of a token sees its session, signed in or not.';

create policy sessions_insert on chatkeep.sessions for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep.tenant_id())
    and last_used_at <= (select clock_timestamp())
    and (idle_ttl is null or idle_ttl <= interval '400 days')
    and expires_at <= (select clock_timestamp() + interval '400 days')
  );
comment on policy sessions_insert on chatkeep.sessions is 'create_session makes sessions of the signed-in user.';

create policy sessions_update on chatkeep.sessions for update to authenticated
  using (
    (session_token = (select chatkeep_private.presented_session())
      or user_id = (select chatkeep_private.enabled_user()))
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy sessions_update on chatkeep.sessions is
  'Calls record use and revoke, for the owner and for the holder of a token.';

create policy sessions_update_presented on chatkeep.sessions for update to anon
  using (
    session_token = (select chatkeep_private.presented_session())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy sessions_update_presented on chatkeep.sessions is
  'Calls record use and revoke for the holder of a token.';

revoke all on chatkeep.sessions from public, anon, authenticated, service_role;
grant select (id, tenant_id, user_id, created_at, last_used_at, idle_ttl, expires_at, revoked_at, revoked_reason, aal, user_agent, ip, metadata, tenant_is_moving),
  update (last_used_at, revoked_at, revoked_reason)
  on chatkeep.sessions to anon, authenticated;
grant insert (id, tenant_id, user_id, session_token, created_at, last_used_at, idle_ttl, expires_at, user_agent, ip, metadata),
  update (aal)
  on chatkeep.sessions to authenticated;
grant select, insert, update, delete on chatkeep.sessions to service_role;

-- policies/storage_outbox.sql ------------------------------------------------------------

alter table chatkeep_private.storage_outbox enable row level security;
alter table chatkeep_private.storage_outbox force row level security;

create policy storage_outbox_insert on chatkeep_private.storage_outbox for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy storage_outbox_insert on chatkeep_private.storage_outbox is
  'redact_message and delete_document of the signed-in user leave objects to delete.';

revoke all on chatkeep_private.storage_outbox from public, anon, authenticated, service_role;
grant insert (tenant_id, user_id, storage_path) on chatkeep_private.storage_outbox to authenticated;
grant select, insert, update, delete on chatkeep_private.storage_outbox to service_role;

-- policies/tenants.sql ------------------------------------------------------------

alter table chatkeep.tenants enable row level security;
alter table chatkeep.tenants force row level security;

create policy tenants_select on chatkeep.tenants for select to authenticated
  using (exists (select from chatkeep.memberships m where m.tenant_id = id and m.user_id = (select chatkeep.uid()) and m.is_enabled));
comment on policy tenants_select on chatkeep.tenants is 'Members read their tenants.';

create policy tenants_insert on chatkeep.tenants for insert to authenticated
  with check (id = (select chatkeep.uid()));
comment on policy tenants_insert on chatkeep.tenants is 'First use makes the person''s own tenant.';

create policy tenants_update on chatkeep.tenants for update to authenticated
  using (id = (select chatkeep_private.managed_tenant()) and (select chatkeep_private.in_call()));
comment on policy tenants_update on chatkeep.tenants is 'Calls change the name and lock the tenant for its owners and admins.';

revoke all on chatkeep.tenants from public, anon, authenticated, service_role;
grant select, insert (id), update (name) on chatkeep.tenants to authenticated;
grant select, insert, update, delete on chatkeep.tenants to service_role;

-- policies/users.sql ------------------------------------------------------------

alter table chatkeep.users enable row level security;
alter table chatkeep.users force row level security;

create policy users_select on chatkeep.users for select to authenticated
  using (id = (select chatkeep.uid()));
comment on policy users_select on chatkeep.users is 'Users read their own row.';

create policy users_insert on chatkeep.users for insert to authenticated
  with check (id = (select chatkeep.uid()));
comment on policy users_insert on chatkeep.users is 'First use makes the row.';

create policy users_update on chatkeep.users for update to authenticated
  using (id = (select chatkeep.uid()) and disabled_at is null)
  with check (id = (select chatkeep.uid()));
comment on policy users_update on chatkeep.users is
  'Users change their own display name and metadata. Disabled users change nothing.';

revoke all on chatkeep.users from public, anon, authenticated, service_role;
grant select, insert (id, issuer, subject, display_name, metadata), update (display_name, metadata)
  on chatkeep.users to authenticated;
grant select, insert, update, delete on chatkeep.users to service_role;

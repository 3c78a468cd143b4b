-- Chatkeep: guards. Written by `cargo xtask generate` from sql/supabase/schemas/guards.

-- guards/end_sessions.sql ------------------------------------------------------------

-- A disabled user is logged out everywhere, no matter who disables them.
create or replace function chatkeep_private.end_sessions() returns trigger
language plpgsql set search_path = ''
as $$
begin
  -- A snapshot older than the locks on the memberships would miss a session that was being created.
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    perform chatkeep_private.refuse('25001', 'disabled_at can be set under read committed only',
      'Begin the transaction with isolation level read committed, which is the default.');
  end if;
  perform chatkeep_private.revoke_sessions(new.id, null);
  return new;
end
$$;
comment on function chatkeep_private.end_sessions() is 'Revokes the sessions of a user who is being disabled.';
revoke all on function chatkeep_private.end_sessions() from public, anon, authenticated, service_role;

create trigger end_sessions after update of disabled_at on chatkeep.users
  for each row when (new.disabled_at is not null and old.disabled_at is null)
  execute function chatkeep_private.end_sessions();
comment on trigger end_sessions on chatkeep.users is 'Disabling a user logs them out everywhere.';

-- guards/erase_member.sql ------------------------------------------------------------

-- The locks that a deletion needs, in the order in which calls take them, so that neither waits for rows that the
-- other holds: colleagues write to documents that the user shares, and a rotation locks a secret before its session.
create or replace function chatkeep_private.erase_member() returns trigger
language plpgsql set search_path = ''
as $$
declare
  shared constant uuid[] := array(
    select d.id from chatkeep.documents d
    where d.user_id = old.user_id and d.tenant_id = old.tenant_id and d.access = 'tenant'
  );
  heir uuid;
begin
  perform from chatkeep.chats c where c.user_id = old.user_id and c.tenant_id = old.tenant_id for update;
  -- Documents that the tenant shares outlive their owner.
  if shared <> '{}' and chatkeep_private.may_hand_over(old.tenant_id) then
    heir := chatkeep_private.heir_of(old.user_id, old.tenant_id);
    if heir is not null then
      perform chatkeep_private.hand_over(old.tenant_id, old.user_id, heir, '{}', shared);
    end if;
  end if;
  perform chatkeep_private.lock_documents(old.tenant_id, old.user_id, true, true);
  perform from chatkeep_private.session_secrets x
  where x.session_token in (select s.session_token from chatkeep.sessions s where s.user_id = old.user_id and s.tenant_id = old.tenant_id)
  for update;
  return old;
end
$$;
comment on function chatkeep_private.erase_member() is
  'Gives the shared documents of a user who is being deleted to the heir. Waits for registrations in the tenant and for the user''s rotations.';
revoke all on function chatkeep_private.erase_member() from public, anon, authenticated, service_role;

create trigger erase_member before delete on chatkeep.memberships
  for each row execute function chatkeep_private.erase_member();
comment on trigger erase_member on chatkeep.memberships is
  'Shared documents outlive their owner. A deletion waits for registrations in the tenant and for the user''s rotations.';

-- guards/guard_chat.sql ------------------------------------------------------------

-- Clients write these columns directly too, so the limits of the calls are checked here. The columns have plain types
-- because of gateways.
create or replace function chatkeep_private.guard_chat() returns trigger
language plpgsql set search_path = ''
as $$
begin
  perform chatkeep_private.check_json('metadata', new.metadata, 'object');
  perform chatkeep_private.check_length('title', new.title, 500);
  perform chatkeep_private.check_folder(new.folder);
  perform chatkeep_private.check_chat_tags(new.tags);
  if new.title_source not in ('user', 'model') then
    perform chatkeep_private.refuse('22023', 'title_source must be user or model', 'Leave it out: update_chat sets it.');
  end if;
  -- A person has written over the title of a model. update_chat sets both columns itself.
  if tg_op = 'UPDATE' and new.title_source = 'model' and new.title is distinct from old.title
     and current_setting('chatkeep.writing', true) is distinct from 'on' then
    update chatkeep.chats c set title_source = 'user' where c.id = new.id and c.tenant_id = new.tenant_id;
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_chat() is
  'Checks what clients write into a chat by the limits of the calls, for direct writes too. A title that is written directly is a person''s.';
revoke all on function chatkeep_private.guard_chat() from public, anon, authenticated, service_role;

-- No append updates these columns. The trigger runs after the row: a single trigger before an update of any column
-- makes every append lock its chat once more.
create trigger guard_chat after insert or update of title, metadata, folder, tags, title_source on chatkeep.chats
  for each row execute function chatkeep_private.guard_chat();
comment on trigger guard_chat on chatkeep.chats is 'Checks titles, metadata, folder and tags.';

-- guards/guard_chat_owner.sql ------------------------------------------------------------

-- No column grant lets a user give a chat away, and this holds where a gateway has granted more. A trigger, because
-- every append would evaluate a policy. Before this trigger runs, the foreign keys have given messages, attachments and
-- search rows to the new owner, for every role.
create or replace function chatkeep_private.guard_chat_owner() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if not chatkeep_private.may_hand_over(new.tenant_id) then
    perform chatkeep_private.refuse('42501', 'user_id of a chat cannot be changed',
      'Make a chat as its user, with create_chat.');
  end if;
  update chatkeep.attachments a set document_id = null
  from chatkeep.documents d
  where a.user_id in (old.user_id, new.user_id) and a.chat_id = new.id and a.tenant_id = new.tenant_id
    and d.id = a.document_id and d.tenant_id = a.tenant_id
    and d.user_id <> new.user_id and d.access <> 'tenant';
  return new;
end
$$;
comment on function chatkeep_private.guard_chat_owner() is
  'Refuses to give a chat to another user without the right. Detaches documents that the new owner cannot read.';
revoke all on function chatkeep_private.guard_chat_owner() from public, anon, authenticated, service_role;

create trigger guard_chat_owner after update of user_id on chatkeep.chats
  for each row when (old.user_id <> new.user_id) execute function chatkeep_private.guard_chat_owner();
comment on trigger guard_chat_owner on chatkeep.chats is 'A chat stays with its owner, or changes hands as a whole.';

-- guards/guard_deletion.sql ------------------------------------------------------------

-- Every message names the one before it, so a hole would cut the path. A chat that is deleted or gone has no path to keep.
create or replace function chatkeep_private.guard_deletion() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if exists (
    select from deleted d join chatkeep.chats c on c.id = d.chat_id and c.tenant_id = d.tenant_id
    where c.deleted_at is null
  ) then
    perform chatkeep_private.refuse('42501', 'a message cannot be deleted alone',
      'Remove what it says with redact_message, or leave it out of the path with rewind_chat or select_branch. delete_chat removes all.');
  end if;
  return null;
end
$$;
comment on function chatkeep_private.guard_deletion() is 'Refuses to delete messages of a chat that stays, for every role.';
revoke all on function chatkeep_private.guard_deletion() from public, anon, authenticated, service_role;

create trigger guard_deletion after delete on chatkeep.messages
  referencing old table as deleted for each statement execute function chatkeep_private.guard_deletion();
comment on trigger guard_deletion on chatkeep.messages is 'A message goes with its chat.';

-- guards/guard_document.sql ------------------------------------------------------------

create or replace function chatkeep_private.guard_document() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if new.status <> old.status and not (
    case old.status
      when 'pending' then new.status in ('processing', 'ready', 'failed', 'archived')
      when 'processing' then new.status in ('pending', 'ready', 'failed', 'archived')
      when 'ready' then new.status in ('processing', 'archived')
      when 'failed' then new.status in ('pending', 'processing', 'archived')
      else false
    end
  ) then
    perform chatkeep_private.refuse('PT409', 'status cannot go from ' || old.status || ' to ' || new.status,
      case old.status when 'archived' then 'Register the document anew.'
        else 'See the graph of states in docs/documents.md.' end);
  end if;
  if new.status <> 'failed' then
    new.error := null;
  end if;
  -- Members of the tenant advance the ingest of a shared document and add sources. Everything else is the owner's.
  if ((new.status = 'archived' and old.status <> 'archived')
      or (new.source_uri, new.title, new.mime_type, new.byte_size, new.visibility, new.deleted_at)
        is distinct from (old.source_uri, old.title, old.mime_type, old.byte_size, old.visibility, old.deleted_at)
      or new.aliases[1:cardinality(old.aliases)] <> old.aliases)
     and old.user_id is distinct from chatkeep.uid() and not chatkeep_private.is_service() then
    perform chatkeep_private.refuse('42501', 'document_id names a document of another member',
      'Its owner, or service_role, can archive, delete or describe it.');
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_document() is
  'Keeps the status on its graph, for every role, and lets only the owner describe, archive or delete a shared document.';
revoke all on function chatkeep_private.guard_document() from public, anon, authenticated, service_role;

create trigger guard_document before update of source_uri, title, mime_type, byte_size, status, error, visibility, deleted_at
  on chatkeep.documents for each row execute function chatkeep_private.guard_document();
comment on trigger guard_document on chatkeep.documents is
  'The status follows its graph. Only the owner changes a shared document.';

-- A trigger of its own: most changes of aliases add one and need no check.
create trigger guard_document_aliases before update of aliases on chatkeep.documents
  for each row when (new.aliases[1:cardinality(old.aliases)] <> old.aliases)
  execute function chatkeep_private.guard_document();
comment on trigger guard_document_aliases on chatkeep.documents is
  'Members add sources to a shared document. Only its owner removes one.';

-- guards/guard_document_owner.sql ------------------------------------------------------------

-- For a table request of service_role too: a document takes the tags of its owner along, and nobody keeps an attachment to
-- a document that became somebody else's private one.
create or replace function chatkeep_private.guard_document_owner() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if not chatkeep_private.may_hand_over(new.tenant_id) then
    perform chatkeep_private.refuse('42501', 'user_id of a document cannot be changed',
      'Register the document as its user, with register_document.');
  end if;
  update chatkeep.document_metadata m set user_id = new.user_id
  where m.document_id = new.id and m.tenant_id = new.tenant_id and m.user_id = old.user_id;
  if new.access <> 'tenant' then
    update chatkeep.attachments a set document_id = null
    from chatkeep.chats c
    where a.document_id = new.id and a.tenant_id = new.tenant_id
      and c.id = a.chat_id and c.tenant_id = a.tenant_id and c.user_id <> new.user_id;
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_document_owner() is
  'Refuses to give a document to another user without the right. Hands over the owner''s tags, and detaches a private document from chats of others.';
revoke all on function chatkeep_private.guard_document_owner() from public, anon, authenticated, service_role;

create trigger guard_document_owner after update of user_id on chatkeep.documents
  for each row when (old.user_id <> new.user_id) execute function chatkeep_private.guard_document_owner();
comment on trigger guard_document_owner on chatkeep.documents is
  'A document stays with its owner, or changes hands with the owner''s tags.';

-- guards/guard_json.sql ------------------------------------------------------------

create or replace function chatkeep_private.guard_json() returns trigger
language plpgsql set search_path = ''
as $$
declare
  guarded text;
begin
  foreach guarded in array tg_argv loop
    perform chatkeep_private.check_json(guarded, to_jsonb(new) -> guarded, 'object');
  end loop;
  return new;
end
$$;
comment on function chatkeep_private.guard_json() is
  'Checks the columns named in its arguments: objects within the limits of the calls.';
revoke all on function chatkeep_private.guard_json() from public, anon, authenticated, service_role;

-- A value of 500 bytes is neither too large nor too deep: a level takes eight bytes.
create trigger guard_json before insert or update of metadata on chatkeep.users
  for each row when (pg_column_size(new.metadata) > 500)
  execute function chatkeep_private.guard_json('metadata');
comment on trigger guard_json on chatkeep.users is 'Checks metadata.';

create trigger guard_json before insert or update of metadata on chatkeep.sessions
  for each row when (pg_column_size(new.metadata) > 500)
  execute function chatkeep_private.guard_json('metadata');
comment on trigger guard_json on chatkeep.sessions is 'Checks metadata.';

create trigger guard_json before insert or update of tags, properties on chatkeep.document_metadata
  for each row when (pg_column_size(new.tags) > 500 or pg_column_size(new.properties) > 500)
  execute function chatkeep_private.guard_json('tags', 'properties');
comment on trigger guard_json on chatkeep.document_metadata is 'Checks tags and properties.';

-- guards/guard_membership.sql ------------------------------------------------------------

-- Owners decide about owners, and a tenant with members keeps one enabled owner. The lock on the tenant orders two
-- changes at once: the second sees what the first has left.
create or replace function chatkeep_private.guard_membership() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if not chatkeep_private.is_service() and (new.role = 'owner' or (tg_op = 'UPDATE' and old.role = 'owner'))
     -- First use makes the person the owner of a tenant of their own.
     and not (tg_op = 'INSERT' and new.tenant_id = new.user_id and new.user_id = chatkeep.uid())
     and not exists (
       select from chatkeep.memberships m
       where m.user_id = chatkeep.uid() and m.tenant_id = new.tenant_id and m.role = 'owner' and m.is_enabled
     ) then
    perform chatkeep_private.refuse('42501', 'role owner is decided by owners', 'Ask an owner of the tenant.');
  end if;
  if tg_op = 'UPDATE' and old.role = 'owner' and old.is_enabled and (new.role <> 'owner' or new.disabled_at is not null) then
    perform from chatkeep.tenants t where t.id = old.tenant_id for no key update;
    if not exists (
      select from chatkeep.memberships m
      where m.tenant_id = old.tenant_id and m.user_id <> old.user_id and m.role = 'owner' and m.is_enabled
    ) then
      perform chatkeep_private.refuse('PT409', 'user_id names the last owner of the tenant', 'Make another member an owner first.');
    end if;
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_membership() is 'Owners decide about owners, and the last owner stays.';
revoke all on function chatkeep_private.guard_membership() from public, anon, authenticated, service_role;

create trigger guard_membership before insert or update of role, disabled_at on chatkeep.memberships
  for each row execute function chatkeep_private.guard_membership();
comment on trigger guard_membership on chatkeep.memberships is 'Owners decide about owners, and the last owner stays.';

-- guards/guard_session.sql ------------------------------------------------------------

create or replace function chatkeep_private.guard_session() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if new.user_id <> old.user_id then
    perform chatkeep_private.refuse('42501', 'user_id of a session cannot be changed',
      'Create a session of the other user, with create_session.');
  end if;
  if old.revoked_at is not null
     and (new.revoked_at, new.revoked_reason) is distinct from (old.revoked_at, old.revoked_reason) then
    perform chatkeep_private.refuse('42501', 'a revoked session stays revoked', 'Create a new session.');
  end if;
  if new.aal is distinct from old.aal and (
    new.aal < old.aal
    or not (chatkeep_private.is_service() or (new.user_id = chatkeep.uid() and auth.jwt() ->> 'aal' in ('aal1', 'aal2', 'aal3')
      and auth.jwt() ->> 'aal' >= new.aal)) is true
  ) then
    perform chatkeep_private.refuse('42501', 'aal cannot be ' || new.aal || ' here',
      'It only rises, and no further than the claim aal of the JWT says: sign in with the second factor first.');
  end if;
  -- A holder may set last_used_at to the present, not to the future, and not after the session was idle too long.
  if new.last_used_at > clock_timestamp() then
    new.last_used_at := clock_timestamp();
  end if;
  if new.last_used_at > old.last_used_at
     and old.last_used_at + old.idle_ttl <= clock_timestamp()
     and not chatkeep_private.is_service() then
    new.last_used_at := old.last_used_at;
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_session() is
  'Keeps a session with its user and makes revocation final, for every role; raises the assurance level only with proof, and keeps an idle session idle.';
revoke all on function chatkeep_private.guard_session() from public, anon, authenticated, service_role;

create trigger guard_session before update on chatkeep.sessions
  for each row execute function chatkeep_private.guard_session();
comment on trigger guard_session on chatkeep.sessions is
  'A session stays with its user, revocation is final, last_used_at is never in the future, an idle session stays idle, and the assurance level rises only with proof.';

-- guards/guard_session_secret.sql ------------------------------------------------------------

create or replace function chatkeep_private.guard_session_secret() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if new.generation = old.generation
     and new.refresh_digest = old.refresh_digest
     and new.rotated_at is not distinct from old.rotated_at
     and new.previous_digest is null then
    -- First use of the current secret: the grace ends.
    return new;
  end if;
  -- A rotation raises the generation by exactly one. All tokens of a session hold its session secret, spent ones too, so a
  -- rotation also needs the current refresh secret.
  if (new.generation = old.generation + 1
     and new.refresh_digest <> old.refresh_digest
     and new.previous_digest = old.refresh_digest
     and new.rotated_at between coalesce(old.rotated_at, '-infinity') and clock_timestamp()
     and new.confirmed_at is null
     and (coalesce(chatkeep_private.presented_refresh() = old.refresh_digest, false)
       or chatkeep_private.is_service())) is not true then
    perform chatkeep_private.refuse('42501', 'a session secret changes by rotation only', 'Use rotate_session.');
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_session_secret() is
  'Allows a rotation by one generation with the current token, and the end of its grace. Refuses every other change.';
revoke all on function chatkeep_private.guard_session_secret() from public, anon, authenticated, service_role;

-- The foreign key guards the other columns: a secret stays with its session, and moves with it to another tenant.
create trigger guard_session_secret
  before update of refresh_digest, previous_digest, rotation_salt, generation, rotated_at, confirmed_at
  on chatkeep_private.session_secrets for each row execute function chatkeep_private.guard_session_secret();
comment on trigger guard_session_secret on chatkeep_private.session_secrets is
  'Secrets change by rotation only, one generation at a time.';

-- guards/guard_share.sql ------------------------------------------------------------

-- A share is a decision of one owner for one circle of people. Foreign keys carry the share along when the chat gets
-- another owner, or when the owner or the reader moves to another tenant, so it ends here, for every role.
create or replace function chatkeep_private.guard_share() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if old.revoked_at is not null then
    new.revoked_at := old.revoked_at;
  elsif (new.user_id, new.tenant_id, new.with_tenant_id) is distinct from (old.user_id, old.tenant_id, old.with_tenant_id) then
    new.revoked_at := clock_timestamp();
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_share() is
  'Makes revocation final, for every role. Revokes a share when its chat gets another owner or another tenant, or its reader another tenant.';
revoke all on function chatkeep_private.guard_share() from public, anon, authenticated, service_role;

create trigger guard_share before update on chatkeep.chat_shares
  for each row execute function chatkeep_private.guard_share();
comment on trigger guard_share on chatkeep.chat_shares is 'Revocation is final, and a share ends with a change of hands.';

-- guards/guard_writes.sql ------------------------------------------------------------

-- Calls need the right to change these rows, so clients have it too. The policies let nothing but a call use it: a direct
-- request would change nothing, and the Data API would call that a success. Foreign keys act as the owner of the table,
-- and row level security does not apply to them.
create or replace function chatkeep_private.guard_writes() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if row_security_active(tg_relid) then
    perform chatkeep_private.refuse('42501', 'rows of ' || tg_table_name || ' cannot be ' || case tg_op when 'DELETE' then 'deleted' else 'changed' end || ' directly',
      tg_argv[0]);
  end if;
  return null;
end
$$;
comment on function chatkeep_private.guard_writes() is
  'Refuses direct changes of rows that only calls change. Its argument is the hint.';
revoke all on function chatkeep_private.guard_writes() from public, anon, authenticated, service_role;

-- Inside a call that writes, PostgreSQL evaluates the condition and calls no function.
create trigger guard_writes before update or delete on chatkeep.messages
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('finish_message and append_message change a message, redact_message removes what it says, rate_message rates it, select_branch and rewind_chat change the path, and update_chat changes the chat.');
comment on trigger guard_writes on chatkeep.messages is 'Only calls change messages.';

create trigger guard_writes before update or delete on chatkeep.attachments
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('redact_message removes what belongs to a message, and delete_chat the whole chat.');
comment on trigger guard_writes on chatkeep.attachments is 'Only calls delete attachments.';

create trigger guard_writes before update or delete on chatkeep.message_search
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('redact_message removes what belongs to a message, and delete_chat the whole chat.');
comment on trigger guard_writes on chatkeep.message_search is 'Only calls change and delete rows of search.';

create trigger guard_writes before update or delete on chatkeep.message_ratings
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('rate_message changes the caller''s own rating, and takes it back.');
comment on trigger guard_writes on chatkeep.message_ratings is 'Only calls change ratings.';

create trigger guard_writes before delete on chatkeep.chats
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('delete_chat deletes a chat, and restore_chat brings it back.');
comment on trigger guard_writes on chatkeep.chats is 'Only calls delete chats.';

create trigger guard_writes before update or delete on chatkeep.chat_shares
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('share_chat changes a share, and revoke_share ends it.');
comment on trigger guard_writes on chatkeep.chat_shares is 'Only calls change shares.';

create trigger guard_writes before update or delete on chatkeep.documents
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('register_document describes a document, set_document_status changes its status, and delete_document deletes it.');
comment on trigger guard_writes on chatkeep.documents is 'Only calls change documents.';

create trigger guard_writes before update or delete on chatkeep.document_metadata
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('tag_document changes tags, and register_document properties.');
comment on trigger guard_writes on chatkeep.document_metadata is 'Only calls change metadata of documents.';

create trigger guard_writes before update or delete on chatkeep.sessions
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('revoke_session, revoke_other_sessions and revoke_all_sessions end sessions.');
comment on trigger guard_writes on chatkeep.sessions is 'Only calls change sessions.';

create trigger guard_writes before update or delete on chatkeep.tenants
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('rename_tenant changes the name.');
comment on trigger guard_writes on chatkeep.tenants is 'Only calls change tenants.';

create trigger guard_writes before update or delete on chatkeep.chat_summaries
  for each statement when (coalesce(current_setting('chatkeep.writing', true), '') not like 'on%')
  execute function chatkeep_private.guard_writes('summarise_chat replaces a summary, and redact_message removes those that cover its message.');
comment on trigger guard_writes on chatkeep.chat_summaries is 'Only calls change and delete summaries.';

-- guards/make_tenant.sql ------------------------------------------------------------

create or replace function chatkeep_private.make_tenant() returns trigger
language plpgsql set search_path = ''
as $$
begin
  insert into chatkeep.tenants (id)
  select new.tenant_id where not exists (select from chatkeep.tenants t where t.id = new.tenant_id)
  on conflict do nothing;
  if tg_op = 'INSERT' or new.tenant_id <> old.tenant_id then
    new.tenant_is_moving := coalesce((select t.is_moving from chatkeep.tenants t where t.id = new.tenant_id), false);
  end if;
  if tg_op = 'INSERT' then
    -- An owner or an admin cannot read this. The foreign key then refuses a disabled user.
    new.user_is_disabled := coalesce((select u.is_disabled from chatkeep.users u where u.id = new.user_id), false);
  end if;
  return new;
end
$$;
comment on function chatkeep_private.make_tenant() is
  'Makes the tenant of its first membership. Says in the membership whether its user is disabled, and whether the tenant is being moved.';
revoke all on function chatkeep_private.make_tenant() from public, anon, authenticated, service_role;

create trigger make_tenant before insert or update of tenant_id on chatkeep.memberships
  for each row execute function chatkeep_private.make_tenant();
comment on trigger make_tenant on chatkeep.memberships is 'A tenant begins with its first membership.';

-- guards/move_member.sql ------------------------------------------------------------

-- When a user moves to another tenant, the rows they own move with them. Attachments to documents that stay behind
-- are detached, as if the document had been deleted. Foreign keys keep an attachment and its document, and a document
-- and its metadata, in one tenant; without this trigger they would refuse the move.
create or replace function chatkeep_private.move_member() returns trigger
language plpgsql set search_path = ''
as $$
begin
  -- The locks that the move needs, in the order in which calls take them. The move waits here for calls that attach
  -- or register, and sees below what they wrote.
  perform from chatkeep.chats c where c.user_id = old.user_id and c.tenant_id = old.tenant_id for update;
  perform chatkeep_private.lock_documents(least(old.tenant_id, new.tenant_id), old.user_id, true, true);
  perform chatkeep_private.lock_documents(greatest(old.tenant_id, new.tenant_id), old.user_id, true, true);
  perform from chatkeep.documents d where d.user_id = old.user_id and d.tenant_id = old.tenant_id for update;
  perform from chatkeep_private.session_secrets x
  where x.session_token in (
    select s.session_token from chatkeep.sessions s where s.user_id = old.user_id and s.tenant_id = old.tenant_id
  )
  for update;

  if exists (
    select from chatkeep.chats c join chatkeep.chats o on o.id = c.id and o.tenant_id = new.tenant_id
    where c.user_id = old.user_id and c.tenant_id = old.tenant_id
  ) then
    perform chatkeep_private.refuse('PT409', 'tenant_id names a tenant that has a chat with the id of one of this user''s',
      'Delete and purge one of the two chats, then move the user.');
  end if;
  -- If both tenants share the same bytes, the document of the new tenant stays shared and the user's own becomes
  -- private.
  update chatkeep.documents d
  set visibility = 'private',
    status = case when exists (
        select from chatkeep.documents p
        where p.user_id = d.user_id and p.tenant_id = d.tenant_id and p.checksum = d.checksum
          and p.visibility = 'private' and p.status <> 'archived' and p.deleted_at is null
      ) then 'archived' else d.status end
  where d.user_id = old.user_id and d.tenant_id = old.tenant_id and d.visibility = 'tenant' and d.status <> 'archived' and d.deleted_at is null
    and exists (
      select from chatkeep.documents o
      where o.tenant_id = new.tenant_id and o.checksum = d.checksum
        and o.visibility = 'tenant' and o.status <> 'archived' and o.deleted_at is null
    );

  update chatkeep.attachments a set document_id = null
  from chatkeep.documents d
  where a.user_id = old.user_id and a.tenant_id = old.tenant_id
    and d.id = a.document_id and d.tenant_id = a.tenant_id and d.user_id <> old.user_id;
  update chatkeep.attachments a set document_id = null
  from chatkeep.documents d
  where d.user_id = old.user_id and d.tenant_id = old.tenant_id
    and a.document_id = d.id and a.tenant_id = d.tenant_id and a.user_id <> old.user_id;
  -- A rating is in the tenant of its author and in that of its message, so one across the two sides goes.
  delete from chatkeep.message_ratings r
  where r.tenant_id = old.tenant_id and old.user_id in (r.user_id, r.rated_by) and r.user_id <> r.rated_by;
  delete from chatkeep.document_metadata m
  using chatkeep.documents d
  where m.user_id = old.user_id and m.tenant_id = old.tenant_id
    and d.id = m.document_id and d.tenant_id = m.tenant_id and d.user_id <> old.user_id;
  delete from chatkeep.document_metadata m
  using chatkeep.documents d
  where d.user_id = old.user_id and d.tenant_id = old.tenant_id
    and m.document_id = d.id and m.tenant_id = d.tenant_id and m.user_id <> old.user_id;
  return new;
end
$$;
comment on function chatkeep_private.move_member() is
  'Separates a user who moves to another tenant from documents of others, and others from the user''s documents.';
revoke all on function chatkeep_private.move_member() from public, anon, authenticated, service_role;

create trigger move_member before update of tenant_id on chatkeep.memberships
  for each row when (old.tenant_id <> new.tenant_id) execute function chatkeep_private.move_member();
comment on trigger move_member on chatkeep.memberships is 'Detaches a moving user from the documents of the old tenant.';

-- guards/queue_attached_object.sql ------------------------------------------------------------

-- Whatever removes an attachment, cascades included, leaves its object to a worker in the same transaction. SQL cannot
-- delete an object of Storage.
create or replace function chatkeep_private.queue_attached_object() returns trigger
language plpgsql set search_path = ''
as $$
begin
  insert into chatkeep_private.storage_outbox (tenant_id, user_id, storage_path)
  values (old.tenant_id, old.user_id, old.storage_path);
  return null;
end
$$;
comment on function chatkeep_private.queue_attached_object() is
  'Leaves the stored object of an attachment to take_storage_deletions.';
revoke all on function chatkeep_private.queue_attached_object() from public, anon, authenticated, service_role;

create trigger queue_attached_object after delete on chatkeep.attachments
  for each row when (old.storage_path is not null) execute function chatkeep_private.queue_attached_object();
comment on trigger queue_attached_object on chatkeep.attachments is 'The stored object of a removed attachment is deleted later.';

create trigger queue_renamed_object after update of storage_path on chatkeep.attachments
  for each row when (old.storage_path is distinct from new.storage_path and old.storage_path is not null)
  execute function chatkeep_private.queue_attached_object();
comment on trigger queue_renamed_object on chatkeep.attachments is 'So is the one that an attachment no longer names.';

-- guards/queue_document_objects.sql ------------------------------------------------------------

-- Whatever deletes a document leaves its stored sources to a worker in the same transaction.
create or replace function chatkeep_private.queue_document_objects() returns trigger
language plpgsql set search_path = ''
as $$
begin
  insert into chatkeep_private.storage_outbox (tenant_id, user_id, storage_path)
  select old.tenant_id, old.user_id, s.source from unnest(old.source_uri || old.aliases) s (source)
  where s.source like 'storage://%';
  return null;
end
$$;
comment on function chatkeep_private.queue_document_objects() is
  'Leaves the stored sources of a document to take_storage_deletions.';
revoke all on function chatkeep_private.queue_document_objects() from public, anon, authenticated, service_role;

create trigger queue_removed_objects after delete on chatkeep.documents
  for each row when (old.deleted_at is null) execute function chatkeep_private.queue_document_objects();
comment on trigger queue_removed_objects on chatkeep.documents is 'The stored sources of a removed document are deleted later.';

create trigger queue_deleted_objects after update of deleted_at on chatkeep.documents
  for each row when (old.deleted_at is null and new.deleted_at is not null)
  execute function chatkeep_private.queue_document_objects();
comment on trigger queue_deleted_objects on chatkeep.documents is 'So are those of a deleted document.';

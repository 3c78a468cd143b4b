-- Chatkeep: guards. Written by `cargo xtask generate` from sql/supabase/schemas/guards.

-- guards/end_sessions.sql ------------------------------------------------------------

-- A person who is disabled is logged out everywhere, whoever disables.
create or replace function chatkeep_private.end_sessions() returns trigger
language plpgsql set search_path = ''
as $$
begin
  -- Under a snapshot that is older than the lock on the user's row, a session that was being created would stay unseen.
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    perform chatkeep_private.refuse('25001', 'disabled_at can be set under read committed only',
      'Begin the transaction with isolation level read committed, which is the default.');
  end if;
  perform chatkeep_private.revoke_sessions(new.id, null);
  return new;
end
$$;
comment on function chatkeep_private.end_sessions() is 'Revokes the sessions of a user who was disabled.';
revoke all on function chatkeep_private.end_sessions() from public, anon, authenticated, service_role;

create trigger end_sessions after update of disabled_at on chatkeep.users
  for each row when (new.disabled_at is not null and old.disabled_at is null)
  execute function chatkeep_private.end_sessions();
comment on trigger end_sessions on chatkeep.users is 'Who is disabled is logged out everywhere.';

-- guards/guard_chat.sql ------------------------------------------------------------

-- What the calls say of these columns, which clients write directly too: they are plain for the gateways' sake.
create or replace function chatkeep_private.guard_chat() returns trigger
language plpgsql set search_path = ''
as $$
begin
  perform chatkeep_private.check_json('metadata', new.metadata, 'object');
  perform chatkeep_private.check_length('title', new.title, 500);
  return new;
end
$$;
comment on function chatkeep_private.guard_chat() is 'Keeps metadata an object within its limits and title short, also where they are written directly.';
revoke all on function chatkeep_private.guard_chat() from public, anon, authenticated, service_role;

-- The calls name none of these columns in an update. After the row, since a single trigger before an update of any column
-- has every append lock its chat once more.
create trigger guard_chat after insert or update of title, metadata on chatkeep.chats
  for each row execute function chatkeep_private.guard_chat();
comment on trigger guard_chat on chatkeep.chats is 'Title and metadata keep their form.';

-- guards/guard_chat_owner.sql ------------------------------------------------------------

-- As with the tenant of users: column grants let nobody give a chat away, and this holds without them. A trigger, since the
-- policy would ask it of every append.
create or replace function chatkeep_private.guard_chat_owner() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if not chatkeep_private.is_service() then
    raise sqlstate '42501' using
      message = 'user_id of a chat cannot be changed',
      hint = 'Make a chat as its user, with create_chat.';
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_chat_owner() is 'Keeps a chat its maker''s.';
revoke all on function chatkeep_private.guard_chat_owner() from public, anon, authenticated, service_role;

create trigger guard_chat_owner after update of user_id on chatkeep.chats
  for each row when (old.user_id <> new.user_id) execute function chatkeep_private.guard_chat_owner();
comment on trigger guard_chat_owner on chatkeep.chats is 'A chat is given to nobody else.';

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
    raise sqlstate 'PT409' using
      message = 'status cannot go from ' || old.status || ' to ' || new.status,
      hint = case old.status when 'archived' then 'Register the document anew.'
        else 'See the graph of states in docs/documents.md.' end;
  end if;
  if new.status <> 'failed' then
    new.error := null;
  end if;
  -- Of a document that the tenant shares its members move the ingest on, and add sources; the rest is its owner's.
  if ((new.status = 'archived' and old.status <> 'archived')
      or (new.source_uri, new.title, new.mime_type, new.byte_size, new.visibility, new.deleted_at)
        is distinct from (old.source_uri, old.title, old.mime_type, old.byte_size, old.visibility, old.deleted_at)
      or new.aliases[1:cardinality(old.aliases)] <> old.aliases)
     and old.user_id is distinct from auth.uid() and not chatkeep_private.is_service() then
    raise sqlstate '42501' using
      message = 'document_id names a document of another member',
      hint = 'Its owner, or service_role, can archive, delete or describe it.';
  end if;
  return new;
end
$$;
comment on function chatkeep_private.guard_document() is 'Keeps status on its graph, for every role, and a shared document its owner''s.';
revoke all on function chatkeep_private.guard_document() from public, anon, authenticated, service_role;

create trigger guard_document before update of source_uri, title, mime_type, byte_size, status, error, visibility, deleted_at
  on chatkeep.documents for each row execute function chatkeep_private.guard_document();
comment on trigger guard_document on chatkeep.documents is 'Status keeps to its graph, and a shared document is its owner''s.';

-- A trigger of its own, since most changes of aliases add one, and need not be looked at.
create trigger guard_document_aliases before update of aliases on chatkeep.documents
  for each row when (new.aliases[1:cardinality(old.aliases)] <> old.aliases)
  execute function chatkeep_private.guard_document();
comment on trigger guard_document_aliases on chatkeep.documents is 'Members add sources to a shared document; its owner alone takes one away.';

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
comment on function chatkeep_private.guard_json() is 'Keeps the columns that it is given objects within the limits of the calls.';
revoke all on function chatkeep_private.guard_json() from public, anon, authenticated, service_role;

-- What takes 500 bytes is neither too large nor too deep: a level takes eight.
create trigger guard_json before insert or update of metadata on chatkeep.users
  for each row when (pg_column_size(new.metadata) > 500)
  execute function chatkeep_private.guard_json('metadata');
comment on trigger guard_json on chatkeep.users is 'Metadata keep their limits.';

create trigger guard_json before insert or update of metadata on chatkeep.sessions
  for each row when (pg_column_size(new.metadata) > 500)
  execute function chatkeep_private.guard_json('metadata');
comment on trigger guard_json on chatkeep.sessions is 'Metadata keep their limits.';

create trigger guard_json before insert or update of tags, properties on chatkeep.document_metadata
  for each row when (pg_column_size(new.tags) > 500 or pg_column_size(new.properties) > 500)
  execute function chatkeep_private.guard_json('tags', 'properties');
comment on trigger guard_json on chatkeep.document_metadata is 'Tags and properties keep their limits.';

-- guards/guard_session.sql ------------------------------------------------------------

create or replace function chatkeep_private.guard_session() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if old.revoked_at is not null
     and (new.revoked_at, new.revoked_reason) is distinct from (old.revoked_at, old.revoked_reason) then
    raise sqlstate '42501' using
      message = 'a revoked session stays revoked',
      hint = 'Create a new session.';
  end if;
  if new.aal is distinct from old.aal and (
    new.aal < old.aal
    or not (chatkeep_private.is_service() or (new.user_id = auth.uid() and auth.jwt() ->> 'aal' in ('aal1', 'aal2', 'aal3')
      and auth.jwt() ->> 'aal' >= new.aal)) is true
  ) then
    raise sqlstate '42501' using
      message = 'aal cannot be ' || new.aal || ' here',
      hint = 'It only rises, and no further than the claim aal of the JWT says: sign in with the second factor first.';
  end if;
  -- A holder may say that the session is in use now, not that it will be, and not once it lay idle too long.
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
comment on function chatkeep_private.guard_session() is 'Makes revocation final, for every role, lets the assurance level rise by proof only, and wakes no idle session.';
revoke all on function chatkeep_private.guard_session() from public, anon, authenticated, service_role;

create trigger guard_session before update on chatkeep.sessions
  for each row execute function chatkeep_private.guard_session();
comment on trigger guard_session on chatkeep.sessions is 'Revocation is final, last use never lies in the future, an idle session is not woken, the assurance level rises by proof only.';

-- guards/guard_session_secret.sql ------------------------------------------------------------

create or replace function chatkeep_private.guard_session_secret() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if new.generation = old.generation
     and new.refresh_digest = old.refresh_digest
     and new.rotated_at is not distinct from old.rotated_at
     and new.previous_digest is null then
    -- The current secret was used: its grace closes.
    return new;
  end if;
  if new.generation = old.generation + 1
     and new.refresh_digest <> old.refresh_digest
     and new.previous_digest = old.refresh_digest
     and new.rotated_at between coalesce(old.rotated_at, '-infinity') and clock_timestamp()
     and new.confirmed_at is null
     -- All tokens of a session have its session secret, spent ones too; who rotates has the current refresh secret.
     and (coalesce(chatkeep_private.presented_refresh() = old.refresh_digest, false)
       or chatkeep_private.is_service()) then
    -- A rotation: exactly one generation on.
    return new;
  end if;
  raise sqlstate '42501' using
    message = 'a session secret changes by rotation only',
    hint = 'Use rotate_session.';
end
$$;
comment on function chatkeep_private.guard_session_secret() is 'Allows a rotation by one generation, to who presents the current token, and the end of its grace, nothing else.';
revoke all on function chatkeep_private.guard_session_secret() from public, anon, authenticated, service_role;

create trigger guard_session_secret before update on chatkeep_private.session_secrets
  for each row execute function chatkeep_private.guard_session_secret();
comment on trigger guard_session_secret on chatkeep_private.session_secrets is 'Secrets change by rotation, one generation at a time.';

-- guards/move_user.sql ------------------------------------------------------------

-- Keys hold an attachment and its document, and a document and its metadata, in one tenant. Who moves takes along what is
-- the own; what hangs on a document of the other side stays there, as after its deletion. Without this the keys would
-- refuse the move.
create or replace function chatkeep_private.move_user() returns trigger
language plpgsql set search_path = ''
as $$
begin
  -- The locks that the move needs, in the order in which calls take theirs: who attaches or registers is waited for here,
  -- and what they have written is seen below.
  perform from chatkeep.chats c where c.user_id = old.id for update;
  perform chatkeep_private.lock_documents(least(old.tenant_id, new.tenant_id), old.id, true, true);
  perform chatkeep_private.lock_documents(greatest(old.tenant_id, new.tenant_id), old.id, true, true);
  perform from chatkeep.documents d where d.user_id = old.id for update;

  if exists (
    select from chatkeep.chats c join chatkeep.chats o on o.id = c.id and o.tenant_id = new.tenant_id
    where c.user_id = old.id
  ) then
    perform chatkeep_private.refuse('PT409', 'tenant_id names a tenant that has a chat with the id of one of this user''s',
      'Delete and purge one of the two chats, then move the user.');
  end if;
  -- Bytes that both tenants share are the new tenant's: the mover's own document of them becomes private.
  update chatkeep.documents d
  set visibility = 'private',
    status = case when exists (
        select from chatkeep.documents p
        where p.user_id = d.user_id and p.checksum = d.checksum
          and p.visibility = 'private' and p.status <> 'archived' and p.deleted_at is null
      ) then 'archived' else d.status end
  where d.user_id = old.id and d.visibility = 'tenant' and d.status <> 'archived' and d.deleted_at is null
    and exists (
      select from chatkeep.documents o
      where o.tenant_id = new.tenant_id and o.checksum = d.checksum
        and o.visibility = 'tenant' and o.status <> 'archived' and o.deleted_at is null
    );

  update chatkeep.attachments a set document_id = null
  from chatkeep.documents d
  where a.user_id = old.id
    and d.id = a.document_id and d.tenant_id = a.tenant_id and d.user_id <> old.id;
  update chatkeep.attachments a set document_id = null
  from chatkeep.documents d
  where d.user_id = old.id
    and a.document_id = d.id and a.tenant_id = d.tenant_id and a.user_id <> old.id;
  delete from chatkeep.document_metadata m
  using chatkeep.documents d
  where m.user_id = old.id
    and d.id = m.document_id and d.tenant_id = m.tenant_id and d.user_id <> old.id;
  delete from chatkeep.document_metadata m
  using chatkeep.documents d
  where d.user_id = old.id
    and m.document_id = d.id and m.tenant_id = d.tenant_id and m.user_id <> old.id;
  return new;
end
$$;
comment on function chatkeep_private.move_user() is 'Parts a user who moves to another tenant from the documents of others, and others from that user''s.';
revoke all on function chatkeep_private.move_user() from public, anon, authenticated, service_role;

create trigger move_user before update of tenant_id on chatkeep.users
  for each row when (old.tenant_id <> new.tenant_id) execute function chatkeep_private.move_user();
comment on trigger move_user on chatkeep.users is 'Who moves to another tenant parts with the documents of the old one.';

-- guards/remove_user.sql ------------------------------------------------------------

-- The locks that a deletion needs, in the order in which calls take theirs, so that neither has rows that the other waits
-- for: colleagues write to the documents that a user shares, and a rotation has a secret before its session.
create or replace function chatkeep_private.remove_user() returns trigger
language plpgsql set search_path = ''
as $$
begin
  perform chatkeep_private.lock_documents(old.tenant_id, old.id, true, true);
  perform from chatkeep_private.session_secrets x
  where x.session_token in (select s.session_token from chatkeep.sessions s where s.user_id = old.id)
  for update;
  return old;
end
$$;
comment on function chatkeep_private.remove_user() is 'Waits for registrations in the tenant of a user who is deleted, and for the user''s rotations.';
revoke all on function chatkeep_private.remove_user() from public, anon, authenticated, service_role;

create trigger remove_user before delete on chatkeep.users
  for each row execute function chatkeep_private.remove_user();
comment on trigger remove_user on chatkeep.users is 'Who is deleted waits for registrations in the tenant, and for the own rotations.';

-- Chatkeep: row level security, grants and guards.
-- One permissive policy per table, command and role. chatkeep.writing is a marker that the functions set for
-- the length of one call, to on or, in a call that only reads, to off: without on nothing is inserted or updated, so
-- order and history cannot be broken through the Data API. Policies decide which rows; column grants and triggers
-- decide what may change in them. Each policy runs its subqueries once per statement, for every table and command
-- that it names, so an update carries no expression that another lock already holds.

-- users
alter table chatkeep.users enable row level security;
alter table chatkeep.users force row level security;
create policy users_select on chatkeep.users for select to authenticated
  using (id = (select chatkeep.uid()));

-- The first policy stops a second run of this file. The revoke stands behind it: outside of a transaction that run would
-- take all grants away, and stop before it gave them again.
revoke all on all tables in schema chatkeep, chatkeep_private from public, anon, authenticated, service_role;

grant select, insert (id, tenant_id, display_name, metadata), update (display_name, metadata)
  on chatkeep.users to authenticated;
grant select, insert, update, delete on chatkeep.users to service_role;
create policy users_insert on chatkeep.users for insert to authenticated
  with check (id = (select chatkeep.uid()) and tenant_id = (select chatkeep.uid()));
-- Column grants let nobody change the tenant; where a gateway has granted more, this still does not.
create policy users_update on chatkeep.users for update to authenticated
  using (id = (select chatkeep.uid()) and disabled_at is null)
  with check (id = (select chatkeep.uid()) and tenant_id = (select chatkeep.tenant_id()));

-- sessions
alter table chatkeep.sessions enable row level security;
alter table chatkeep.sessions force row level security;
grant select (id, tenant_id, user_id, created_at, last_used_at, idle_ttl, expires_at, revoked_at, revoked_reason, aal, user_agent, ip, metadata),
  update (last_used_at, revoked_at, revoked_reason)
  on chatkeep.sessions to anon, authenticated;
grant insert (id, tenant_id, user_id, session_token, created_at, last_used_at, idle_ttl, expires_at, user_agent, ip, metadata),
  update (aal)
  on chatkeep.sessions to authenticated;
grant select, insert, update, delete on chatkeep.sessions to service_role;
create policy sessions_select on chatkeep.sessions for select to authenticated
  using (
    ((user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id()))
    or session_token = (select chatkeep_private.presented_session())
  );
create policy sessions_select_presented on chatkeep.sessions for select to anon
  using (session_token = (select chatkeep_private.presented_session()));
create policy sessions_insert on chatkeep.sessions for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep.tenant_id())
    and last_used_at <= (select clock_timestamp())
    and (idle_ttl is null or idle_ttl <= interval '400 days')
    and expires_at <= (select clock_timestamp() + interval '400 days')
  );
create policy sessions_update on chatkeep.sessions for update to authenticated
  using (
    (((user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id()))
      or session_token = (select chatkeep_private.presented_session()))
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
create policy sessions_update_presented on chatkeep.sessions for update to anon
  using (
    session_token = (select chatkeep_private.presented_session())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );

-- session_secrets
alter table chatkeep_private.session_secrets enable row level security;
alter table chatkeep_private.session_secrets force row level security;
grant select, update (refresh_digest, previous_digest, rotation_salt, generation, rotated_at, confirmed_at)
  on chatkeep_private.session_secrets to anon, authenticated;
grant insert (session_token, session_id, refresh_digest) on chatkeep_private.session_secrets to authenticated;
grant select, insert, update, delete on chatkeep_private.session_secrets to service_role;
-- All tokens of a session hold its session secret, spent ones too. So a row whose salt would give a spent token its
-- successor asks for the refresh secret besides: the current one, or the one before it for as long as a rotation may
-- be repeated.
create policy session_secrets_select on chatkeep_private.session_secrets for select to anon, authenticated
  using (
    session_token = (select chatkeep_private.presented_session())
    and (rotation_salt is null or chatkeep_private.may_read_salt(refresh_digest, previous_digest, rotated_at))
  );
create policy session_secrets_insert on chatkeep_private.session_secrets for insert to authenticated
  with check (
    session_token = (select chatkeep_private.presented_session())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
create policy session_secrets_update on chatkeep_private.session_secrets for update to anon, authenticated
  using (
    session_token = (select chatkeep_private.presented_session())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );

-- chats. A deleted chat is out of sight except inside a call, which then says so.
-- No grant lets user_id or tenant_id change, so the check of an update has only order left to prove.
alter table chatkeep.chats enable row level security;
alter table chatkeep.chats force row level security;
grant select,
  insert (id, tenant_id, user_id, title, metadata, language, created_at, updated_at, archived_at),
  update (title, metadata, archived_at, deleted_at, message_count, last_seq, active_leaf_id, updated_at)
  on chatkeep.chats to authenticated;
grant select, insert, update, delete on chatkeep.chats to service_role;
create policy chats_select on chatkeep.chats for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and (deleted_at is null or chatkeep_private.in_call())
  );
create policy chats_insert on chatkeep.chats for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep.tenant_id())
  );
-- In the words of chats_select, so that an update, which has to pass both, asks each question once.
create policy chats_update on chatkeep.chats for update to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and (deleted_at is null or chatkeep_private.in_call())
  )
  with check (
    chatkeep_private.keeps_order(id, tenant_id, message_count, last_seq, active_leaf_id, updated_at, deleted_at)
  );

create function chatkeep_private.deleted_chats() returns uuid[]
language plpgsql stable parallel unsafe set search_path = ''
as $$
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  deleted uuid[];
begin
  -- Inside a call nothing is hidden. A plan that asks only outside of one asks here too: PostgreSQL evaluates every
  -- subquery of a statement when it looks at a row again that somebody else has changed.
  if marker <> '' then
    return '{}'::uuid[];
  end if;
  -- The marker lets the chats' own policy show them. A parallel plan could not set one.
  perform set_config('chatkeep.writing', 'off', true);
  deleted := array(select c.id from chatkeep.chats c where c.user_id = auth.uid() and c.deleted_at is not null);
  perform set_config('chatkeep.writing', marker, true);
  return deleted;
end
$$;
comment on function chatkeep_private.deleted_chats() is 'The deleted chats of the signed-in user, whose messages are out of sight.';
revoke all on function chatkeep_private.deleted_chats() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.deleted_chats() to authenticated, service_role;

-- messages
alter table chatkeep.messages enable row level security;
alter table chatkeep.messages force row level security;
grant select,
  insert (id, chat_id, tenant_id, user_id, seq, parent_id, active, role, content, parts, status, author_id, model, token_count, metadata, created_at, updated_at),
  update (active, content, parts, status, token_count, metadata, updated_at)
  on chatkeep.messages to authenticated;
grant select, insert, update, delete on chatkeep.messages to service_role;
create policy messages_select on chatkeep.messages for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and ((select current_setting('chatkeep.writing', true)) <> ''
      or chat_id <> all ((select chatkeep_private.deleted_chats())::uuid[]))
  );
create policy messages_insert on chatkeep.messages for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep.tenant_id()) and author_id = user_id
  );
create policy messages_update on chatkeep.messages for update to authenticated
  using (user_id = (select chatkeep_private.writer()))
  with check (user_id is not null);

-- message_search
alter table chatkeep.message_search enable row level security;
alter table chatkeep.message_search force row level security;
grant select on chatkeep.message_search to authenticated;
grant select, insert, update, delete on chatkeep.message_search to service_role;
create policy message_search_select on chatkeep.message_search for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and ((select current_setting('chatkeep.writing', true)) <> ''
      or chat_id <> all ((select chatkeep_private.deleted_chats())::uuid[]))
  );

-- documents. To the planner, who asks is a user of average size. Where users are few, it takes that one's newest documents
-- for a stretch of documents_created_at_idx, and goes through those of all tenants when the user has hardly any. An operator
-- with the selectivity of containment says that few rows pass, so the rows are gathered by user and by tenant; and since no
-- index answers it, none that only holds the tenant somewhere is read from end to end.
create operator chatkeep_private.=== (
  leftarg = uuid, rightarg = uuid, function = pg_catalog.uuid_eq, restrict = pg_catalog.contsel
);
comment on operator chatkeep_private.=== (uuid, uuid) is 'Equality that the planner takes for rare.';
alter table chatkeep.documents enable row level security;
alter table chatkeep.documents force row level security;
grant select,
  insert (id, tenant_id, user_id, source_uri, checksum, title, mime_type, byte_size, visibility, supersedes),
  update (source_uri, aliases, title, mime_type, byte_size, status, error, visibility, updated_at, deleted_at)
  on chatkeep.documents to authenticated;
grant select, insert, update, delete on chatkeep.documents to service_role;
create policy documents_select on chatkeep.documents for select to authenticated
  using (
    ((user_id = (select chatkeep.uid()) and (deleted_at is null or chatkeep_private.in_call()))
      or (visibility = 'tenant' and tenant_id = (select chatkeep.tenant_id()) and deleted_at is null))
    and tenant_id operator(chatkeep_private.===) (select chatkeep.tenant_id())
  );
create policy documents_insert on chatkeep.documents for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep.tenant_id())
  );
-- A member who registers the same bytes adds an alias to the tenant's row; guard_document keeps the rest of it the owner's.
create policy documents_update on chatkeep.documents for update to authenticated
  using (
    ((user_id = (select chatkeep.uid()) and (deleted_at is null or chatkeep_private.in_call()))
      or (visibility = 'tenant' and tenant_id = (select chatkeep.tenant_id()) and deleted_at is null))
    and tenant_id operator(chatkeep_private.===) (select chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );

-- document_metadata
alter table chatkeep.document_metadata enable row level security;
alter table chatkeep.document_metadata force row level security;
grant select, insert (document_id, tenant_id, document_access, user_id, namespace, tags, properties), update (tags, properties, updated_at)
  on chatkeep.document_metadata to authenticated;
grant select, insert, update, delete on chatkeep.document_metadata to service_role;
create policy document_metadata_select on chatkeep.document_metadata for select to authenticated
  using (
    ((user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
      or (document_access = 'tenant' and tenant_id = (select chatkeep.tenant_id())))
    and document_access <> 'deleted'
  );
-- A foreign key asks no policy: that the document is in sight is asked here.
create policy document_metadata_insert on chatkeep.document_metadata for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep.tenant_id())
    and exists (
      select from chatkeep.documents d
      where d.id = document_metadata.document_id and d.tenant_id = document_metadata.tenant_id
    )
  );
create policy document_metadata_update on chatkeep.document_metadata for update to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep.tenant_id())
  );

-- attachments
alter table chatkeep.attachments enable row level security;
alter table chatkeep.attachments force row level security;
grant select, insert (id, tenant_id, user_id, chat_id, message_id, document_id, document_access, name, mime_type, byte_size, storage_path)
  on chatkeep.attachments to authenticated;
grant select, insert, update, delete on chatkeep.attachments to service_role;
create policy attachments_select on chatkeep.attachments for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and ((select current_setting('chatkeep.writing', true)) <> ''
      or chat_id <> all ((select chatkeep_private.deleted_chats())::uuid[]))
  );
create policy attachments_insert on chatkeep.attachments for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep.tenant_id())
    and exists (
      select from chatkeep.messages m
      where m.id = attachments.message_id and m.chat_id = attachments.chat_id and m.tenant_id = attachments.tenant_id
    )
    and (document_id is null or exists (
      select from chatkeep.documents d
      where d.id = attachments.document_id and d.tenant_id = attachments.tenant_id
    ))
  );

-- Guards ------------------------------------------------------------------------------------------

-- What the calls say of these columns, which clients write directly too: they are plain for the gateways' sake.
create function chatkeep_private.guard_chat() returns trigger
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

create function chatkeep_private.guard_json() returns trigger
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
create trigger guard_json before insert or update of metadata on chatkeep.sessions
  for each row when (pg_column_size(new.metadata) > 500)
  execute function chatkeep_private.guard_json('metadata');
create trigger guard_json before insert or update of tags, properties on chatkeep.document_metadata
  for each row when (pg_column_size(new.tags) > 500 or pg_column_size(new.properties) > 500)
  execute function chatkeep_private.guard_json('tags', 'properties');

-- As with the tenant of users: column grants let nobody give a chat away, and this holds without them. A trigger, since the
-- policy would ask it of every append.
create function chatkeep_private.guard_chat_owner() returns trigger
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

create function chatkeep_private.guard_document() returns trigger
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
-- A trigger of its own, since most changes of aliases add one, and need not be looked at.
create trigger guard_document_aliases before update of aliases on chatkeep.documents
  for each row when (new.aliases[1:cardinality(old.aliases)] <> old.aliases)
  execute function chatkeep_private.guard_document();

-- Keys hold an attachment and its document, and a document and its metadata, in one tenant. Who moves takes along what is
-- the own; what hangs on a document of the other side stays there, as after its deletion. Without this the keys would
-- refuse the move.
create function chatkeep_private.move_user() returns trigger
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

-- The locks that a deletion needs, in the order in which calls take theirs, so that neither has rows that the other waits
-- for: colleagues write to the documents that a user shares, and a rotation has a secret before its session.
create function chatkeep_private.remove_user() returns trigger
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

create function chatkeep_private.guard_session() returns trigger
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

create function chatkeep_private.guard_session_secret() returns trigger
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

-- Comments ----------------------------------------------------------------------------------------

comment on trigger guard_chat on chatkeep.chats is 'Title and metadata keep their form.';
comment on trigger guard_chat_owner on chatkeep.chats is 'A chat is given to nobody else.';
comment on trigger guard_document on chatkeep.documents is 'Status keeps to its graph, and a shared document is its owner''s.';
comment on trigger guard_json on chatkeep.users is 'Metadata keep their limits.';
comment on trigger guard_json on chatkeep.sessions is 'Metadata keep their limits.';
comment on trigger guard_json on chatkeep.document_metadata is 'Tags and properties keep their limits.';
comment on trigger move_user on chatkeep.users is 'Who moves to another tenant parts with the documents of the old one.';
comment on trigger remove_user on chatkeep.users is 'Who is deleted waits for registrations in the tenant, and for the own rotations.';
comment on trigger guard_document_aliases on chatkeep.documents is 'Members add sources to a shared document; its owner alone takes one away.';
comment on trigger guard_session on chatkeep.sessions is 'Revocation is final, last use never lies in the future, an idle session is not woken, the assurance level rises by proof only.';
comment on trigger guard_session_secret on chatkeep_private.session_secrets is 'Secrets change by rotation, one generation at a time.';

comment on policy users_select on chatkeep.users is 'A user reads the own membership.';
comment on policy users_insert on chatkeep.users is 'First use makes the membership, with the own id as tenant.';
comment on policy users_update on chatkeep.users is 'A user who is not disabled changes the own display name and metadata, and stays in the tenant.';
comment on policy sessions_select on chatkeep.sessions is 'A user lists the own sessions; the holder of a token sees its session.';
comment on policy sessions_select_presented on chatkeep.sessions is 'The holder of a token sees its session, signed in or not.';
comment on policy sessions_insert on chatkeep.sessions is 'create_session opens sessions of the signed-in user.';
comment on policy sessions_update on chatkeep.sessions is 'The calls note use and revoke, for the owner and for the holder of a token.';
comment on policy sessions_update_presented on chatkeep.sessions is 'The calls note use and revoke for the holder of a token.';
comment on policy session_secrets_select on chatkeep_private.session_secrets is 'The presented session secret unlocks its row; while a rotation may be repeated, only together with a refresh secret of the last two.';
comment on policy session_secrets_insert on chatkeep_private.session_secrets is 'create_session stores digests of a secret that it presents.';
comment on policy session_secrets_update on chatkeep_private.session_secrets is 'The calls rotate what the presented session secret unlocks.';
comment on policy chats_select on chatkeep.chats is 'A user reads the own chats.';
comment on policy chats_insert on chatkeep.chats is 'create_chat makes chats of the signed-in user.';
comment on policy chats_update on chatkeep.chats is 'A user changes title, metadata and archived_at of the own chats; the calls move the rest.';
comment on policy messages_select on chatkeep.messages is 'A user reads the messages of the own chats.';
comment on policy messages_insert on chatkeep.messages is 'The calls append to the user''s chats; no client inserts by hand.';
comment on policy messages_update on chatkeep.messages is 'The calls move the active path; no client updates by hand.';
comment on policy message_search_select on chatkeep.message_search is 'A user searches the own messages.';
comment on policy documents_select on chatkeep.documents is 'A user reads the own documents and those that the tenant shares.';
comment on policy documents_insert on chatkeep.documents is 'The calls register documents of the signed-in user.';
comment on policy documents_update on chatkeep.documents is 'The calls add sources, move the status and archive, in the own documents and those that the tenant shares.';
comment on policy document_metadata_select on chatkeep.document_metadata is 'Metadata are read by whoever reads the document.';
comment on policy document_metadata_insert on chatkeep.document_metadata is 'The calls describe documents of the signed-in user.';
comment on policy document_metadata_update on chatkeep.document_metadata is 'The calls change the own descriptions.';
comment on policy attachments_select on chatkeep.attachments is 'A user reads the attachments of the own messages.';
comment on policy attachments_insert on chatkeep.attachments is 'The calls attach to the user''s messages.';

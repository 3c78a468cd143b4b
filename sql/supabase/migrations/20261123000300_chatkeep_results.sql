-- Chatkeep: result types, and what both engines call: the way in, the schema's version.

create type chatkeep.session_token as (
  status text, token text, session_id uuid, user_id uuid, tenant_id uuid,
  generation integer, expires_at timestamptz, idle_expires_at timestamptz
);
comment on type chatkeep.session_token is 'A session and its token, shown once. status: created, rotated, replayed, invalid, expired, idle, revoked or reuse_detected. generation is NULL in a refusal.';
create type chatkeep.session_status as (
  status text, session_id uuid, user_id uuid, tenant_id uuid,
  generation integer, expires_at timestamptz, idle_expires_at timestamptz
);
comment on type chatkeep.session_status is 'What a presented token is worth. status: valid, invalid, expired, idle, revoked or reuse_detected. generation is NULL in a refusal.';
create type chatkeep.document_registration as (
  outcome text,
  id uuid, tenant_id uuid, user_id uuid, source_uri text, aliases text[], checksum text, title text,
  mime_type text, byte_size bigint, status text, error text, visibility text, supersedes uuid,
  created_at timestamptz, updated_at timestamptz, deleted_at timestamptz, access text
);
comment on type chatkeep.document_registration is 'A document and how it came to be. outcome: created, duplicate or new_version.';
create type chatkeep.appended_message as (
  outcome text,
  id uuid, chat_id uuid, tenant_id uuid, user_id uuid, created_at timestamptz, updated_at timestamptz,
  seq integer, parent_id uuid, active boolean,
  role chatkeep.message_role, content chatkeep.message_content, parts chatkeep.json_array,
  status chatkeep.message_status, author_id uuid, written_as text, model chatkeep.model_name,
  token_count chatkeep.natural_number, metadata chatkeep.json_object
);
comment on type chatkeep.appended_message is 'A message of a batch and how it came to be. outcome: appended or stored, which means that it was there before.';
create type chatkeep.found_message as (
  id uuid, chat_id uuid, seq integer, role text, created_at timestamptz, rank real, snippet text
);
comment on type chatkeep.found_message is 'A message that a search found. snippet is HTML: the text escaped, matches in <mark>.';
create type chatkeep.engine_info as (engine text, version text, schema_version text, warning text);
comment on type chatkeep.engine_info is 'Which engine answers: native or portable, its version and the newest migration. warning: what is known against this server; NULL if nothing.';

create function chatkeep_private.refuse(code text, message text, hint text) returns void
language plpgsql set search_path = ''
as $$
begin
  raise exception using errcode = refuse.code, message = refuse.message, hint = refuse.hint;
end
$$;
comment on function chatkeep_private.refuse(text, text, text) is 'Raises a refusal; the only place of the portable engine that does.';
revoke all on function chatkeep_private.refuse(text, text, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse(text, text, text) to anon, authenticated, service_role;

create function chatkeep_private.acting_for(for_user uuid) returns uuid
language plpgsql stable set search_path = ''
as $$
declare
  caller uuid := auth.uid();
  wanted uuid := coalesce(for_user, caller);
begin
  if wanted is null then
    perform chatkeep_private.refuse('42501', 'no user is signed in',
      'Send the user''s JWT, or call as service_role where a user is named.');
  end if;
  if wanted is distinct from caller and not chatkeep_private.is_service() then
    perform chatkeep_private.refuse('42501', 'user_id can be named by service_role only',
      'Leave user_id out to act for yourself.');
  end if;
  return wanted;
end
$$;
comment on function chatkeep_private.acting_for(uuid) is 'The user whom a call is for: the caller, or whom service_role names.';
revoke all on function chatkeep_private.acting_for(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.acting_for(uuid) to authenticated, service_role;

-- The owner's lock before the tenant's, always.
create function chatkeep_private.lock_documents(tenant uuid, owner uuid, shared boolean, wait boolean) returns boolean
language plpgsql volatile set search_path = ''
as $$
declare
  own_key constant bigint := hashtextextended('chatkeep.documents ' || owner, 0);
  tenant_key constant bigint := hashtextextended('chatkeep.documents ' || tenant, 1);
begin
  if not wait then
    return pg_try_advisory_xact_lock(own_key) and (not shared or pg_try_advisory_xact_lock(tenant_key));
  end if;
  perform pg_advisory_xact_lock(own_key);
  if shared then
    perform pg_advisory_xact_lock(tenant_key);
  end if;
  return true;
end
$$;
comment on function chatkeep_private.lock_documents(uuid, uuid, boolean, boolean) is 'Until the transaction ends nobody else registers documents of this owner, or shared ones in this tenant. False where somebody does and nobody is to wait.';
revoke all on function chatkeep_private.lock_documents(uuid, uuid, boolean, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.lock_documents(uuid, uuid, boolean, boolean) to authenticated, service_role;

-- Every call that makes a row of somebody's begins here. The lock on the user's row lasts until the transaction ends:
-- whoever disables, moves or deletes the user waits for the call, and sees what it has made. It comes before every other
-- lock of a call, as it does for those three. alone keeps other calls of the same kind out too.
create function chatkeep_private.enter(for_user uuid default null, alone boolean default false) returns uuid
language plpgsql volatile set search_path = ''
as $$
declare
  entering constant uuid := chatkeep_private.acting_for(for_user);
  tenant uuid;
begin
  for round in 1 .. 2 loop
    if alone then
      select u.tenant_id into tenant from chatkeep.users u
      where u.id = entering and u.disabled_at is null for no key update;
    else
      select u.tenant_id into tenant from chatkeep.users u
      where u.id = entering and u.disabled_at is null for share;
    end if;
    if found then
      return tenant;
    end if;
    exit when round = 2
      or exists (select from chatkeep.users u where u.id = entering and u.disabled_at is not null);
    -- First use, or somebody else's has just made the row.
    begin
      insert into chatkeep.users (id, tenant_id) values (entering, entering) on conflict do nothing;
    exception when foreign_key_violation then
      if for_user is null then
        perform chatkeep_private.refuse('42501', 'this user does not exist', 'Sign in again.');
      end if;
      perform chatkeep_private.refuse('PT404', 'user_id names no user', 'Pass the id of a user in auth.users.');
    end;
  end loop;
  perform chatkeep_private.refuse('42501', 'this user is disabled',
    'Ask an administrator to clear disabled_at in chatkeep.users.');
  return null;
end
$$;
comment on function chatkeep_private.enter(uuid, boolean) is 'The tenant of the caller, or of the user that service_role names, who stays in it and enabled until the transaction ends; makes the membership on first use.';
revoke all on function chatkeep_private.enter(uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.enter(uuid, boolean) to authenticated, service_role;

-- In sight when the call began, and out of reach when it came to write.
create function chatkeep_private.refuse_unwritten(what text) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform chatkeep_private.refuse('42501', what || ' cannot be written any more',
    'The user was disabled during the call, or a policy, trigger or rule of this database keeps the row out. Nothing was stored.');
end
$$;
comment on function chatkeep_private.refuse_unwritten(text) is 'Refuses a call whose statement wrote fewer rows than it had to.';
revoke all on function chatkeep_private.refuse_unwritten(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_unwritten(text) to anon, authenticated, service_role;

-- An id that the caller has chosen, and that nothing in sight has.
create function chatkeep_private.refuse_unseen(what text) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform chatkeep_private.refuse('PT409', what || ' taken by a message that you cannot see',
    'Pass a new id; if it is refused again, a policy, trigger or rule of this database keeps the row out.');
end
$$;
comment on function chatkeep_private.refuse_unseen(text) is 'Refuses a message whose row did not arrive, though its id is new as far as the caller sees.';
revoke all on function chatkeep_private.refuse_unseen(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_unseen(text) to authenticated, service_role;

-- A UUID version 8 (RFC 9562 section 5.8): the first bits of a digest, the same for the same digest.
create function chatkeep_private.uuid_v8(digest bytea) returns uuid
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  bytes bytea := substring(digest for 16);
begin
  bytes := set_byte(bytes, 6, (get_byte(bytes, 6) & 15) | 128);
  bytes := set_byte(bytes, 8, (get_byte(bytes, 8) & 63) | 128);
  return encode(bytes, 'hex')::uuid;
end
$$;
comment on function chatkeep_private.uuid_v8(bytea) is 'A UUID made of a digest.';
revoke all on function chatkeep_private.uuid_v8(bytea) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.uuid_v8(bytea) to anon, authenticated, service_role;

-- Made of the token, so that a spent one finds its session while the session's secrets are out of its reach.
create function chatkeep_private.session_id_of(session_token bytea) returns uuid
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  return chatkeep_private.uuid_v8(sha256(session_token));
end
$$;
comment on function chatkeep_private.session_id_of(bytea) is 'The id of the session whose session secret has this digest. It tells nothing of the digest.';
revoke all on function chatkeep_private.session_id_of(bytea) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.session_id_of(bytea) to anon, authenticated, service_role;

create function chatkeep_private.spent_session(session_token bytea) returns uuid
language plpgsql stable set search_path = ''
as $$
begin
  -- Where an operator hides secrets too, nobody can tell which policy hid this one, and no session ends by it.
  if exists (
    select from pg_catalog.pg_policy p
    where p.polrelid = 'chatkeep_private.session_secrets'::regclass and not p.polpermissive
  ) then
    return null;
  end if;
  return chatkeep_private.session_id_of(session_token);
end
$$;
comment on function chatkeep_private.spent_session(bytea) is 'Which session a token is of that shows no secret: it is spent if there is such a session, and was never issued if there is none.';
revoke all on function chatkeep_private.spent_session(bytea) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.spent_session(bytea) to anon, authenticated, service_role;

create function chatkeep_private.schema_version() returns text
language sql immutable parallel safe set search_path = ''
as $$ select '20261123000800' $$;
comment on function chatkeep_private.schema_version() is 'The newest migration that is applied.';
revoke all on function chatkeep_private.schema_version() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.schema_version() to anon, authenticated, service_role;

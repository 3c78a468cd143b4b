-- Chatkeep: result types, and what both engines call: the way in, the schema's version.

create type chatkeep.session_token as (
  status text, token text, session_id uuid, user_id uuid, tenant_id uuid,
  generation integer, expires_at timestamptz, idle_expires_at timestamptz
);
comment on type chatkeep.session_token is 'A session and its token, shown once. status: created, rotated, replayed, invalid, expired, idle, revoked or reuse_detected.';
create type chatkeep.session_status as (
  status text, session_id uuid, user_id uuid, tenant_id uuid,
  generation integer, expires_at timestamptz, idle_expires_at timestamptz
);
comment on type chatkeep.session_status is 'What a presented token is worth. status: valid, invalid, expired, idle, revoked or reuse_detected.';
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

create function chatkeep_private.lock_sessions(owner uuid) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('chatkeep.sessions ' || owner, 0));
end
$$;
comment on function chatkeep_private.lock_sessions(uuid) is 'Until the transaction ends nobody else counts, limits or ends the sessions of this user.';
revoke all on function chatkeep_private.lock_sessions(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.lock_sessions(uuid) to authenticated, service_role;

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

-- Every call that makes a row of somebody's begins here.
create function chatkeep_private.enter(for_user uuid default null) returns uuid
language plpgsql volatile set search_path = ''
as $$
declare
  entering uuid := chatkeep_private.acting_for(for_user);
  member record;
begin
  select u.tenant_id, u.disabled_at into member from chatkeep.users u where u.id = entering;
  if not found then
    insert into chatkeep.users (id, tenant_id) values (entering, entering) on conflict do nothing;
    select u.tenant_id, u.disabled_at into member from chatkeep.users u where u.id = entering;
  end if;
  if member.disabled_at is not null then
    perform chatkeep_private.refuse('42501', 'this user is disabled',
      'Ask an administrator to clear disabled_at in chatkeep.users.');
  end if;
  return member.tenant_id;
end
$$;
comment on function chatkeep_private.enter(uuid) is 'The tenant of the caller, or of the user that service_role names; makes the membership on first use.';
revoke all on function chatkeep_private.enter(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.enter(uuid) to authenticated, service_role;

create function chatkeep_private.schema_version() returns text
language sql immutable parallel safe set search_path = ''
as $$ select '20261123000800' $$;
comment on function chatkeep_private.schema_version() is 'The newest migration that is applied.';
revoke all on function chatkeep_private.schema_version() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.schema_version() to anon, authenticated, service_role;

-- Chatkeep: access. Written by `cargo xtask generate` from sql/supabase/schemas/access.

-- access/acting_for.sql ------------------------------------------------------------

create or replace function chatkeep_private.acting_for(for_user uuid) returns uuid
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

-- access/claimed_session.sql ------------------------------------------------------------

create or replace function chatkeep_private.claimed_session() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  claimed text := auth.jwt() ->> 'session_id';
begin
  if claimed ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return claimed::uuid;
  end if;
  return null;
end
$$;
comment on function chatkeep_private.claimed_session() is 'The session that the caller''s JWT was made for, by its claim session_id; NULL where it names none.';
revoke all on function chatkeep_private.claimed_session() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.claimed_session() to authenticated, service_role;

-- access/deleted_chats.sql ------------------------------------------------------------

create or replace function chatkeep_private.deleted_chats() returns uuid[]
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

-- access/enter.sql ------------------------------------------------------------

-- Every call that makes a row of somebody's begins here. The lock on the user's row lasts until the transaction ends:
-- whoever disables, moves or deletes the user waits for the call, and sees what it has made. It comes before every other
-- lock of a call, as it does for those three. alone keeps other calls of the same kind out too.
create or replace function chatkeep_private.enter(for_user uuid default null, alone boolean default false) returns uuid
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

-- access/in_call.sql ------------------------------------------------------------

-- Asked of deleted chats alone, so a subquery of its own in every statement would cost more than it saves.
create or replace function chatkeep_private.in_call() returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return coalesce(current_setting('chatkeep.writing', true), '') <> '';
end
$$;
comment on function chatkeep_private.in_call() is 'Whether one of the calls is running, which then says of a deleted chat that it is deleted.';
revoke all on function chatkeep_private.in_call() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.in_call() to authenticated, service_role;

-- access/is_service.sql ------------------------------------------------------------

create or replace function chatkeep_private.is_service() returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return (select r.rolbypassrls or r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user);
end
$$;
comment on function chatkeep_private.is_service() is 'Whether the calling role is exempt from policies, as service_role is.';
revoke all on function chatkeep_private.is_service() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.is_service() to anon, authenticated, service_role;

-- access/keeps_order.sql ------------------------------------------------------------

-- The calls need the right to move last_seq and its neighbours; a client that updates chats directly has the same
-- right by column grant, so the policy takes it back. Volatile, since it looks at the row as it is when the new one is
-- about to replace it: a stable function would compare with what the statement saw when it began, and refuse a new
-- title for a message that came in between.
create or replace function chatkeep_private.keeps_order(
  id uuid, tenant_id uuid, message_count integer, last_seq integer, active_leaf_id uuid,
  updated_at timestamptz, deleted_at timestamptz
) returns boolean
language plpgsql volatile set search_path = ''
as $$
begin
  if current_setting('chatkeep.writing', true) = 'on' then
    return true;
  end if;
  if not exists (
    select from chatkeep.chats c
    where c.id = keeps_order.id and c.tenant_id = keeps_order.tenant_id
      and (c.message_count, c.last_seq, c.active_leaf_id, c.updated_at, c.deleted_at)
        is not distinct from (keeps_order.message_count, keeps_order.last_seq, keeps_order.active_leaf_id,
          keeps_order.updated_at, keeps_order.deleted_at)
  ) then
    perform chatkeep_private.refuse('42501', 'only title, metadata and archived_at of a chat can be changed directly',
      'Messages move the other columns: use append_message.');
  end if;
  return true;
end
$$;
comment on function chatkeep_private.keeps_order(uuid, uuid, integer, integer, uuid, timestamptz, timestamptz) is 'Refuses an update of a chat, outside the calls, that moves more than title, metadata and archived_at.';
revoke all on function chatkeep_private.keeps_order(uuid, uuid, integer, integer, uuid, timestamptz, timestamptz) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.keeps_order(uuid, uuid, integer, integer, uuid, timestamptz, timestamptz) to authenticated, service_role;

-- access/lock_documents.sql ------------------------------------------------------------

-- The owner's lock before the tenant's, always.
create or replace function chatkeep_private.lock_documents(tenant uuid, owner uuid, shared boolean, wait boolean) returns boolean
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

-- access/may_read_salt.sql ------------------------------------------------------------

-- A function of the row, asked of the one row that the session secret unlocks: subqueries would be plans of their own in
-- every statement.
create or replace function chatkeep_private.may_read_salt(
  refresh_digest bytea, previous_digest bytea, rotated_at timestamptz
) returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  presented constant bytea := chatkeep_private.presented_refresh();
begin
  return presented = refresh_digest
    or (presented = previous_digest and rotated_at > clock_timestamp() - interval '10 seconds');
end
$$;
comment on function chatkeep_private.may_read_salt(bytea, bytea, timestamptz) is 'Whether the refresh secret that is presented is the current one of a session, or the one before for as long as a rotation may be repeated.';
revoke all on function chatkeep_private.may_read_salt(bytea, bytea, timestamptz) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.may_read_salt(bytea, bytea, timestamptz) to anon, authenticated, service_role;

-- access/presented_refresh.sql ------------------------------------------------------------

create or replace function chatkeep_private.presented_refresh() returns bytea
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return sha256(decode(nullif(substr(current_setting('chatkeep.presented', true), 49, 48), ''), 'hex'));
end
$$;
comment on function chatkeep_private.presented_refresh() is 'SHA-256 of the refresh secret that the current call presented; NULL when none was.';
revoke all on function chatkeep_private.presented_refresh() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.presented_refresh() to anon, authenticated, service_role;

-- access/presented_session.sql ------------------------------------------------------------

-- Proof of possession: the functions put the two secrets of a presented token into this setting, in hexadecimal, the
-- session's and the refresh secret, and put back what was there before they return. Forging the setting without the
-- secrets matches no digest.
create or replace function chatkeep_private.presented_session() returns bytea
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return sha256(decode(nullif(substr(current_setting('chatkeep.presented', true), 1, 48), ''), 'hex'));
end
$$;
comment on function chatkeep_private.presented_session() is 'SHA-256 of the session secret that the current call presented; NULL when none was.';
revoke all on function chatkeep_private.presented_session() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.presented_session() to anon, authenticated, service_role;

-- access/rare_equality.sql ------------------------------------------------------------

-- documents. To the planner, who asks is a user of average size. Where users are few, it takes that one's newest documents
-- for a stretch of documents_created_at_idx, and goes through those of all tenants when the user has hardly any. An operator
-- with the selectivity of containment says that few rows pass, so the rows are gathered by user and by tenant; and since no
-- index answers it, none that only holds the tenant somewhere is read from end to end.
create operator chatkeep_private.=== (
  leftarg = uuid, rightarg = uuid, function = pg_catalog.uuid_eq, restrict = pg_catalog.contsel
);
comment on operator chatkeep_private.=== (uuid, uuid) is 'Equality that the planner takes for rare.';

-- access/tenant_id.sql ------------------------------------------------------------

-- PL/pgSQL keeps its plan over the statements of a backend; a SQL function here is planned anew in every one (before PG 18).
create or replace function chatkeep.tenant_id() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return (select u.tenant_id from chatkeep.users u where u.id = auth.uid() and u.disabled_at is null);
end
$$;
comment on function chatkeep.tenant_id() is 'The tenant of the signed-in user; NULL when nobody is signed in, before first use, and for a disabled user.';
revoke all on function chatkeep.tenant_id() from public, anon, authenticated, service_role;
grant execute on function chatkeep.tenant_id() to authenticated, service_role;

-- access/uid.sql ------------------------------------------------------------

-- Policies call this and not auth.uid() itself: parsing the claims for every policy of a statement made a tenth of an
-- append, and the native engine reads them without.
create or replace function chatkeep.uid() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return auth.uid();
end
$$;
comment on function chatkeep.uid() is 'The signed-in user: auth.uid(), as the policies ask for it.';
revoke all on function chatkeep.uid() from public, anon, authenticated, service_role;
grant execute on function chatkeep.uid() to authenticated, service_role;

-- access/writer.sql ------------------------------------------------------------

-- One question where a policy would have two: each subquery of a policy is a plan of its own, in every statement.
create or replace function chatkeep_private.writer() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  if current_setting('chatkeep.writing', true) = 'on' then
    return auth.uid();
  end if;
  return null;
end
$$;
comment on function chatkeep_private.writer() is 'The signed-in user inside a call that writes; NULL outside, so that no client writes by hand.';
revoke all on function chatkeep_private.writer() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.writer() to authenticated, service_role;

-- Chatkeep, portable engine: what the policies ask. They name these functions, so an engine replaces them in place.
-- Running this again is harmless.

-- Who calls ----------------------------------------------------------------------------------------

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

-- What is presented -------------------------------------------------------------------------------

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

create or replace function chatkeep_private.presented_refresh() returns bytea
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return sha256(decode(nullif(substr(current_setting('chatkeep.presented', true), 49, 48), ''), 'hex'));
end
$$;
comment on function chatkeep_private.presented_refresh() is 'SHA-256 of the refresh secret that the current call presented; NULL when none was.';

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
revoke all on function
  chatkeep_private.presented_session(),
  chatkeep_private.presented_refresh(),
  chatkeep_private.may_read_salt(bytea, bytea, timestamptz)
  from public, anon, authenticated, service_role;
grant execute on function
  chatkeep_private.presented_session(),
  chatkeep_private.presented_refresh(),
  chatkeep_private.may_read_salt(bytea, bytea, timestamptz)
  to anon, authenticated, service_role;

-- What a call may do that its caller may not -------------------------------------------------------

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

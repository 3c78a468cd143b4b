-- Chatkeep: access. Written by `cargo xtask generate` from sql/supabase/schemas/access.

-- access/acting_for.sql ------------------------------------------------------------

create or replace function chatkeep_private.acting_for(for_user uuid) returns uuid
language plpgsql stable set search_path = ''
as $$
declare
  caller uuid := chatkeep.uid();
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
comment on function chatkeep_private.acting_for(uuid) is
  'The user that a call acts for: the caller, or the user that service_role names.';
revoke all on function chatkeep_private.acting_for(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.acting_for(uuid) to authenticated, service_role;

-- access/check_moving.sql ------------------------------------------------------------

-- For writes that no policy stops: tenant_id() refuses those of calls by users, and policies ask it in every statement.
create or replace function chatkeep_private.check_moving(tenant_id uuid) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if exists (select from chatkeep.tenants t where t.id = check_moving.tenant_id and t.is_moving) then
    perform chatkeep_private.refuse_moving();
  end if;
end
$$;
comment on function chatkeep_private.check_moving(uuid) is
  'Refuses a write of a tenant that is being moved. The caller is a member of the tenant or bypasses RLS.';
revoke all on function chatkeep_private.check_moving(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_moving(uuid) to authenticated, service_role;

-- access/claimed_identity.sql ------------------------------------------------------------

-- If the issuer is not registered, the claim sub is an id of Supabase Auth. Ids of version 8 belong to users of registered
-- issuers, so no other token can name one of them.
create or replace function chatkeep_private.claimed_identity(out id uuid, out issuer text, out subject text)
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  older constant text := nullif(current_setting('request.jwt.claim.sub', true), '');
  claims constant jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  claimed constant text := coalesce(older, claims ->> 'sub');
  claimed_issuer constant text := case when claimed = claims ->> 'sub' then claims ->> 'iss'
    else nullif(current_setting('request.jwt.claim.iss', true), '') end;
begin
  if claimed is null then
    return;
  end if;
  if exists (select from chatkeep.identity_providers p where p.issuer = claimed_issuer) then
    if jsonb_typeof(claims -> 'sub') <> 'string' or char_length(claimed) not between 1 and 500 then
      perform chatkeep_private.refuse('42501', 'the claim sub must be a string of 1 to 500 characters',
        'Sign in again, or correct the claims that the issuer writes.');
    end if;
    issuer := claimed_issuer;
    subject := claimed;
    id := chatkeep.user_id(issuer, subject);
    return;
  end if;
  -- Every form that PostgreSQL takes for a UUID.
  if claimed !~ '^([{]([0-9A-Fa-f]{4}-?){7}[0-9A-Fa-f]{4}[}]|([0-9A-Fa-f]{4}-?){7}[0-9A-Fa-f]{4})$' then
    if claimed_issuer is null then
      perform chatkeep_private.refuse('42501', 'the claim sub is no UUID, and the token names no issuer',
        'Sign in with Supabase Auth, or send tokens with the claim iss of a registered issuer.');
    end if;
    perform chatkeep_private.refuse('42501', format('the issuer %s is not registered', claimed_issuer),
      format('Run as service_role: insert into chatkeep.identity_providers (issuer, name) values (%L, ''a name'');',
        claimed_issuer));
  end if;
  -- pre_request() writes this issuer when it signs a request in by a session. The session names its user by the id.
  if get_byte(uuid_send(claimed::uuid), 6) >> 4 = 8 and claimed_issuer is distinct from 'chatkeep/auth/v1' then
    perform chatkeep_private.refuse('42501', 'the claim sub is an id of a registered issuer''s user',
      'Sign in where this user signs in.');
  end if;
  id := claimed::uuid;
end
$$;
comment on function chatkeep_private.claimed_identity() is
  'The user whom the claims of the request name. issuer and subject are NULL for a user of Supabase Auth.';
revoke all on function chatkeep_private.claimed_identity() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.claimed_identity() to anon, authenticated, service_role;

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
comment on function chatkeep_private.claimed_session() is
  'The session in the claim session_id of the caller''s JWT; NULL without that claim.';
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
  -- In a call that opens a shared chat, NULL makes the policies ask for this chat.
  if marker like '% %' then
    return null;
  end if;
  -- Inside a call nothing is hidden. This answers inside a call too, because PostgreSQL evaluates every subquery of a
  -- statement when it checks a row again that another transaction has changed.
  if marker <> '' then
    return '{}'::uuid[];
  end if;
  -- The marker makes the policy of chats show deleted chats. A parallel plan cannot set it.
  perform set_config('chatkeep.writing', 'off', true);
  deleted := array(select c.id from chatkeep.chats c where c.user_id = chatkeep_private.reader() and c.deleted_at is not null);
  perform set_config('chatkeep.writing', marker, true);
  return deleted;
end
$$;
comment on function chatkeep_private.deleted_chats() is
  'The deleted chats of the user whose rows the request reads. Their messages are invisible. NULL in a call that opens a shared chat.';
revoke all on function chatkeep_private.deleted_chats() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.deleted_chats() to authenticated, service_role;

-- access/enabled_user.sql ------------------------------------------------------------

-- Sessions belong to the person in all tenants, so a removal from one tenant takes none of them away.
create or replace function chatkeep_private.enabled_user() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return (select u.id from chatkeep.users u where u.id = chatkeep.uid() and u.disabled_at is null);
end
$$;
comment on function chatkeep_private.enabled_user() is 'The signed-in user; NULL for a disabled one and for one that is not stored.';
revoke all on function chatkeep_private.enabled_user() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.enabled_user() to authenticated, service_role;

-- access/enter.sql ------------------------------------------------------------

-- Every call that makes rows of a user begins here. The lock on the membership lasts until the transaction ends:
-- disabling, moving and deleting the user wait for the call and see what it made. Calls, and those three, take this
-- lock before every other lock. alone also keeps out other calls that ask for it.
create or replace function chatkeep_private.enter(for_user uuid default null, alone boolean default false) returns uuid
language plpgsql volatile set search_path = ''
as $$
declare
  entering constant uuid := chatkeep_private.acting_for(for_user);
  named constant uuid := chatkeep_private.named_tenant();
  tenant uuid;
  is_moving boolean;
begin
  for round in 1 .. 2 loop
    if alone then
      select m.tenant_id, m.tenant_is_moving into tenant, is_moving from chatkeep.memberships m
      where m.user_id = entering and m.is_enabled
        and (case when named is null then m.is_home else m.tenant_id = named end)
      for no key update;
    else
      select m.tenant_id, m.tenant_is_moving into tenant, is_moving from chatkeep.memberships m
      where m.user_id = entering and m.is_enabled
        and (case when named is null then m.is_home else m.tenant_id = named end)
      for share;
    end if;
    if found then
      if is_moving then
        perform chatkeep_private.refuse_moving();
      end if;
      return tenant;
    end if;
    -- First use, or another transaction has just made the membership.
    if round = 1 and not exists (select from chatkeep.memberships m where m.user_id = entering and m.is_home) then
      begin
        insert into chatkeep.users (id, issuer, subject)
        select entering, c.issuer, c.subject
        from (values (entering)) e (id) left join chatkeep_private.claimed_identity() c on c.id = e.id
        where not exists (select from chatkeep.users u where u.id = entering)
        on conflict do nothing;
        insert into chatkeep.memberships (user_id, tenant_id, role, is_home) values (entering, entering, 'owner', true)
        on conflict do nothing;
      -- Of a registered issuer's user, the id alone says neither issuer nor subject. Another transaction may delete or
      -- disable the user meanwhile; refuse_outsider says so of a disabled one.
      exception when foreign_key_violation or check_violation then
        if not exists (select from chatkeep.users u where u.id = entering) then
          if for_user is null then
            perform chatkeep_private.refuse('42501', 'this user does not exist', 'Sign in again.');
          end if;
          perform chatkeep_private.refuse('PT404', 'user_id names no user',
            'Pass the id of a user in auth.users, or of one in chatkeep.users.');
        end if;
      end;
    end if;
  end loop;
  perform chatkeep_private.refuse_outsider(entering);
  return null;
end
$$;
comment on function chatkeep_private.enter(uuid, boolean) is
  'Locks the membership of the caller, or of the user that service_role names, until the transaction ends, and returns the tenant. Refuses a disabled one, and a tenant that is being moved. Makes the membership on first use.';
revoke all on function chatkeep_private.enter(uuid, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.enter(uuid, boolean) to authenticated, service_role;

-- access/header_uuid.sql ------------------------------------------------------------

create or replace function chatkeep_private.header_uuid(header text) returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  named constant text := current_setting('request.headers', true)::jsonb ->> header;
begin
  if named !~ '^([0-9A-Fa-f]{4}-?){7}[0-9A-Fa-f]{4}$' then
    perform chatkeep_private.refuse('22023', format('the header %s is no UUID', header), 'Send an id, or leave the header out.');
  end if;
  return named::uuid;
end
$$;
comment on function chatkeep_private.header_uuid(text) is 'The UUID in a header of the request; NULL without this header.';
revoke all on function chatkeep_private.header_uuid(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.header_uuid(text) to authenticated, service_role;

-- access/in_call.sql ------------------------------------------------------------

-- A policy asks this only about deleted chats, so it calls the function per row: a subquery would run in every
-- statement.
create or replace function chatkeep_private.in_call() returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return coalesce(current_setting('chatkeep.writing', true) in ('on', 'off'), false);
end
$$;
comment on function chatkeep_private.in_call() is
  'Whether a call for the caller''s own rows is running. It sees deleted chats, so that it can refuse them as deleted.';
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
comment on function chatkeep_private.is_service() is 'Whether the calling role bypasses RLS, as service_role does.';
revoke all on function chatkeep_private.is_service() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.is_service() to anon, authenticated, service_role;

-- access/keeps_order.sql ------------------------------------------------------------

-- The calls need the right to change last_seq and the columns beside it, so clients have the same column grants. This
-- policy takes the right back outside of calls. The function is volatile, so it sees the row that is about to be
-- replaced. A stable function would see the row as it was when the statement began, and would refuse a new title if a
-- message arrived in between.
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
  -- In a shared chat somebody who may write appends messages, and changes nothing else.
  if current_setting('chatkeep.writing', true) like 'on %' and deleted_at is null and chatkeep_private.writer() is not null then
    return true;
  end if;
  if current_setting('chatkeep.writing', true) like '% %' or not exists (
    select from chatkeep.chats c
    where c.id = keeps_order.id and c.tenant_id = keeps_order.tenant_id and c.user_id = chatkeep.uid()
      and (c.message_count, c.last_seq, c.active_leaf_id, c.updated_at, c.deleted_at)
        is not distinct from (keeps_order.message_count, keeps_order.last_seq, keeps_order.active_leaf_id,
          keeps_order.updated_at, keeps_order.deleted_at)
  ) then
    perform chatkeep_private.refuse('42501', 'only title, metadata, archived_at, pinned_at, folder, tags and read_up_to_seq of a chat can be changed directly',
      'Messages move the other columns: use append_message.');
  end if;
  perform chatkeep_private.check_moving(keeps_order.tenant_id);
  return true;
end
$$;
comment on function chatkeep_private.keeps_order(uuid, uuid, integer, integer, uuid, timestamptz, timestamptz) is
  'Refuses an update of a chat outside of calls that changes more than clients may change directly, or whose tenant is being moved.';
revoke all on function chatkeep_private.keeps_order(uuid, uuid, integer, integer, uuid, timestamptz, timestamptz) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.keeps_order(uuid, uuid, integer, integer, uuid, timestamptz, timestamptz) to authenticated, service_role;

-- access/lock_documents.sql ------------------------------------------------------------

-- The owner's lock always comes before the tenant's.
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
comment on function chatkeep_private.lock_documents(uuid, uuid, boolean, boolean) is
  'Keeps others from registering documents of this owner, and shared documents of this tenant, until the transaction ends. Returns false if wait is false and another transaction holds a lock.';
revoke all on function chatkeep_private.lock_documents(uuid, uuid, boolean, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.lock_documents(uuid, uuid, boolean, boolean) to authenticated, service_role;

-- access/managed_tenant.sql ------------------------------------------------------------

-- As in tenant_id(), a sequential scan would meet other people's rows, and their policy would ask this function again.
create or replace function chatkeep_private.managed_tenant() returns uuid
language plpgsql stable parallel safe set search_path = '' set enable_seqscan = off
as $$
begin
  return (
    select m.tenant_id from chatkeep.memberships m
    where m.user_id = chatkeep.uid() and m.tenant_id = chatkeep.tenant_id() and m.role <> 'member' and m.is_enabled
  );
end
$$;
comment on function chatkeep_private.managed_tenant() is
  'The tenant of the request, if the caller is an owner or an admin there; NULL otherwise.';
revoke all on function chatkeep_private.managed_tenant() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.managed_tenant() to authenticated, service_role;

-- access/may_hand_over.sql ------------------------------------------------------------

-- The one place that decides who may give rows of one person to another. The calls ask it, and so do the triggers that
-- guard the owner of a chat and of a document.
create or replace function chatkeep_private.may_hand_over(tenant uuid) returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return tenant is not null and chatkeep_private.is_service();
end
$$;
comment on function chatkeep_private.may_hand_over(uuid) is
  'Whether the caller may give chats and documents of this tenant to another member: service_role.';
revoke all on function chatkeep_private.may_hand_over(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.may_hand_over(uuid) to authenticated, service_role;

-- access/may_read_salt.sql ------------------------------------------------------------

-- The policy calls this for the one row that the session secret unlocks. Subqueries would be planned and run in every
-- statement.
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
comment on function chatkeep_private.may_read_salt(bytea, bytea, timestamptz) is
  'Whether the presented refresh secret is the current one of a session, or the previous one while a rotation may be repeated.';
revoke all on function chatkeep_private.may_read_salt(bytea, bytea, timestamptz) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.may_read_salt(bytea, bytea, timestamptz) to anon, authenticated, service_role;

-- access/may_still_write.sql ------------------------------------------------------------

-- Every statement of a call sees what others have committed by then, and a share may be revoked between two of them. A
-- statement that asks this inserts nothing then, and the call can say so. The policy would end it with an error of its own.
create or replace function chatkeep_private.may_still_write() returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return current_setting('chatkeep.writing', true) not like 'on %' or chatkeep_private.writer() is not null;
end
$$;
comment on function chatkeep_private.may_still_write() is
  'Whether the current call may go on writing: in a shared chat while the share with the permission write lasts, elsewhere always.';
revoke all on function chatkeep_private.may_still_write() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.may_still_write() to authenticated, service_role;

-- access/member.sql ------------------------------------------------------------

-- Policies ask this for the person whose rows a request reads. As in tenant_id(), most requests name nobody.
create or replace function chatkeep_private.member() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  if current_setting('request.headers', true) like '%x-chatkeep-member%' then
    return chatkeep_private.named_member();
  end if;
  return chatkeep.uid();
end
$$;
comment on function chatkeep_private.member() is
  'The user whose rows the request reads: the caller, or the member whom an owner or admin of the tenant names in the header x-chatkeep-member.';
revoke all on function chatkeep_private.member() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.member() to authenticated, service_role;

-- access/moving_tenants.sql ------------------------------------------------------------

create or replace function chatkeep_private.moving_tenants() returns uuid[]
language plpgsql stable set search_path = ''
as $$
begin
  return array(select t.id from chatkeep.tenants t where t.is_moving);
end
$$;
comment on function chatkeep_private.moving_tenants() is
  'The tenants that are being moved. Maintenance leaves their rows alone.';
revoke all on function chatkeep_private.moving_tenants() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.moving_tenants() to authenticated, service_role;

-- access/named_member.sql ------------------------------------------------------------

-- As in tenant_id(), a sequential scan would meet other people's rows, and their policy would ask this table again.
create or replace function chatkeep_private.named_member() returns uuid
language plpgsql stable parallel safe set search_path = '' set enable_seqscan = off
as $$
declare
  caller constant uuid := chatkeep.uid();
  named constant uuid := coalesce(chatkeep_private.header_uuid('x-chatkeep-member'), caller);
  readable uuid;
begin
  if named = caller then
    return caller;
  end if;
  select m.user_id into readable from chatkeep.memberships m join chatkeep.tenants t on t.id = m.tenant_id
  where m.user_id = named and m.tenant_id = chatkeep_private.managed_tenant() and t.settings -> 'admin_reads' = 'true';
  if found and current_setting('chatkeep.writing', true) like 'on%' then
    perform chatkeep_private.refuse('42501', 'the header x-chatkeep-member is for reading only', 'Send the request without it.');
  end if;
  if not found then
    perform chatkeep_private.refuse('42501', 'the header x-chatkeep-member names nobody whose rows you may read',
      'Owners and admins read what members store where service_role has set admin_reads to true in the settings of the tenant.');
  end if;
  return readable;
end
$$;
comment on function chatkeep_private.named_member() is
  'The member whom the request names in the header x-chatkeep-member, if the caller may read this member''s rows. Refuses anybody else.';
revoke all on function chatkeep_private.named_member() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.named_member() to authenticated, service_role;

-- access/named_tenant.sql ------------------------------------------------------------

create or replace function chatkeep_private.named_tenant() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  claims jsonb;
  named text;
begin
  -- Most requests have no such header, and reading all headers takes longer than this.
  if current_setting('request.headers', true) like '%x-chatkeep-tenant%' then
    named := chatkeep_private.header_uuid('x-chatkeep-tenant');
  end if;
  if named is null then
    claims := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
    named := coalesce(claims ->> 'tenant_id', claims -> 'app_metadata' ->> 'tenant_id');
    -- An application may use the claim for ids of its own.
    if named !~ '^([0-9A-Fa-f]{4}-?){7}[0-9A-Fa-f]{4}$' then
      return null;
    end if;
  end if;
  return named::uuid;
end
$$;
comment on function chatkeep_private.named_tenant() is
  'The tenant that the request names in the header x-chatkeep-tenant or in a claim; NULL if it names none. Nothing confirms it.';
revoke all on function chatkeep_private.named_tenant() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.named_tenant() to authenticated, service_role;

-- access/open_chat.sql ------------------------------------------------------------

-- Policies then show the owner's chat to the rest of the call, and nothing else of the owner. The widest share counts.
create or replace function chatkeep_private.open_chat(chat_id uuid) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  marker constant text := current_setting('chatkeep.writing', true);
  share record;
begin
  select s.id, s.permission into share from chatkeep_private.open_shares s
  where s.chat_id = open_chat.chat_id and s.is_given
  order by s.permission desc, s.up_to_seq desc nulls first limit 1;
  if not found then
    perform chatkeep_private.refuse_chat(false, null);
  end if;
  if marker = 'on' and share.permission <> 'write' then
    perform chatkeep_private.refuse('42501', 'chat_id names a chat that you may only read',
      'Its owner can share it with the permission write.');
  end if;
  perform set_config('chatkeep.writing', marker || ' ' || share.id, true);
end
$$;
comment on function chatkeep_private.open_chat(uuid) is
  'Opens a chat of somebody else that is shared with the caller, until the current call ends. Refuses any other chat.';
revoke all on function chatkeep_private.open_chat(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.open_chat(uuid) to authenticated, service_role;

-- access/opened_chat.sql ------------------------------------------------------------

-- The policy of chats hides a deleted chat from everybody it is shared with. So its messages are hidden too.
create or replace function chatkeep_private.opened_chat() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  if current_setting('chatkeep.writing', true) like '% %' then
    return (select c.id from chatkeep.chats c where c.id = chatkeep_private.shared_chat_id());
  end if;
  return null;
end
$$;
comment on function chatkeep_private.opened_chat() is
  'The shared chat that the current call opens; NULL without a share.';
revoke all on function chatkeep_private.opened_chat() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.opened_chat() to authenticated, service_role;

-- access/opened_to.sql ------------------------------------------------------------

create or replace function chatkeep_private.opened_to() returns integer
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return (select coalesce(s.up_to_seq, 2147483647) from chatkeep_private.opened_share s);
end
$$;
comment on function chatkeep_private.opened_to() is
  'The seq of the last message that the share of the current call shows; NULL without a share.';
revoke all on function chatkeep_private.opened_to() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.opened_to() to authenticated, service_role;

-- access/presented_link.sql ------------------------------------------------------------

-- open_share writes the secret of a link into this setting, in hexadecimal, and restores the setting before it returns.
-- A forged setting without the secret matches no digest.
create or replace function chatkeep_private.presented_link() returns bytea
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return sha256(decode(nullif(current_setting('chatkeep.presented_link', true), ''), 'hex'));
end
$$;
comment on function chatkeep_private.presented_link() is
  'SHA-256 of the secret of the link that the current call presented; NULL without one.';
revoke all on function chatkeep_private.presented_link() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.presented_link() to authenticated, service_role;

-- access/presented_refresh.sql ------------------------------------------------------------

create or replace function chatkeep_private.presented_refresh() returns bytea
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return sha256(decode(nullif(substr(current_setting('chatkeep.presented', true), 49, 48), ''), 'hex'));
end
$$;
comment on function chatkeep_private.presented_refresh() is
  'SHA-256 of the refresh secret that the current call presented; NULL without one.';
revoke all on function chatkeep_private.presented_refresh() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.presented_refresh() to anon, authenticated, service_role;

-- access/presented_session.sql ------------------------------------------------------------

-- Proof of possession: a call writes both secrets of the presented token into this setting, in hexadecimal (48
-- characters of the session secret, then 48 of the refresh secret), and restores the setting before it returns. A
-- forged setting without the secrets matches no digest.
create or replace function chatkeep_private.presented_session() returns bytea
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return sha256(decode(nullif(substr(current_setting('chatkeep.presented', true), 1, 48), ''), 'hex'));
end
$$;
comment on function chatkeep_private.presented_session() is
  'SHA-256 of the session secret that the current call presented; NULL without one.';
revoke all on function chatkeep_private.presented_session() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.presented_session() to anon, authenticated, service_role;

-- access/presented_share.sql ------------------------------------------------------------

-- A call that opens a shared chat adds the id of the share to its marker: "off <id>" while it reads, "on <id>" while it
-- writes. The setting goes back with the marker when the call ends. The id alone unlocks nothing: see opened_share.
create or replace function chatkeep_private.presented_share() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return nullif(split_part(current_setting('chatkeep.writing', true), ' ', 2), '')::uuid;
end
$$;
comment on function chatkeep_private.presented_share() is
  'The id of the share through which the current call works; NULL in a call for the caller''s own chat.';
revoke all on function chatkeep_private.presented_share() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.presented_share() to authenticated, service_role;

-- access/rare_equality.sql ------------------------------------------------------------

-- The planner cannot see which user is asking and assumes an average one. In a database with few users it would scan
-- documents_created_at_idx from the newest entry and, for a user with few documents, read the documents of all other
-- tenants on the way. This operator has the selectivity of containment, so the planner expects few rows and collects
-- the rows of the user and of the tenant. No index supports the operator, so an index that merely contains the tenant
-- is not scanned from end to end.
create operator chatkeep_private.=== (
  leftarg = uuid, rightarg = uuid, function = pg_catalog.uuid_eq, restrict = pg_catalog.contsel
);
comment on operator chatkeep_private.=== (uuid, uuid) is 'Equality that the planner estimates to match few rows.';

-- access/reader.sql ------------------------------------------------------------

-- A call that opens a shared chat reads as its owner, and the policies of chats, messages and attachments then show this
-- chat alone (opened_chat). Other policies ask member().
create or replace function chatkeep_private.reader() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  if current_setting('chatkeep.writing', true) like '% %' then
    return (select s.user_id from chatkeep_private.opened_share s);
  end if;
  return chatkeep_private.member();
end
$$;
comment on function chatkeep_private.reader() is
  'The user whose chats are shown: member(), or in a call that opens a shared chat the owner of this chat.';
revoke all on function chatkeep_private.reader() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.reader() to authenticated, service_role;

-- access/reading_tenant.sql ------------------------------------------------------------

create or replace function chatkeep_private.reading_tenant() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  if current_setting('chatkeep.writing', true) like '% %' then
    return (select s.tenant_id from chatkeep_private.opened_share s);
  end if;
  return chatkeep.tenant_id();
end
$$;
comment on function chatkeep_private.reading_tenant() is
  'The tenant whose rows are shown: that of the request, or in a call that opens a shared chat that of this chat.';
revoke all on function chatkeep_private.reading_tenant() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.reading_tenant() to authenticated, service_role;

-- access/refuse_outsider.sql ------------------------------------------------------------

create or replace function chatkeep_private.refuse_outsider(person uuid) returns void
language plpgsql stable set search_path = ''
as $$
declare
  named constant uuid := chatkeep_private.named_tenant();
begin
  if named is not null and not exists (
    select from chatkeep.memberships m where m.user_id = person and m.tenant_id = named
  ) then
    perform chatkeep_private.refuse('PT404', 'the request names no tenant of this user',
      'Name another tenant in the header x-chatkeep-tenant or in the claim tenant_id, or none.');
  end if;
  perform chatkeep_private.refuse('42501', 'this user is disabled',
    'Ask an administrator to clear disabled_at in chatkeep.users or chatkeep.memberships.');
end
$$;
comment on function chatkeep_private.refuse_outsider(uuid) is
  'Refuses a person without an enabled membership in the tenant of the request.';
revoke all on function chatkeep_private.refuse_outsider(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_outsider(uuid) to authenticated, service_role;

-- access/serves.sql ------------------------------------------------------------

-- Two tenants may hold one id. A service that names the tenant in the header x-chatkeep-tenant sees that tenant alone.
create or replace function chatkeep_private.serves(tenant_id uuid) returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return chatkeep_private.is_service()
    and coalesce(chatkeep_private.named_tenant(), serves.tenant_id) = serves.tenant_id;
end
$$;
comment on function chatkeep_private.serves(uuid) is 'Whether the caller is a service that acts in this tenant.';
revoke all on function chatkeep_private.serves(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.serves(uuid) to authenticated, service_role;

-- access/shared_chat_id.sql ------------------------------------------------------------

create or replace function chatkeep_private.shared_chat_id() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  if current_setting('chatkeep.writing', true) like '% %' then
    return (select s.chat_id from chatkeep_private.opened_share s);
  end if;
  return null;
end
$$;
comment on function chatkeep_private.shared_chat_id() is
  'The chat of the share through which the current call works, also if the chat is deleted; NULL without a share.';
revoke all on function chatkeep_private.shared_chat_id() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.shared_chat_id() to authenticated, service_role;

-- access/tenant_id.sql ------------------------------------------------------------

-- PL/pgSQL keeps its plan for the life of a backend. Before PostgreSQL 18 a SQL function is planned again in every
-- statement. A sequential scan would meet other people's rows, and their policy would ask this function again.
-- Every statement of a call that writes asks this through policies, so this is where a tenant that is being moved is refused.
create or replace function chatkeep.tenant_id() returns uuid
language plpgsql stable parallel safe set search_path = '' set enable_seqscan = off
as $$
declare
  named uuid;
begin
  -- Most requests name no tenant, and reading headers and claims takes longer than this.
  if current_setting('request.headers', true) like '%x-chatkeep-tenant%' or current_setting('request.jwt.claims', true) like '%"tenant_id"%' then
    named := chatkeep_private.named_tenant();
  end if;
  if named is null then
    return (
      select case when m.tenant_is_moving and current_setting('chatkeep.writing', true) like 'on%' then chatkeep_private.refuse_moving() else m.tenant_id end
      from chatkeep.memberships m where m.user_id = chatkeep.uid() and m.is_home and m.is_enabled
    );
  end if;
  return (
    select case when m.tenant_is_moving and current_setting('chatkeep.writing', true) like 'on%' then chatkeep_private.refuse_moving() else m.tenant_id end
    from chatkeep.memberships m where m.user_id = chatkeep.uid() and m.tenant_id = named and m.is_enabled
  );
end
$$;
comment on function chatkeep.tenant_id() is
'The tenant of the request: the one that it names, or the home of the signed-in user. NULL without an enabled membership there. A call that writes is refused while the tenant is being moved.
A request names a tenant in the header x-chatkeep-tenant, in the claim tenant_id, or in the claim app_metadata.tenant_id, in this order.';
revoke all on function chatkeep.tenant_id() from public, anon, authenticated, service_role;
grant execute on function chatkeep.tenant_id() to authenticated, service_role;

-- access/uid.sql ------------------------------------------------------------

-- Policies and calls ask this for the caller, several times in a statement. So the tokens of Supabase Auth are told
-- apart here, without a look at the table of issuers: their issuer ends in /auth/v1, which no registered issuer does.
-- request.jwt.claim.sub is the setting of older gateways. Where it is not empty, it overrides the claims, as in auth.uid().
create or replace function chatkeep.uid() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  claims constant jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  claimed constant text := claims ->> 'sub';
  older constant text := nullif(current_setting('request.jwt.claim.sub', true), '');
begin
  if claimed is null and older is null then
    return null;
  end if;
  if coalesce(older, claimed) = claimed and coalesce(claims ->> 'iss', '/auth/v1') like '%/auth/v1' and substr(claimed, 15, 1) <> '8'
     and translate(claimed, '0123456789abcdefABCDEF', 'xxxxxxxxxxxxxxxxxxxxxx') = 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx' then
    return claimed::uuid;
  end if;
  return (select i.id from chatkeep_private.claimed_identity() i);
end
$$;
comment on function chatkeep.uid() is
'Returns the id of the signed-in user, NULL if nobody is signed in.
It is the claim sub of a token of Supabase Auth, and user_id(iss, sub) if the token''s issuer is in identity_providers.
Errors: 42501.';
revoke all on function chatkeep.uid() from public, anon, authenticated, service_role;
grant execute on function chatkeep.uid() to anon, authenticated, service_role;

-- access/views.sql ------------------------------------------------------------

-- The time of the statement, so that a share expires between the statements of its user, and never within a call.
create view chatkeep_private.open_shares with (security_invoker = true) as
select s.id, s.chat_id, s.tenant_id, s.user_id, s.secret_digest, s.permission, s.up_to_seq, s.created_at, s.expires_at,
  (s.with_tenant_id = (select chatkeep.tenant_id()) and s.user_id <> (select chatkeep.uid())
    and coalesce(s.with_user_id, (select chatkeep.uid())) = (select chatkeep.uid())) is true as is_given
from chatkeep.chat_shares s
where s.revoked_at is null and (s.expires_at is null or s.expires_at > statement_timestamp());
comment on view chatkeep_private.open_shares is
  'The shares that the caller has given or was given, unless they are revoked or expired. is_given: the caller, as a member of the tenant, was given this one.';
revoke all on chatkeep_private.open_shares from public, anon, authenticated, service_role;
grant select on chatkeep_private.open_shares to authenticated, service_role;

create view chatkeep_private.opened_share with (security_invoker = true) as
select s.id, s.chat_id, s.tenant_id, s.user_id, s.permission, s.up_to_seq
from chatkeep_private.open_shares s
where s.id = (select chatkeep_private.presented_share());
comment on view chatkeep_private.opened_share is
  'The share through which the current call works. No row if the caller has no such share, or has it no longer.';
revoke all on chatkeep_private.opened_share from public, anon, authenticated, service_role;
grant select on chatkeep_private.opened_share to authenticated, service_role;

-- access/writer.sql ------------------------------------------------------------

-- One subquery where a policy would have two: each subquery of a policy is a plan of its own, in every statement.
create or replace function chatkeep_private.writer() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  if current_setting('chatkeep.writing', true) = 'on' then
    return chatkeep.uid();
  end if;
  if current_setting('chatkeep.writing', true) like 'on %' then
    return (select s.user_id from chatkeep_private.opened_share s where s.permission = 'write');
  end if;
  return null;
end
$$;
comment on function chatkeep_private.writer() is
  'Inside a call that writes: the signed-in user, or the owner of the shared chat that the call opens. NULL outside, so that no client writes messages directly.';
revoke all on function chatkeep_private.writer() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.writer() to authenticated, service_role;

-- Chatkeep: people. Written by `cargo xtask generate` from sql/supabase/schemas/people.

-- people/types.sql ------------------------------------------------------------

create type chatkeep.transfer_counts as (chats integer, documents integer, archived integer);
comment on type chatkeep.transfer_counts is 'How much a transfer gave to the new owner.';
comment on column chatkeep.transfer_counts.chats is 'The chats.';
comment on column chatkeep.transfer_counts.documents is 'The documents.';
comment on column chatkeep.transfer_counts.archived is
  'Those of the documents that were archived, because the new owner has the same source or the same private bytes.';

create type chatkeep.new_share as (
  id uuid, chat_id uuid, with_user_id uuid, with_tenant boolean, by_link boolean, permission text, up_to_seq integer,
  created_at timestamptz, expires_at timestamptz, revoked_at timestamptz, secret text
);
comment on type chatkeep.new_share is 'A share, and the secret of a new link.';
comment on column chatkeep.new_share.with_user_id is 'NULL unless the chat is shared with one member.';
comment on column chatkeep.new_share.with_tenant is 'Whether the chat is shared with all members of the tenant.';
comment on column chatkeep.new_share.by_link is 'Whether the chat is shared by a link.';
comment on column chatkeep.new_share.permission is 'One of read, write.';
comment on column chatkeep.new_share.up_to_seq is 'The seq of the last message that is shown. NULL: the share is live.';
comment on column chatkeep.new_share.expires_at is 'NULL: the share ends when it is revoked.';
comment on column chatkeep.new_share.revoked_at is 'NULL until the share is revoked.';
comment on column chatkeep.new_share.secret is 'The secret of the link: cksh_ and 32 characters. Shown once, and NULL without a link.';

create type chatkeep.shared_chat as (
  share_id uuid, chat_id uuid, title text, permission text, up_to_seq integer, expires_at timestamptz, messages jsonb
);
comment on type chatkeep.shared_chat is 'A shared chat and a page of its messages.';
comment on column chatkeep.shared_chat.title is 'NULL if the chat has none.';
comment on column chatkeep.shared_chat.permission is 'One of read, write.';
comment on column chatkeep.shared_chat.up_to_seq is 'The seq of the last message that is shown. NULL: the share is live.';
comment on column chatkeep.shared_chat.expires_at is 'NULL: the share ends when it is revoked.';
comment on column chatkeep.shared_chat.messages is
  'An array of objects with id, seq, role, content, parts, status, model, created_at and attachments. An attachment has id, name, mime_type, byte_size and storage_path.';

-- people/title_of_shared.sql ------------------------------------------------------------

-- Opens each share for the view shared_with_me. A deleted chat has no row. A parallel plan cannot set the marker.
create or replace function chatkeep_private.title_of_shared(share_id uuid, out title text, out updated_at timestamptz) returns setof record
language plpgsql stable parallel unsafe set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
begin
  perform set_config('chatkeep.writing', 'off ' || title_of_shared.share_id, true);
  return query
    select c.title, c.updated_at from chatkeep_private.opened_share s
    join chatkeep.chats c on c.id = s.chat_id and c.tenant_id = s.tenant_id
    where c.deleted_at is null;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep_private.title_of_shared(uuid) is 'The title and the time of a chat that is shared with the caller.';
revoke all on function chatkeep_private.title_of_shared(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.title_of_shared(uuid) to authenticated, service_role;

-- people/shares.sql ------------------------------------------------------------

create view chatkeep.my_shares with (security_invoker = true) as
select s.id, s.chat_id, s.with_user_id, s.with_tenant_id is not null and s.with_user_id is null as with_tenant,
  s.with_tenant_id is null as by_link, s.permission, s.up_to_seq, s.created_at, s.expires_at, s.revoked_at
from chatkeep.chat_shares s
where s.user_id = (select chatkeep.uid());
comment on view chatkeep.my_shares is 'The shares of the signed-in user''s chats, ended ones too.';
comment on column chatkeep.my_shares.with_user_id is 'NULL unless the chat is shared with one member.';
comment on column chatkeep.my_shares.with_tenant is 'Whether the chat is shared with all members of the tenant.';
comment on column chatkeep.my_shares.by_link is 'Whether the chat is shared by a link.';
comment on column chatkeep.my_shares.permission is 'One of read, write.';
comment on column chatkeep.my_shares.up_to_seq is 'The seq of the last message that is shown. NULL: the share is live.';
comment on column chatkeep.my_shares.expires_at is 'NULL: the share ends when it is revoked.';
comment on column chatkeep.my_shares.revoked_at is 'NULL until the share is revoked.';
revoke all on chatkeep.my_shares from public, anon, authenticated, service_role;
grant select on chatkeep.my_shares to authenticated, service_role;

create view chatkeep.shared_with_me with (security_invoker = true) as
select s.id, s.chat_id, s.user_id as owner_id, c.title, s.permission, s.up_to_seq, s.created_at, s.expires_at,
  case when s.up_to_seq is null then c.updated_at end as updated_at
from chatkeep_private.open_shares s, chatkeep_private.title_of_shared(s.id) c
where s.is_given;
comment on view chatkeep.shared_with_me is
  'The chats that others share with the signed-in user, in the tenant of the request. list_messages reads them.';
comment on column chatkeep.shared_with_me.id is 'The id of the share.';
comment on column chatkeep.shared_with_me.owner_id is 'The owner of the chat.';
comment on column chatkeep.shared_with_me.title is 'NULL if the chat has none.';
comment on column chatkeep.shared_with_me.permission is 'One of read, write.';
comment on column chatkeep.shared_with_me.up_to_seq is 'The seq of the last message that is shown. NULL: the share is live.';
comment on column chatkeep.shared_with_me.expires_at is 'NULL: the share ends when it is revoked.';
comment on column chatkeep.shared_with_me.updated_at is 'The created_at of the newest message. NULL unless the share is live.';
revoke all on chatkeep.shared_with_me from public, anon, authenticated, service_role;
grant select on chatkeep.shared_with_me to authenticated, service_role;

-- people/add_member.sql ------------------------------------------------------------

create or replace function chatkeep.add_member(
  tenant_id uuid,
  user_id uuid,
  role text default 'member'
) returns setof chatkeep.memberships
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  is_service constant boolean := chatkeep_private.is_service();
  stored chatkeep.memberships;
begin
  perform chatkeep_private.check_present('user_id', add_member.user_id is not null);
  perform chatkeep_private.check_role(add_member.role);
  perform chatkeep_private.check_managed(add_member.tenant_id);
  perform set_config('chatkeep.writing', 'on', true);
  begin
    if is_service then
      insert into chatkeep.users (id)
      select add_member.user_id where not exists (select from chatkeep.users u where u.id = add_member.user_id)
      on conflict do nothing;
    end if;
    insert into chatkeep.memberships as m (user_id, tenant_id, role, is_home)
    values (add_member.user_id, add_member.tenant_id, add_member.role,
      is_service and not exists (select from chatkeep.memberships h where h.user_id = add_member.user_id and h.is_home))
    on conflict (user_id, tenant_id) do update set role = excluded.role, disabled_at = null
    where m.role <> excluded.role or m.disabled_at is not null
    returning m.* into stored;
  exception
    when foreign_key_violation or check_violation then
      -- The tenant may have begun to move since it was checked: its key then has another is_moving.
      perform chatkeep_private.check_moving(add_member.tenant_id);
      perform chatkeep_private.refuse('PT404', 'user_id names no user', 'Pass the id of a person who has signed in.');
  end;
  if stored.user_id is null then
    select m.* into stored from chatkeep.memberships m
    where m.user_id = add_member.user_id and m.tenant_id = add_member.tenant_id;
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return next stored;
end
$$;
comment on function chatkeep.add_member(uuid, uuid, text) is
'Makes a person a member of a tenant, or enables the membership again, and returns it.
Owners and admins add to their tenant, service_role to any; a tenant begins with its first member. The same call again writes nothing.
user_id: A person who has signed in. service_role may name one who has not.
role: owner, admin or member. Only owners make owners.
Returns: one row.
Errors: 22023, 22004, 42501, PT404, PT409, PT503.';
revoke all on function chatkeep.add_member(uuid, uuid, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep.add_member(uuid, uuid, text) to authenticated, service_role;

-- people/check_managed.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_managed(tenant_id uuid) returns void
language plpgsql stable set search_path = ''
as $$
begin
  perform chatkeep_private.check_present('tenant_id', check_managed.tenant_id is not null);
  if not chatkeep_private.is_service() and check_managed.tenant_id is distinct from chatkeep_private.managed_tenant() then
    perform chatkeep_private.refuse('PT404', 'tenant_id names no tenant that you manage',
      'Name a tenant where you are an owner or an admin, in the header x-chatkeep-tenant too if it is not your home.');
  end if;
  perform chatkeep_private.check_moving(check_managed.tenant_id);
end
$$;
comment on function chatkeep_private.check_managed(uuid) is
  'Refuses a tenant where the caller is neither an owner nor an admin, and one that is being moved. service_role manages every tenant.';
revoke all on function chatkeep_private.check_managed(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_managed(uuid) to authenticated, service_role;

-- people/check_role.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_role(role text) returns void
language plpgsql immutable set search_path = ''
as $$
begin
  perform chatkeep_private.check_present('role', check_role.role is not null);
  if check_role.role not in ('owner', 'admin', 'member') then
    perform chatkeep_private.refuse('22023', 'role must be owner, admin or member', 'Pass one of the three, in lower case.');
  end if;
end
$$;
comment on function chatkeep_private.check_role(text) is 'Refuses what is no role of a member.';
revoke all on function chatkeep_private.check_role(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_role(text) to authenticated, service_role;

-- people/check_share.sql ------------------------------------------------------------

create or replace function chatkeep_private.check_share(
  with_user_id uuid, with_tenant boolean, by_link boolean, permission text, up_to_message_id uuid, expires_at timestamptz
) returns void
language plpgsql stable set search_path = ''
as $$
begin
  perform chatkeep_private.check_present('with_tenant', with_tenant is not null);
  perform chatkeep_private.check_present('by_link', by_link is not null);
  perform chatkeep_private.check_present('permission', permission is not null);
  if (with_user_id is not null)::integer + with_tenant::integer + by_link::integer <> 1 then
    perform chatkeep_private.refuse('22023', 'with_user_id or with_tenant or by_link must say with whom, and only one of them',
      'Pass with_user_id, or with_tenant as true, or by_link as true.');
  end if;
  if permission not in ('read', 'write') then
    perform chatkeep_private.refuse('22023', 'permission must be read or write', 'Pass read, or write to let the person append.');
  end if;
  if permission = 'write' and by_link then
    perform chatkeep_private.refuse('22023', 'permission must be read for a link',
      'Share with a member to let somebody append: each message then names its author.');
  end if;
  if permission = 'write' and up_to_message_id is not null then
    perform chatkeep_private.refuse('22023', 'permission must be read with up_to_message_id',
      'Leave up_to_message_id out: who appends has to see the last message.');
  end if;
  if expires_at <= clock_timestamp() then
    perform chatkeep_private.refuse('22023', 'expires_at must be in the future', 'Pass a later time, or leave it out.');
  end if;
end
$$;
comment on function chatkeep_private.check_share(uuid, boolean, boolean, text, uuid, timestamptz) is
  'Refuses a share that names nobody or several, and one with a permission or an end that it cannot have.';
revoke all on function chatkeep_private.check_share(uuid, boolean, boolean, text, uuid, timestamptz) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_share(uuid, boolean, boolean, text, uuid, timestamptz) to authenticated, service_role;

-- people/hand_over.sql ------------------------------------------------------------

-- Locks in the order of all calls: chats, the owners' documents, the tenant's documents, documents. The callers have
-- locked the people. Documents and chats change in one statement: its triggers detach attachments to documents that the
-- owner of a chat cannot see, and must see both changes.
create or replace function chatkeep_private.hand_over(
  tenant uuid, from_user uuid, to_user uuid, chat_ids uuid[], document_ids uuid[]
) returns chatkeep.transfer_counts
language plpgsql volatile set search_path = ''
as $$
declare
  counts chatkeep.transfer_counts;
begin
  perform from chatkeep.chats c
  where c.user_id = from_user and c.tenant_id = tenant and (chat_ids is null or c.id = any (chat_ids))
  order by c.id
  for update;
  if document_ids is null or document_ids <> '{}' then
    perform chatkeep_private.lock_documents(tenant, least(from_user, to_user), false, true);
    perform chatkeep_private.lock_documents(tenant, greatest(from_user, to_user), true, true);
    perform from chatkeep.documents d
    where d.user_id = from_user and d.tenant_id = tenant and (document_ids is null or d.id = any (document_ids))
    order by d.id
    for update;
  end if;

  with held as (
    select o.source_uri from chatkeep.documents o
    where o.user_id = to_user and o.tenant_id = tenant and o.status <> 'archived' and o.deleted_at is null
    union
    select a.source_uri from chatkeep.documents o, unnest(o.aliases) a (source_uri)
    where o.user_id = to_user and o.tenant_id = tenant
      and o.aliases <> '{}' and o.status <> 'archived' and o.deleted_at is null
  ), given as (
    -- The new source: the old one, or the next alias that is in no other document. A document without one becomes history,
    -- and so does a private one whose bytes the new owner has.
    select d.id, d.status <> 'archived' and d.deleted_at is null as is_current,
      case
        when d.visibility = 'private' and exists (
          select from chatkeep.documents o
          where o.user_id = to_user and o.checksum = d.checksum and o.tenant_id = tenant
            and o.visibility = 'private' and o.status <> 'archived' and o.deleted_at is null
        ) then null
        when d.source_uri not in (select h.source_uri from held h) then d.source_uri
        else (
          select a.source_uri from unnest(d.aliases) with ordinality a (source_uri, place)
          where a.source_uri not in (select h.source_uri from held h)
            and not exists (
              select from chatkeep.documents o
              where o.user_id = from_user and o.tenant_id = tenant and o.id <> d.id
                and o.status <> 'archived' and o.deleted_at is null
                and (o.source_uri = a.source_uri or a.source_uri = any (o.aliases))
            )
          order by a.place
          limit 1
        )
      end as source_uri,
      array(
        select a.source_uri from unnest(d.aliases) with ordinality a (source_uri, place)
        where a.source_uri not in (select h.source_uri from held h)
        order by a.place
      ) as aliases
    from chatkeep.documents d
    where d.user_id = from_user and d.tenant_id = tenant and (document_ids is null or d.id = any (document_ids))
  ), documents as (
    update chatkeep.documents d
    set (user_id, source_uri, aliases, status, updated_at) = (
      select to_user,
        case when g.is_current then coalesce(g.source_uri, d.source_uri) else d.source_uri end,
        case when g.is_current and g.source_uri is not null then array_remove(g.aliases, g.source_uri) else d.aliases end,
        case when g.is_current and g.source_uri is null then 'archived' else d.status end,
        clock_timestamp()
    )
    from given g
    where d.id = g.id and d.tenant_id = tenant
    returning g.is_current and d.status = 'archived' as archived
  ), chats as (
    update chatkeep.chats c set user_id = to_user
    where c.user_id = from_user and c.tenant_id = tenant and (chat_ids is null or c.id = any (chat_ids))
    returning c.id
  )
  select (select count(*) from chats), (select count(*) from documents), (select count(*) from documents d where d.archived)
  into counts;
  return counts;
end
$$;
comment on function chatkeep_private.hand_over(uuid, uuid, uuid, uuid[], uuid[]) is
  'Gives chats and documents of one member of a tenant to another one: those with the ids, or all for NULL.';
revoke all on function chatkeep_private.hand_over(uuid, uuid, uuid, uuid[], uuid[]) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.hand_over(uuid, uuid, uuid, uuid[], uuid[]) to service_role;

-- people/heir_of.sql ------------------------------------------------------------

-- A member who is being deleted or moved at the same time is no heir. SKIP LOCKED skips exactly those, and two deletions
-- do not wait for each other.
create or replace function chatkeep_private.heir_of(person uuid, tenant uuid) returns uuid
language plpgsql volatile set search_path = ''
as $$
declare
  heir uuid;
begin
  select m.user_id into heir from chatkeep.memberships m
  where m.tenant_id = tenant and m.user_id <> person and m.is_enabled
  order by m.role = 'owner' desc, m.created_at, m.user_id
  limit 1
  for key share skip locked;
  return heir;
end
$$;
comment on function chatkeep_private.heir_of(uuid, uuid) is
  'The member who gets the shared documents of a person who is being deleted: the owner of the tenant, or else the member, who has been there for the longest time. NULL if there is none. Keeps the heir from being deleted or moved until the transaction ends.';
revoke all on function chatkeep_private.heir_of(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.heir_of(uuid, uuid) to service_role;

-- people/lock_people.sql ------------------------------------------------------------

-- The first locks of a transfer. The rows are locked in the order of their ids, so that two transfers between the same
-- people do not wait for each other. The lock is that of enter(): moving, disabling and deleting wait for the transfer.
create or replace function chatkeep_private.lock_people(tenant uuid, from_user uuid, to_user uuid) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  disabled boolean;
begin
  if not chatkeep_private.may_hand_over(tenant) then
    perform chatkeep_private.refuse('42501', 'only service_role gives rows of one user to another',
      'Call as service_role, from a backend.');
  end if;
  perform chatkeep_private.check_moving(tenant);
  perform from chatkeep.memberships m
  where m.user_id in (from_user, to_user) and m.tenant_id = tenant
  order by m.user_id
  for share;
  if not exists (select from chatkeep.memberships m where m.user_id = from_user and m.tenant_id = tenant) then
    perform chatkeep_private.refuse('PT409', 'the owner left the tenant during the call', 'Call again.');
  end if;
  select not m.is_enabled into disabled from chatkeep.memberships m where m.user_id = to_user and m.tenant_id = tenant;
  -- An unknown user and a user of another tenant get the same answer.
  if not found then
    perform chatkeep_private.refuse('PT404', 'to_user_id names no member of the tenant',
      'Pass the id of a member of the same tenant, or add the person with add_member.');
  end if;
  if disabled then
    perform chatkeep_private.refuse('PT409', 'to_user_id names a disabled user',
      'Clear disabled_at in chatkeep.users or chatkeep.memberships, or pass another member.');
  end if;
end
$$;
comment on function chatkeep_private.lock_people(uuid, uuid, uuid) is
  'Locks both people of a transfer until the transaction ends. Refuses a caller without the right, a tenant that is being moved, and a new owner who is no enabled member of the tenant.';
revoke all on function chatkeep_private.lock_people(uuid, uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.lock_people(uuid, uuid, uuid) to service_role;

-- people/measure_usage.sql ------------------------------------------------------------

-- A plan for each membership: one member may hold a millionth of the messages, or nearly all.
create or replace function chatkeep.measure_usage(
  batch_size integer default 10000,
  older_than interval default '1 day'
) returns integer
language plpgsql volatile set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  measured_before constant timestamptz := chatkeep_private.moment_before('older_than', older_than);
  -- A batch that runs into a statement timeout is lost, and the next one would begin with the same members.
  ends_at constant timestamptz := clock_timestamp() + interval '2 seconds';
  moving constant uuid[] := chatkeep_private.moving_tenants();
  member record;
  usage chatkeep.member_usage;
  measured integer := 0;
begin
  perform chatkeep_private.check_batch_size(batch_size, 100000);
  -- One call at a time. The number is arbitrary.
  if not pg_try_advisory_xact_lock(4841369552730652) then
    return 0;
  end if;
  for member in
    (
      select m.user_id, m.tenant_id from chatkeep.memberships m
      where m.tenant_id <> all (moving)
        and not exists (select from chatkeep.member_usage u where u.user_id = m.user_id and u.tenant_id = m.tenant_id)
      limit batch_size
    )
    union all
    (
      select u.user_id, u.tenant_id from chatkeep.member_usage u
      where u.measured_at < measured_before and u.tenant_id <> all (moving)
      order by u.measured_at
      limit batch_size
    )
    limit batch_size
  loop
    usage.measured_at := clock_timestamp();
    select count(*) into usage.chats
    from chatkeep.chats c
    where c.user_id = member.user_id and c.tenant_id = member.tenant_id;

    -- The length of JSON as text would need every large value to be read and decompressed.
    select count(*), coalesce(sum(pg_column_size(m.content) + coalesce(pg_column_size(m.parts), 0) + pg_column_size(m.metadata)), 0)
    into usage.messages, usage.message_bytes
    from chatkeep.messages m
    where m.user_id = member.user_id and m.tenant_id = member.tenant_id;

    select usage.message_bytes + coalesce(sum(pg_column_size(s.content) + pg_column_size(s.metadata)), 0) into usage.message_bytes
    from chatkeep.chat_summaries s
    where s.user_id = member.user_id and s.tenant_id = member.tenant_id;

    select count(*), coalesce(sum(d.byte_size), 0)
    into usage.documents, usage.document_bytes
    from chatkeep.documents d
    where d.user_id = member.user_id and d.tenant_id = member.tenant_id and d.deleted_at is null;

    select count(*), coalesce(sum(a.byte_size), 0)
    into usage.attachments, usage.attachment_bytes
    from chatkeep.attachments a
    where a.user_id = member.user_id and a.tenant_id = member.tenant_id and a.storage_path is not null;

    -- The lock comes last, because a move and a deletion wait for it. A membership that one of them has locked is
    -- skipped: its row of usage is theirs.
    insert into chatkeep.member_usage as u (
      user_id, tenant_id, chats, messages, documents, attachments, message_bytes, document_bytes, attachment_bytes, measured_at
    )
    select m.user_id, m.tenant_id, usage.chats, usage.messages, usage.documents, usage.attachments,
      usage.message_bytes, usage.document_bytes, usage.attachment_bytes, usage.measured_at
    from chatkeep.memberships m
    where m.user_id = member.user_id and m.tenant_id = member.tenant_id
    for key share skip locked
    on conflict (user_id, tenant_id) do update
    set chats = excluded.chats, messages = excluded.messages, documents = excluded.documents, attachments = excluded.attachments,
      message_bytes = excluded.message_bytes, document_bytes = excluded.document_bytes, attachment_bytes = excluded.attachment_bytes,
      measured_at = excluded.measured_at;
    if found then
      measured := measured + 1;
    end if;
    exit when clock_timestamp() >= ends_at;
  end loop;
  return measured;
end
$$;
comment on function chatkeep.measure_usage(integer, interval) is
'Measures how much members store, at most batch_size memberships, and returns how many. It writes chatkeep.member_usage.
Memberships that were never measured come first, then those of the oldest measurement. A batch ends early after 2 seconds. 0 means that nothing is left, or that another call is running. Tenants that are being moved are left alone. For service_role, on a schedule.
batch_size: 1 to 100,000.
older_than: How long ago a membership was measured last.
Errors: 22023, 22004.';
revoke all on function chatkeep.measure_usage(integer, interval) from public, anon, authenticated, service_role;
grant execute on function chatkeep.measure_usage(integer, interval) to service_role;

-- people/open_share.sql ------------------------------------------------------------

-- Tables are closed to anon: Realtime tells the keys of deleted rows to every role that may select them. So the call works
-- in the role authenticated, which sees no row without a user, besides what the presented share unlocks.
create or replace function chatkeep.open_share(
  secret text default null,
  share_id uuid default null,
  after timestamptz default null,
  page_size integer default 50
) returns setof chatkeep.shared_chat
language plpgsql stable parallel unsafe set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  presented constant text := coalesce(current_setting('chatkeep.presented_link', true), '');
  caller constant text := current_setting('role');
  since constant timestamptz := coalesce(open_share.after, '-infinity');
  share record;
begin
  perform chatkeep_private.check_page_size(open_share.page_size);
  if (open_share.secret is null) = (open_share.share_id is null) then
    perform chatkeep_private.refuse('22023', 'secret or share_id must be given, and not both',
      'Pass the secret of a link, or the id of a share from shared_with_me.');
  end if;
  if open_share.secret ~ '^cksh_[A-Za-z0-9_-]{32}$' then
    perform set_config('chatkeep.presented_link',
      encode(decode(translate(substr(open_share.secret, 6), '-_', '+/'), 'base64'), 'hex'), true);
  end if;
  if caller = 'anon' then
    perform set_config('role', 'authenticated', true);
  end if;
  select s.* into share from chatkeep_private.open_shares s
  where (s.id = open_share.share_id and (s.is_given or s.user_id = chatkeep.uid() or chatkeep_private.serves(s.tenant_id)))
    or (open_share.secret is not null and s.secret_digest = chatkeep_private.presented_link());
  if found then
    perform set_config('chatkeep.writing', 'off ' || share.id, true);
    return query
      select share.id, c.id, c.title, share.permission, share.up_to_seq, share.expires_at, (
        select coalesce(jsonb_agg(p.message order by p.seq), '[]')
        from (
          select m.seq, jsonb_build_object('id', m.id, 'seq', m.seq, 'role', m.role, 'content', m.content, 'parts', m.parts,
            'status', m.status, 'model', m.model, 'created_at', m.created_at, 'attachments', (
              select coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'name', a.name, 'mime_type', a.mime_type,
                'byte_size', a.byte_size, 'storage_path', a.storage_path) order by a.id), '[]')
              from chatkeep.attachments a
              where a.message_id = m.id and a.chat_id = m.chat_id and a.tenant_id = m.tenant_id
            )) as message
          from chatkeep.messages m
          where m.chat_id = c.id and m.tenant_id = c.tenant_id and m.active
            and m.created_at > since and m.seq <= coalesce(share.up_to_seq, m.seq)
          order by m.created_at
          limit open_share.page_size
        ) p
      )
      from chatkeep.chats c
      where c.id = share.chat_id and c.tenant_id = share.tenant_id and c.deleted_at is null;
  end if;
  if not found then
    perform chatkeep_private.refuse('PT404',
      case when open_share.secret is null then 'share_id' else 'secret' end || ' opens no chat',
      'It was revoked or has expired, or it never was one. Ask the owner of the chat for a new one.');
  end if;
  perform set_config('chatkeep.writing', marker, true), set_config('chatkeep.presented_link', presented, true),
    set_config('role', caller, true);
end
$$;
comment on function chatkeep.open_share(text, uuid, timestamptz, integer) is
'Opens a shared chat by the secret of a link, signed in or not, or by the id of a share, and returns it with a page of its active path, oldest first.
secret: The secret that share_chat returned: cksh_ and 32 characters.
share_id: An id from shared_with_me, in place of the secret.
after: The created_at of the last message of the page before. Exclusive.
page_size: 1 to 200.
Returns: one row.
Errors: 22023, 22004, PT404.';
revoke all on function chatkeep.open_share(text, uuid, timestamptz, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep.open_share(text, uuid, timestamptz, integer) to anon, authenticated, service_role;

-- people/refuse_member.sql ------------------------------------------------------------

create or replace function chatkeep_private.refuse_member(tenant_id uuid, user_id uuid, hint text) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if exists (
    select from chatkeep.memberships m where m.user_id = refuse_member.user_id and m.tenant_id = refuse_member.tenant_id
  ) then
    perform chatkeep_private.refuse_unwritten('user_id names a membership that');
  end if;
  perform chatkeep_private.refuse('PT404', 'user_id names no member of this tenant', hint);
end
$$;
comment on function chatkeep_private.refuse_member(uuid, uuid, text) is
  'Refuses a membership that a call could not change: there is none, or a policy of the operator keeps it as it is.';
revoke all on function chatkeep_private.refuse_member(uuid, uuid, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_member(uuid, uuid, text) to authenticated, service_role;

-- people/remove_member.sql ------------------------------------------------------------

-- What a member stored refers to the membership, so the row stays, disabled.
create or replace function chatkeep.remove_member(tenant_id uuid, user_id uuid) returns setof chatkeep.memberships
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  stored chatkeep.memberships;
begin
  perform chatkeep_private.check_present('user_id', remove_member.user_id is not null);
  perform chatkeep_private.check_managed(remove_member.tenant_id);
  perform set_config('chatkeep.writing', 'on', true);
  update chatkeep.memberships m set disabled_at = coalesce(m.disabled_at, clock_timestamp())
  where m.user_id = remove_member.user_id and m.tenant_id = remove_member.tenant_id
  returning m.* into stored;
  if not found then
    perform chatkeep_private.refuse_member(remove_member.tenant_id, remove_member.user_id, 'Check both ids.');
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return next stored;
end
$$;
comment on function chatkeep.remove_member(uuid, uuid) is
'Ends a person''s access to a tenant at the next statement, and returns the membership.
What the person stored stays with the tenant. add_member gives the access back. The last owner cannot be removed.
Returns: one row.
Errors: 22004, 42501, PT404, PT409, PT503.';
revoke all on function chatkeep.remove_member(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.remove_member(uuid, uuid) to authenticated, service_role;

-- people/rename_tenant.sql ------------------------------------------------------------

create or replace function chatkeep.rename_tenant(tenant_id uuid, name text) returns setof chatkeep.tenants
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  stored chatkeep.tenants;
begin
  perform chatkeep_private.check_present('name', rename_tenant.name is not null);
  if rename_tenant.name = '' then
    perform chatkeep_private.refuse('22023', 'name must not be empty', 'Pass a name of 1 to 200 characters.');
  end if;
  perform chatkeep_private.check_length('name', rename_tenant.name, 200);
  perform chatkeep_private.check_managed(rename_tenant.tenant_id);
  perform set_config('chatkeep.writing', 'on', true);
  update chatkeep.tenants t set name = rename_tenant.name where t.id = rename_tenant.tenant_id returning t.* into stored;
  if not found then
    perform chatkeep_private.refuse('PT404', 'tenant_id names no tenant', 'A tenant begins with its first member: call add_member.');
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return next stored;
end
$$;
comment on function chatkeep.rename_tenant(uuid, text) is
'Names a tenant and returns it. Its owners and admins may, and service_role.
name: 1 to 200 characters.
Returns: one row.
Errors: 22023, 22004, PT404, PT503.';
revoke all on function chatkeep.rename_tenant(uuid, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep.rename_tenant(uuid, text) to authenticated, service_role;

-- people/revoke_share.sql ------------------------------------------------------------

create or replace function chatkeep.revoke_share(share_id uuid) returns setof chatkeep.my_shares
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
begin
  perform chatkeep_private.check_present('share_id', revoke_share.share_id is not null);
  perform set_config('chatkeep.writing', 'on', true);
  -- service_role passes the policy, which asks tenant_id().
  perform chatkeep_private.check_moving(s.tenant_id) from chatkeep.chat_shares s
  where s.id = revoke_share.share_id and chatkeep_private.serves(s.tenant_id);
  -- A second round, because a statement that waited for the move of its own user still looks in the old tenant.
  for round in 1 .. 2 loop
    return query
      update chatkeep.chat_shares s set revoked_at = coalesce(s.revoked_at, clock_timestamp())
      where s.id = revoke_share.share_id and (s.user_id = (select chatkeep.uid()) or chatkeep_private.serves(s.tenant_id))
      returning s.id, s.chat_id, s.with_user_id, s.with_tenant_id is not null and s.with_user_id is null,
        s.with_tenant_id is null, s.permission, s.up_to_seq, s.created_at, s.expires_at, s.revoked_at;
    exit when found;
    if round = 2 then
      perform chatkeep_private.refuse('PT404', 'share_id names no share of yours', 'List them with my_shares.');
    end if;
  end loop;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.revoke_share(uuid) is
'Ends a share of a chat of the caller for good, for service_role anyone''s, and returns it.
Nobody reads through it from the next statement on. A revoked share stays as it is.
Returns: one row.
Errors: 22004, PT404, PT503.';
revoke all on function chatkeep.revoke_share(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.revoke_share(uuid) to authenticated, service_role;

-- people/set_member_role.sql ------------------------------------------------------------

create or replace function chatkeep.set_member_role(tenant_id uuid, user_id uuid, role text) returns setof chatkeep.memberships
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  stored chatkeep.memberships;
begin
  perform chatkeep_private.check_present('user_id', set_member_role.user_id is not null);
  perform chatkeep_private.check_role(set_member_role.role);
  perform chatkeep_private.check_managed(set_member_role.tenant_id);
  perform set_config('chatkeep.writing', 'on', true);
  update chatkeep.memberships m set role = set_member_role.role
  where m.user_id = set_member_role.user_id and m.tenant_id = set_member_role.tenant_id
  returning m.* into stored;
  if not found then
    perform chatkeep_private.refuse_member(set_member_role.tenant_id, set_member_role.user_id, 'Add the person with add_member.');
  end if;
  perform set_config('chatkeep.writing', marker, true);
  return next stored;
end
$$;
comment on function chatkeep.set_member_role(uuid, uuid, text) is
'Changes the role of a member and returns the membership.
Owners and admins may, and service_role. Only owners make owners or change their role, and the last owner stays one.
role: owner, admin or member.
Returns: one row.
Errors: 22023, 22004, 42501, PT404, PT409, PT503.';
revoke all on function chatkeep.set_member_role(uuid, uuid, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep.set_member_role(uuid, uuid, text) to authenticated, service_role;

-- people/share_chat.sql ------------------------------------------------------------

create or replace function chatkeep.share_chat(
  chat_id uuid,
  with_user_id uuid default null,
  with_tenant boolean default false,
  by_link boolean default false,
  permission text default 'read',
  up_to_message_id uuid default null,
  expires_at timestamptz default null
) returns setof chatkeep.new_share
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  secret constant bytea := chatkeep_private.random_secret();
  chat chatkeep.chats;
  tenant uuid;
  up_to integer;
  stored uuid;
begin
  perform chatkeep_private.check_present('chat_id', share_chat.chat_id is not null);
  perform chatkeep_private.check_share(share_chat.with_user_id, share_chat.with_tenant, share_chat.by_link,
    share_chat.permission, share_chat.up_to_message_id, share_chat.expires_at);
  perform set_config('chatkeep.writing', 'on', true);
  chat := chatkeep_private.locked_chat(share_chat.chat_id);
  if share_chat.with_user_id = chat.user_id then
    perform chatkeep_private.refuse('22023', 'with_user_id must be somebody else', 'The chat is this person''s own.');
  end if;
  if share_chat.up_to_message_id is not null then
    select m.seq into up_to from chatkeep.messages m
    where m.id = share_chat.up_to_message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id and m.active;
    if not found then
      perform chatkeep_private.refuse_message('up_to_message_id');
    end if;
  end if;
  if not share_chat.by_link then
    tenant := chat.tenant_id;
    -- Who shares again with the same people changes what they may. The lock on the chat makes this and the insert one step.
    update chatkeep.chat_shares s
    set permission = share_chat.permission, up_to_seq = up_to, expires_at = share_chat.expires_at
    where s.chat_id = chat.id and s.tenant_id = chat.tenant_id and s.user_id = chat.user_id
      and s.with_tenant_id = tenant and s.with_user_id is not distinct from share_chat.with_user_id
      and s.revoked_at is null
    returning s.id into stored;
  end if;
  if stored is null then
    begin
      insert into chatkeep.chat_shares as s (
        id, chat_id, tenant_id, user_id, with_tenant_id, with_user_id, secret_digest, permission, up_to_seq, expires_at
      )
      select chatkeep_private.uuid_v7(), chat.id, chat.tenant_id, chat.user_id, tenant, share_chat.with_user_id,
        case when share_chat.by_link then sha256(secret) end, share_chat.permission, up_to, share_chat.expires_at
      -- The owner may have been disabled since the lock. The policy would end the call with an error of its own.
      where chat.tenant_id = (select chatkeep.tenant_id()) or chatkeep_private.serves(chat.tenant_id)
      returning s.id into stored;
    exception when foreign_key_violation then
      perform chatkeep_private.refuse('PT404', 'with_user_id names no member of the tenant of the chat',
        'Pass the user_id of a membership, or add the person with add_member.');
    end;
  end if;
  return query
    select s.id, s.chat_id, s.with_user_id, s.with_tenant_id is not null and s.with_user_id is null, s.with_tenant_id is null,
      s.permission, s.up_to_seq, s.created_at, s.expires_at, s.revoked_at,
      case when s.with_tenant_id is null then 'cksh_' || translate(encode(secret, 'base64'), '+/', '-_') end
    from chatkeep.chat_shares s where s.id = stored and s.tenant_id = chat.tenant_id;
  if not found then
    perform chatkeep_private.refuse_unwritten('chat_id names a chat that');
  end if;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.share_chat(uuid, uuid, boolean, boolean, text, uuid, timestamptz) is
'Shares a chat of the caller with a member of its tenant, with all members, or by a link, and returns the share.
Exactly one of with_user_id, with_tenant and by_link says with whom. The same people again get the new permission, and their share keeps its id. Each link is a share of its own.
with_user_id: A member of the tenant of the chat.
with_tenant: true for all members of the tenant of the chat.
by_link: true for a link, whose secret is returned once. Whoever has it reads the chat, signed in or not.
permission: One of read, write. write: the person also appends messages. A link is for reading only.
up_to_message_id: The last message that is shown. Later ones stay hidden, and the permission must be read. The share is live when it is left out.
expires_at: When the share ends. It ends when it is revoked when this is left out.
Returns: one row.
Errors: 22023, 22004, PT404, PT409, PT410, PT503.';
revoke all on function chatkeep.share_chat(uuid, uuid, boolean, boolean, text, uuid, timestamptz) from public, anon, authenticated, service_role;
grant execute on function chatkeep.share_chat(uuid, uuid, boolean, boolean, text, uuid, timestamptz) to authenticated, service_role;

-- people/transfer_all.sql ------------------------------------------------------------

create or replace function chatkeep.transfer_all(from_user_id uuid, to_user_id uuid) returns setof chatkeep.transfer_counts
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  named constant uuid := chatkeep_private.named_tenant();
  tenant uuid;
begin
  perform chatkeep_private.check_present('from_user_id', transfer_all.from_user_id is not null);
  perform chatkeep_private.check_present('to_user_id', transfer_all.to_user_id is not null);
  if transfer_all.from_user_id = transfer_all.to_user_id then
    perform chatkeep_private.refuse('22023', 'to_user_id is from_user_id', 'Pass another member of the tenant.');
  end if;
  select m.tenant_id into tenant from chatkeep.memberships m
  where m.user_id = transfer_all.from_user_id
    and (case when named is null then m.is_home else m.tenant_id = named end);
  if not found then
    perform chatkeep_private.refuse('PT404', 'from_user_id names no user',
      'Pass the id of a member of the tenant that the request names, or of a user''s home.');
  end if;
  perform chatkeep_private.lock_people(tenant, transfer_all.from_user_id, transfer_all.to_user_id);
  return next chatkeep_private.hand_over(tenant, transfer_all.from_user_id, transfer_all.to_user_id, null, null);
end
$$;
comment on function chatkeep.transfer_all(uuid, uuid) is
'Gives all chats and documents of a user who leaves to another member of the tenant, in one transaction, and returns how many.
Deleted chats and documents go too. Sessions stay. What transfer_chat and transfer_document say is true of each chat and document. For service_role.
from_user_id: Who leaves. A disabled user too.
to_user_id: A member of the same tenant.
Returns: one row.
Errors: 22004, 22023, 42501, PT404, PT409, PT503.';
revoke all on function chatkeep.transfer_all(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.transfer_all(uuid, uuid) to service_role;

-- people/transfer_chat.sql ------------------------------------------------------------

create or replace function chatkeep.transfer_chat(chat_id uuid, to_user_id uuid) returns setof chatkeep.chats
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  chat chatkeep.chats;
  owner uuid;
begin
  perform chatkeep_private.check_present('chat_id', transfer_chat.chat_id is not null);
  perform chatkeep_private.check_present('to_user_id', transfer_chat.to_user_id is not null);
  -- The new owner's tenant tells which chat is meant where several tenants have a chat of this id.
  select c.* into chat from chatkeep.chats c
  join chatkeep.memberships m on m.tenant_id = c.tenant_id
  where c.id = transfer_chat.chat_id and m.user_id = transfer_chat.to_user_id and chatkeep_private.serves(c.tenant_id)
  order by m.is_home desc limit 1;
  if not found then
    select c.* into chat from chatkeep.chats c where c.id = transfer_chat.chat_id limit 1;
    if not found then
      perform chatkeep_private.refuse_chat(false, null);
    end if;
  end if;
  owner := chat.user_id;
  perform chatkeep_private.lock_people(chat.tenant_id, owner, transfer_chat.to_user_id);
  select c.* into chat from chatkeep.chats c
  where c.id = chat.id and c.tenant_id = chat.tenant_id and c.user_id in (owner, transfer_chat.to_user_id)
  for update;
  if not found then
    perform chatkeep_private.refuse('PT409', 'chat_id names a chat that got another owner during the call',
      'Read who owns it now. Call again if it is still to be transferred.');
  end if;
  perform chatkeep_private.refuse_chat(true, chat.deleted_at);
  if chat.user_id <> transfer_chat.to_user_id then
    perform chatkeep_private.hand_over(chat.tenant_id, owner, transfer_chat.to_user_id, array[chat.id], '{}');
  end if;
  return query select c.* from chatkeep.chats c where c.id = chat.id and c.tenant_id = chat.tenant_id;
end
$$;
comment on function chatkeep.transfer_chat(uuid, uuid) is
'Gives a chat to another member of its tenant, with its messages and attachments, and returns it; again returns the same row.
Attachments to documents that the new owner cannot read lose the document, as if it had been deleted. author_id still names who wrote a message. For service_role.
to_user_id: A member of the tenant of the chat.
Returns: one row.
Errors: 22004, 42501, PT404, PT409, PT410, PT503.';
revoke all on function chatkeep.transfer_chat(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.transfer_chat(uuid, uuid) to service_role;

-- people/transfer_document.sql ------------------------------------------------------------

create or replace function chatkeep.transfer_document(document_id uuid, to_user_id uuid) returns setof chatkeep.documents
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  document chatkeep.documents;
  owner uuid;
begin
  perform chatkeep_private.check_present('document_id', transfer_document.document_id is not null);
  perform chatkeep_private.check_present('to_user_id', transfer_document.to_user_id is not null);
  select d.* into document from chatkeep.documents d
  join chatkeep.memberships m on m.tenant_id = d.tenant_id
  where d.id = transfer_document.document_id and m.user_id = transfer_document.to_user_id and chatkeep_private.serves(d.tenant_id)
  order by m.is_home desc limit 1;
  if not found then
    select d.* into document from chatkeep.documents d where d.id = transfer_document.document_id limit 1;
    if not found then
      perform chatkeep_private.refuse_document(false);
    end if;
  end if;
  owner := document.user_id;
  perform chatkeep_private.lock_people(document.tenant_id, owner, transfer_document.to_user_id);
  if document.deleted_at is not null then
    perform chatkeep_private.refuse_document(true);
  end if;
  if owner <> transfer_document.to_user_id then
    perform chatkeep_private.hand_over(document.tenant_id, owner, transfer_document.to_user_id, '{}', array[document.id]);
  end if;
  return query
    select d.* from chatkeep.documents d
    where d.id = document.id and d.tenant_id = document.tenant_id and d.user_id = transfer_document.to_user_id;
  if not found then
    perform chatkeep_private.refuse('PT409', 'document_id names a document that got another owner during the call',
      'Read who owns it now. Call again if it is still to be transferred.');
  end if;
end
$$;
comment on function chatkeep.transfer_document(uuid, uuid) is
'Gives a document to another member of its tenant, with the tags of its owner, and returns it; again returns the same row.
The new owner keeps what they have. A source that they hold stays with their document, and the next alias takes its place. Without another source, or where they have the same private bytes, the document is archived. Attachments to a private document in chats of others lose it. For service_role.
to_user_id: A member of the tenant of the document.
Returns: one row.
Errors: 22004, 42501, PT404, PT409, PT410, PT503.';
revoke all on function chatkeep.transfer_document(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.transfer_document(uuid, uuid) to service_role;

create or replace function chatkeep.list_chats(
  folder text default null,
  tag text default null,
  archived boolean default false,
  deleted boolean default false,
  before jsonb default null,
  page_size integer default 50,
  user_id uuid default null
) returns setof chatkeep.listed_chat
-- As in list_messages: indexes return chats in order, and a page needs no sort of all chats.
language plpgsql stable parallel unsafe set search_path = '' set enable_sort = off set jit = off
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  last_place constant uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid;
  is_service constant boolean := chatkeep_private.is_service();
  -- Who may read the chats of a member does not see what this member has deleted.
  owner constant uuid := case when list_chats.user_id is null and not list_chats.deleted then chatkeep_private.member() end;
  listed uuid := coalesce(owner, chatkeep_private.acting_for(list_chats.user_id));
  tenant uuid := case when is_service then chatkeep_private.named_tenant() else chatkeep.tenant_id() end;
  -- Where the page begins: among the pinned chats, or behind them.
  at_pinned constant boolean := list_chats.before is null or (list_chats.before ->> 'pinned_at') is not null;
  deleted_before timestamptz;
  pinned_before timestamptz;
  updated_before timestamptz;
  id_before uuid;
begin
  perform chatkeep_private.check_length('folder', list_chats.folder, 200);
  perform chatkeep_private.check_length('tag', list_chats.tag, 100);
  perform chatkeep_private.check_present('deleted', list_chats.deleted is not null);
  perform chatkeep_private.check_chat_place(list_chats.before, case when list_chats.deleted then 'deleted_at' else 'updated_at' end);
  perform chatkeep_private.check_page_size(list_chats.page_size);
  if not is_service and tenant is null and exists (select from chatkeep.memberships m where m.user_id = listed) then
    perform chatkeep_private.refuse_outsider(listed);
  end if;
  id_before := coalesce((list_chats.before ->> 'id')::uuid, last_place);
  deleted_before := coalesce((list_chats.before ->> 'deleted_at')::timestamptz, 'infinity');
  pinned_before := coalesce((list_chats.before ->> 'pinned_at')::timestamptz, 'infinity');
  updated_before := coalesce(case when not at_pinned then (list_chats.before ->> 'updated_at')::timestamptz end, 'infinity');
  perform set_config('chatkeep.writing', 'off', true);
  return query
    with page as (
      select p.* from (
        (
          select c.id, c.tenant_id, false as is_pinned, c.deleted_at as place from chatkeep.chats c
          where list_chats.deleted
            and c.user_id = listed and (tenant is null or c.tenant_id = tenant)
            and c.deleted_at is not null and c.purged_at is null
            and (c.deleted_at, c.id) < (deleted_before, id_before)
            and (list_chats.folder is null or coalesce(c.folder, '') = list_chats.folder)
            and (list_chats.tag is null or list_chats.tag = any (c.tags))
          order by c.deleted_at desc, c.id desc
          limit list_chats.page_size
        )
        union all
        (
          select c.id, c.tenant_id, true, c.pinned_at from chatkeep.chats c
          where not list_chats.deleted and at_pinned
            and c.user_id = listed and (tenant is null or c.tenant_id = tenant)
            and c.deleted_at is null and c.pinned_at is not null
            and (c.pinned_at, c.id) < (pinned_before, id_before)
            and (list_chats.archived is null or (c.archived_at is not null) = list_chats.archived)
            and (list_chats.folder is null or coalesce(c.folder, '') = list_chats.folder)
            and (list_chats.tag is null or list_chats.tag = any (c.tags))
          order by c.pinned_at desc, c.id desc
          limit list_chats.page_size
        )
        union all
        (
          select c.id, c.tenant_id, false, c.updated_at from chatkeep.chats c
          where not list_chats.deleted
            and c.user_id = listed and (tenant is null or c.tenant_id = tenant)
            and c.deleted_at is null and c.pinned_at is null
            and (c.updated_at, c.id) < (updated_before, case when at_pinned then last_place else id_before end)
            and (list_chats.archived is null or (c.archived_at is not null) = list_chats.archived)
            and (list_chats.folder is null or coalesce(c.folder, '') = list_chats.folder)
            and (list_chats.tag is null or list_chats.tag = any (c.tags))
          order by c.updated_at desc, c.id desc
          limit list_chats.page_size
        )
      ) p
      order by p.is_pinned desc, p.place desc, p.id desc
      limit list_chats.page_size
    )
    select l.* from page p, lateral (
      select l.* from chatkeep_private.listed_chats l where l.id = p.id and l.tenant_id = p.tenant_id limit 1
    ) l
    order by p.is_pinned desc, p.place desc, p.id desc;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.list_chats(text, text, boolean, boolean, jsonb, integer, uuid) is
'A page of the chats of the signed-in user, or of the user_id that service_role names: pinned ones first, then the newest first.
Each has the beginning of its last message, how many messages are unread, and whether it is shared.
folder: Only chats in this folder. Empty text means chats without a folder.
tag: Only chats with this tag.
archived: false without archived chats, true for archived chats alone, NULL for both. The trash has both.
deleted: true for the trash: chats that are deleted and can be restored, the last deleted first.
before: A row of listed_chat, the last of the page before. Only its id, pinned_at, updated_at and deleted_at count.
page_size: 1 to 200.
user_id: For service_role only.
Errors: 22023, 22004, 42501, PT404.';
revoke all on function chatkeep.list_chats(text, text, boolean, boolean, jsonb, integer, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.list_chats(text, text, boolean, boolean, jsonb, integer, uuid) to authenticated, service_role;

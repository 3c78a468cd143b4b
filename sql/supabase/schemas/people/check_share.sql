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

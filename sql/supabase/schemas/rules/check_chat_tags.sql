create or replace function chatkeep_private.check_chat_tags(tags text[], argument text default 'tags') returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if cardinality(tags) > 50 then
    perform chatkeep_private.refuse('22023', argument || ' has more than 50 items', 'Use fewer of them.');
  end if;
  if array_ndims(tags) > 1 or exists (
    select from unnest(tags) t (tag) where t.tag is null or char_length(t.tag) not between 1 and 100
  ) then
    perform chatkeep_private.refuse('22023', argument || ' must be names of 1 to 100 characters',
      'Leave out null and empty ones, and shorten long ones.');
  end if;
end
$$;
comment on function chatkeep_private.check_chat_tags(text[], text) is 'Refuses tags of a chat, or labels of a rating, that are too many, too long, empty or NULL.';
revoke all on function chatkeep_private.check_chat_tags(text[], text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_chat_tags(text[], text) to authenticated, service_role;

create or replace function chatkeep_private.check_leaf(chat chatkeep.chats, expected_leaf uuid) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if expected_leaf <> coalesce(chat.active_leaf_id, '00000000-0000-0000-0000-000000000000') then
    perform chatkeep_private.refuse('PT409',
      'expected_leaf is not the last message: ' || coalesce('that is ' || chat.active_leaf_id, 'there is none'),
      'Read what was appended meanwhile, and decide whether to append after it.');
  end if;
end
$$;
comment on function chatkeep_private.check_leaf(chatkeep.chats, uuid) is
  'Refuses to append after another message than the one expected. The nil UUID expects none.';
revoke all on function chatkeep_private.check_leaf(chatkeep.chats, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_leaf(chatkeep.chats, uuid) to authenticated, service_role;

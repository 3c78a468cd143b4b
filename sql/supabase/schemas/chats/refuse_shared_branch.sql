create or replace function chatkeep_private.refuse_shared_branch(argument text) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if chatkeep_private.presented_share() is not null then
    perform chatkeep_private.refuse('PT409', argument || ' names a message that is not the last one',
      'Read the chat again and append after its last message: only its owner starts branches.');
  end if;
end
$$;
comment on function chatkeep_private.refuse_shared_branch(text) is 'Refuses a branch in a chat of somebody else.';
revoke all on function chatkeep_private.refuse_shared_branch(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_shared_branch(text) to authenticated, service_role;

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

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

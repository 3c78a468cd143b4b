-- Whose rows policies show. A call that opens a shared chat reads as its owner, and the policies then show this chat
-- alone (opened_chat).
create or replace function chatkeep_private.reader() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  if current_setting('chatkeep.writing', true) like '% %' then
    return (select s.user_id from chatkeep_private.opened_share s);
  end if;
  return chatkeep.uid();
end
$$;
comment on function chatkeep_private.reader() is
  'The user whose rows are shown: the caller, or in a call that opens a shared chat the owner of this chat.';
revoke all on function chatkeep_private.reader() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.reader() to authenticated, service_role;

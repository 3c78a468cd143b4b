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

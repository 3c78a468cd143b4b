-- Policies then show the owner's chat to the rest of the call, and nothing else of the owner. The widest share counts.
create or replace function chatkeep_private.open_chat(chat_id uuid) returns void
language plpgsql volatile set search_path = ''
as $$
declare
  marker constant text := current_setting('chatkeep.writing', true);
  share record;
begin
  select s.id, s.permission into share from chatkeep_private.open_shares s
  where s.chat_id = open_chat.chat_id and s.is_given
  order by s.permission desc, s.up_to_seq desc nulls first limit 1;
  if not found then
    perform chatkeep_private.refuse_chat(false, null);
  end if;
  if marker = 'on' and share.permission <> 'write' then
    perform chatkeep_private.refuse('42501', 'chat_id names a chat that you may only read',
      'Its owner can share it with the permission write.');
  end if;
  perform set_config('chatkeep.writing', marker || ' ' || share.id, true);
end
$$;
comment on function chatkeep_private.open_chat(uuid) is
  'Opens a chat of somebody else that is shared with the caller, until the current call ends. Refuses any other chat.';
revoke all on function chatkeep_private.open_chat(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.open_chat(uuid) to authenticated, service_role;

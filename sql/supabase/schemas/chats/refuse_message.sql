create or replace function chatkeep_private.refuse_message(argument text) returns void
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.refuse('PT404', argument || ' names no message of this chat',
    'Pass the id of a message of the same chat.');
end
$$;
comment on function chatkeep_private.refuse_message(text) is
  'Refuses the id of a message that the chat does not have.';
revoke all on function chatkeep_private.refuse_message(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_message(text) to authenticated, service_role;

create or replace function chatkeep_private.refuse_finished(status text) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if refuse_finished.status = 'stopped' then
    perform chatkeep_private.refuse('PT409', 'message_id names a message that was stopped',
      'End the stream. What is left of it can be stored with the status stopped.');
  end if;
  perform chatkeep_private.refuse('PT409', 'message_id names a message that is not streaming',
    'A message is finished once; append a new one instead.');
end
$$;
comment on function chatkeep_private.refuse_finished(text) is 'Refuses to finish a message that has ended with this status.';
revoke all on function chatkeep_private.refuse_finished(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_finished(text) to authenticated, service_role;

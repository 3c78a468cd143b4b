create or replace function chatkeep_private.refuse_other_content(argument text) returns void
language plpgsql stable set search_path = ''
as $$
begin
  perform chatkeep_private.refuse('PT409', argument || ' is taken by a message with other content',
    'Send the same content to retry, or a new message_id for a new message.');
end
$$;
comment on function chatkeep_private.refuse_other_content(text) is 'Refuses a message whose id another one has.';
revoke all on function chatkeep_private.refuse_other_content(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_other_content(text) to authenticated, service_role;

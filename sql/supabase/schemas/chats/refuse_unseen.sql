-- For an id that the caller has chosen and that no visible row has.
create or replace function chatkeep_private.refuse_unseen(what text) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform chatkeep_private.refuse('PT409', what || ' taken by a message that you cannot see',
    'Pass a new id; if it is refused again, a policy, trigger or rule of this database keeps the row out.');
end
$$;
comment on function chatkeep_private.refuse_unseen(text) is
  'Refuses a message that was not stored although no visible message has its id.';
revoke all on function chatkeep_private.refuse_unseen(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_unseen(text) to authenticated, service_role;

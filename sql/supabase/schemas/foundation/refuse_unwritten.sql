-- For a row that was visible when the call began and could not be written.
create or replace function chatkeep_private.refuse_unwritten(what text) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform chatkeep_private.refuse('42501', what || ' cannot be written any more',
    'The user was disabled or the share ended during the call, or a policy, trigger or rule of this database keeps the row out. Nothing was stored.');
end
$$;
comment on function chatkeep_private.refuse_unwritten(text) is
  'Refuses a call whose statement wrote fewer rows than expected.';
revoke all on function chatkeep_private.refuse_unwritten(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_unwritten(text) to anon, authenticated, service_role;

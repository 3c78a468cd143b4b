-- An id that the caller has chosen, and that nothing in sight has.
create or replace function chatkeep_private.refuse_unseen(what text) returns void
language plpgsql volatile set search_path = ''
as $$
begin
  perform chatkeep_private.refuse('PT409', what || ' taken by a message that you cannot see',
    'Pass a new id; if it is refused again, a policy, trigger or rule of this database keeps the row out.');
end
$$;
comment on function chatkeep_private.refuse_unseen(text) is 'Refuses a message whose row did not arrive, though its id is new as far as the caller sees.';
revoke all on function chatkeep_private.refuse_unseen(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_unseen(text) to authenticated, service_role;

create or replace function chatkeep_private.opened_to() returns integer
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return (select coalesce(s.up_to_seq, 2147483647) from chatkeep_private.opened_share s);
end
$$;
comment on function chatkeep_private.opened_to() is
  'The seq of the last message that the share of the current call shows; NULL without a share.';
revoke all on function chatkeep_private.opened_to() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.opened_to() to authenticated, service_role;

create or replace function chatkeep.revoke_share(share_id uuid) returns setof chatkeep.my_shares
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
begin
  perform chatkeep_private.check_present('share_id', revoke_share.share_id is not null);
  perform set_config('chatkeep.writing', 'on', true);
  -- service_role passes the policy, which asks tenant_id().
  perform chatkeep_private.check_moving(s.tenant_id) from chatkeep.chat_shares s
  where s.id = revoke_share.share_id and chatkeep_private.serves(s.tenant_id);
  -- A second round, because a statement that waited for the move of its own user still looks in the old tenant.
  for round in 1 .. 2 loop
    return query
      update chatkeep.chat_shares s set revoked_at = coalesce(s.revoked_at, clock_timestamp())
      where s.id = revoke_share.share_id and (s.user_id = (select chatkeep.uid()) or chatkeep_private.serves(s.tenant_id))
      returning s.id, s.chat_id, s.with_user_id, s.with_tenant_id is not null and s.with_user_id is null,
        s.with_tenant_id is null, s.permission, s.up_to_seq, s.created_at, s.expires_at, s.revoked_at;
    exit when found;
    if round = 2 then
      perform chatkeep_private.refuse('PT404', 'share_id names no share of yours', 'List them with my_shares.');
    end if;
  end loop;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.revoke_share(uuid) is
'Ends a share of a chat of the caller for good, for service_role anyone''s, and returns it.
Nobody reads through it from the next statement on. A revoked share stays as it is.
Returns: one row.
Errors: 22004, PT404, PT503.';
revoke all on function chatkeep.revoke_share(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.revoke_share(uuid) to authenticated, service_role;

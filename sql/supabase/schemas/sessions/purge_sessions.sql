create or replace function chatkeep.purge_sessions(
  batch_size integer default 1000,
  older_than interval default '30 days'
) returns integer
language plpgsql volatile set search_path = ''
as $$
declare
  ended_before timestamptz;
  removed integer;
begin
  perform chatkeep_private.check_batch_size(batch_size, 100000);
  ended_before := chatkeep_private.moment_before('older_than', older_than);
  -- The secret before its session, as everywhere. Rows that another transaction has locked are left to the next
  -- batch.
  with expired as (
    select s.id, s.tenant_id, s.expires_at as ended_at
    from chatkeep_private.session_secrets x join chatkeep.sessions s on s.session_token = x.session_token
    where s.expires_at < ended_before and not s.tenant_is_moving
    order by s.expires_at
    limit batch_size
    for update of x, s skip locked
  ), revoked as (
    select s.id, s.tenant_id, s.revoked_at as ended_at
    from chatkeep_private.session_secrets x join chatkeep.sessions s on s.session_token = x.session_token
    where s.revoked_at < ended_before and s.expires_at >= ended_before and not s.tenant_is_moving
    order by s.revoked_at
    limit batch_size
    for update of x, s skip locked
  ), ended as (
    select e.id, e.tenant_id from (select * from expired union all select * from revoked) e
    order by e.ended_at
    limit batch_size
  )
  delete from chatkeep.sessions s using ended e where s.id = e.id and s.tenant_id = e.tenant_id;
  get diagnostics removed = row_count;
  if removed = 0 then
    -- Sessions without a secret.
    with ended as (
      select s.id, s.tenant_id from chatkeep.sessions s
      where (s.expires_at < ended_before or s.revoked_at < ended_before) and not s.tenant_is_moving
        and not exists (select from chatkeep_private.session_secrets x where x.session_token = s.session_token)
      limit batch_size
      for update skip locked
    )
    delete from chatkeep.sessions s using ended e where s.id = e.id and s.tenant_id = e.tenant_id;
    get diagnostics removed = row_count;
  end if;
  return removed;
end
$$;
comment on function chatkeep.purge_sessions(integer, interval) is
'Removes sessions that expired or were revoked longer ago than older_than, at most batch_size, and returns how many.
0 means that nothing is left. Tenants that are being moved are left alone. Before their removal a spent token is reported as spent, afterwards as unknown. For service_role.
batch_size: 1 to 100,000.
older_than: How long ago they ended.
Errors: 22023, 22004.';
revoke all on function chatkeep.purge_sessions(integer, interval) from public, anon, authenticated, service_role;
grant execute on function chatkeep.purge_sessions(integer, interval) to service_role;

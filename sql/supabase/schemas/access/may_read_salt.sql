-- The policy calls this for the one row that the session secret unlocks. Subqueries would be planned and run in every
-- statement.
create or replace function chatkeep_private.may_read_salt(
  refresh_digest bytea, previous_digest bytea, rotated_at timestamptz
) returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  presented constant bytea := chatkeep_private.presented_refresh();
begin
  return presented = refresh_digest
    or (presented = previous_digest and rotated_at > clock_timestamp() - interval '10 seconds');
end
$$;
comment on function chatkeep_private.may_read_salt(bytea, bytea, timestamptz) is
  'Whether the presented refresh secret is the current one of a session, or the previous one while a rotation may be repeated.';
revoke all on function chatkeep_private.may_read_salt(bytea, bytea, timestamptz) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.may_read_salt(bytea, bytea, timestamptz) to anon, authenticated, service_role;

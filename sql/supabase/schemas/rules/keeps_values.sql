create or replace function chatkeep_private.keeps_values(earlier jsonb, later jsonb, except_keys text[]) returns boolean
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  return not exists (
    select from jsonb_each(earlier) e (key, value)
    where e.key <> all (except_keys) and (later -> e.key)::text is distinct from e.value::text
  );
end
$$;
comment on function chatkeep_private.keeps_values(jsonb, jsonb, text[]) is
  'Whether an object has every key of an earlier one with its value, except for some keys.';
revoke all on function chatkeep_private.keeps_values(jsonb, jsonb, text[]) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.keeps_values(jsonb, jsonb, text[]) to authenticated, service_role;

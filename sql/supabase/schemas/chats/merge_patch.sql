create or replace function chatkeep_private.merge_patch(target jsonb, patch jsonb) returns jsonb
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  kept jsonb;
begin
  if jsonb_typeof(patch) <> 'object' then
    return patch;
  end if;
  kept := case when jsonb_typeof(target) = 'object' then target else '{}' end;
  return (kept - array(select jsonb_object_keys(patch))) || coalesce((
    select jsonb_object_agg(e.key, chatkeep_private.merge_patch(kept -> e.key, e.value))
    from jsonb_each(patch) e
    where e.value <> 'null'
  ), '{}');
end
$$;
comment on function chatkeep_private.merge_patch(jsonb, jsonb) is
  'A JSON value after a JSON Merge Patch (RFC 7396): objects are merged key by key, null removes a key, other values replace.';
revoke all on function chatkeep_private.merge_patch(jsonb, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.merge_patch(jsonb, jsonb) to authenticated, service_role;

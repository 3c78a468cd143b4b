create or replace function chatkeep_private.unique_names(names text[]) returns text[]
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  return array(
    select n.name from unnest(names) with ordinality n (name, place)
    group by n.name
    order by min(n.place)
  );
end
$$;
comment on function chatkeep_private.unique_names(text[]) is 'Tags or labels, each once, in the order in which they were given.';
revoke all on function chatkeep_private.unique_names(text[]) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.unique_names(text[]) to authenticated, service_role;

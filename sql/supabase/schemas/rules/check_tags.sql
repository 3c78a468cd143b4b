create or replace function chatkeep_private.check_tags(argument text, value jsonb) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  tag record;
  tags integer := 0;
begin
  perform chatkeep_private.check_json(argument, value, 'object');
  for tag in select e.key, e.value from jsonb_each(check_tags.value) e loop
    tags := tags + 1;
    if jsonb_typeof(tag.value) = 'object' or (jsonb_typeof(tag.value) = 'array' and exists (
         select from jsonb_array_elements(tag.value) a where jsonb_typeof(a.value) in ('object', 'array'))) then
      perform chatkeep_private.refuse('22023', argument || ' must be flat: scalars, or arrays of scalars',
        'Put nested values into properties.');
    end if;
  end loop;
  if exists (select from jsonb_object_keys(check_tags.value) k where char_length(k) > 64) then
    perform chatkeep_private.refuse('22023', argument || ' has a key longer than 64 characters', 'Shorten the key.');
  end if;
  if tags > 100 then
    perform chatkeep_private.refuse('22023', argument || ' has more than 100 keys', 'Use fewer tags, or another namespace.');
  end if;
end
$$;
comment on function chatkeep_private.check_tags(text, jsonb) is 'Refuses tags that are not a flat object of scalars and arrays of scalars.';
revoke all on function chatkeep_private.check_tags(text, jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_tags(text, jsonb) to authenticated, service_role;

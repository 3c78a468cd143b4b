create or replace function chatkeep_private.guard_json() returns trigger
language plpgsql set search_path = ''
as $$
declare
  guarded text;
begin
  foreach guarded in array tg_argv loop
    perform chatkeep_private.check_json(guarded, to_jsonb(new) -> guarded, 'object');
  end loop;
  return new;
end
$$;
comment on function chatkeep_private.guard_json() is
  'Checks the columns named in its arguments: objects within the limits of the calls.';
revoke all on function chatkeep_private.guard_json() from public, anon, authenticated, service_role;

-- A value of 500 bytes is neither too large nor too deep: a level takes eight bytes.
create trigger guard_json before insert or update of metadata on chatkeep.users
  for each row when (pg_column_size(new.metadata) > 500)
  execute function chatkeep_private.guard_json('metadata');
comment on trigger guard_json on chatkeep.users is 'Checks metadata.';

create trigger guard_json before insert or update of metadata on chatkeep.sessions
  for each row when (pg_column_size(new.metadata) > 500)
  execute function chatkeep_private.guard_json('metadata');
comment on trigger guard_json on chatkeep.sessions is 'Checks metadata.';

create trigger guard_json before insert or update of tags, properties on chatkeep.document_metadata
  for each row when (pg_column_size(new.tags) > 500 or pg_column_size(new.properties) > 500)
  execute function chatkeep_private.guard_json('tags', 'properties');
comment on trigger guard_json on chatkeep.document_metadata is 'Checks tags and properties.';

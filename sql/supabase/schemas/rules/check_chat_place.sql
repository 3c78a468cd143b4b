-- The times are as a gateway printed them. Some leave the minutes of the offset out, and RFC 3339 has no infinity.
create or replace function chatkeep_private.check_chat_place(before jsonb, place text) returns void
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  moment text;
begin
  if before is null then
    return;
  end if;
  if jsonb_typeof(before) <> 'object' then
    perform chatkeep_private.refuse('22023', 'before must be a JSON object', 'Pass the last chat of the page before.');
  end if;
  foreach moment in array array['id', place] loop
    if coalesce(before -> moment, 'null') = 'null' then
      perform chatkeep_private.refuse('22023', format('before has no %s', moment), 'Pass the last chat of the page before.');
    end if;
  end loop;
  perform chatkeep_private.check_kind('before.id', before -> 'id', 'uuid');
  foreach moment in array array['pinned_at', 'updated_at', 'deleted_at'] loop
    if coalesce(before ->> moment, '') not in ('infinity', '-infinity') then
      perform chatkeep_private.check_kind('before.' || moment,
        to_jsonb(regexp_replace(before ->> moment, '([+-][0-9]{2})$', '\1:00')), 'timestamp');
    end if;
  end loop;
end
$$;
comment on function chatkeep_private.check_chat_place(jsonb, text) is
  'Refuses a value that is no place in a list of chats: an object with an id and the time that orders the list.';
revoke all on function chatkeep_private.check_chat_place(jsonb, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_chat_place(jsonb, text) to authenticated, service_role;

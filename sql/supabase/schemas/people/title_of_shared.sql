-- Opens each share for the view shared_with_me. A deleted chat has no row. A parallel plan cannot set the marker.
create or replace function chatkeep_private.title_of_shared(share_id uuid, out title text, out updated_at timestamptz) returns setof record
language plpgsql stable parallel unsafe set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
begin
  perform set_config('chatkeep.writing', 'off ' || title_of_shared.share_id, true);
  return query
    select c.title, c.updated_at from chatkeep_private.opened_share s
    join chatkeep.chats c on c.id = s.chat_id and c.tenant_id = s.tenant_id
    where c.deleted_at is null;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep_private.title_of_shared(uuid) is 'The title and the time of a chat that is shared with the caller.';
revoke all on function chatkeep_private.title_of_shared(uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.title_of_shared(uuid) to authenticated, service_role;

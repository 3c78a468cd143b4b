create or replace function chatkeep.fail_stale_messages(
  older_than interval default '15 minutes',
  batch_size integer default 1000
) returns setof chatkeep.messages
language plpgsql volatile set search_path = ''
as $$
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  moving constant uuid[] := chatkeep_private.moving_tenants();
  silent_since constant timestamptz := chatkeep_private.moment_before('older_than', older_than);
begin
  perform chatkeep_private.check_batch_size(batch_size, 1000);
  perform set_config('chatkeep.writing', 'on', true);
  return query
    with stale as (
      select m.id, m.chat_id, m.tenant_id from chatkeep.messages m
      where m.status = 'streaming'
        -- The index is by created_at, which no progress changes.
        and m.created_at < silent_since
        and m.updated_at < silent_since
        and (m.user_id = (select chatkeep.uid()) or chatkeep_private.serves(m.tenant_id))
        and m.tenant_id <> all (moving)
        and (select c.deleted_at is null from chatkeep.chats c where c.id = m.chat_id and c.tenant_id = m.tenant_id)
      order by m.updated_at
      limit batch_size
      for no key update skip locked
    )
    update chatkeep.messages m
    set status = 'failed', updated_at = greatest(clock_timestamp(), m.updated_at)
    from stale s
    where m.id = s.id and m.chat_id = s.chat_id and m.tenant_id = s.tenant_id and m.status = 'streaming'
    returning m.*;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.fail_stale_messages(interval, integer) is
'Marks streaming messages as failed that nobody has written for longer than older_than, and returns them: the caller''s own, for service_role everyone''s outside of tenants that are being moved.
older_than: How long ago finish_message kept their progress, or append_message stored them.
batch_size: 1 to 1,000.
Errors: 22023, 22004, PT503.';
revoke all on function chatkeep.fail_stale_messages(interval, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep.fail_stale_messages(interval, integer) to authenticated, service_role;

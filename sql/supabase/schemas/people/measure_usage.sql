-- A plan for each membership: one member may hold a millionth of the messages, or nearly all.
create or replace function chatkeep.measure_usage(
  batch_size integer default 10000,
  older_than interval default '1 day'
) returns integer
language plpgsql volatile set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  measured_before constant timestamptz := chatkeep_private.moment_before('older_than', older_than);
  -- A batch that runs into a statement timeout is lost, and the next one would begin with the same members.
  ends_at constant timestamptz := clock_timestamp() + interval '2 seconds';
  moving constant uuid[] := chatkeep_private.moving_tenants();
  member record;
  usage chatkeep.member_usage;
  measured integer := 0;
begin
  perform chatkeep_private.check_batch_size(batch_size, 100000);
  -- One call at a time. The number is arbitrary.
  if not pg_try_advisory_xact_lock(4841369552730652) then
    return 0;
  end if;
  for member in
    (
      select m.user_id, m.tenant_id from chatkeep.memberships m
      where m.tenant_id <> all (moving)
        and not exists (select from chatkeep.member_usage u where u.user_id = m.user_id and u.tenant_id = m.tenant_id)
      limit batch_size
    )
    union all
    (
      select u.user_id, u.tenant_id from chatkeep.member_usage u
      where u.measured_at < measured_before and u.tenant_id <> all (moving)
      order by u.measured_at
      limit batch_size
    )
    limit batch_size
  loop
    usage.measured_at := clock_timestamp();
    select count(*) into usage.chats
    from chatkeep.chats c
    where c.user_id = member.user_id and c.tenant_id = member.tenant_id;

    -- The length of JSON as text would need every large value to be read and decompressed.
    select count(*), coalesce(sum(pg_column_size(m.content) + coalesce(pg_column_size(m.parts), 0) + pg_column_size(m.metadata)), 0)
    into usage.messages, usage.message_bytes
    from chatkeep.messages m
    where m.user_id = member.user_id and m.tenant_id = member.tenant_id;

    select usage.message_bytes + coalesce(sum(pg_column_size(s.content) + pg_column_size(s.metadata)), 0) into usage.message_bytes
    from chatkeep.chat_summaries s
    where s.user_id = member.user_id and s.tenant_id = member.tenant_id;

    select count(*), coalesce(sum(d.byte_size), 0)
    into usage.documents, usage.document_bytes
    from chatkeep.documents d
    where d.user_id = member.user_id and d.tenant_id = member.tenant_id and d.deleted_at is null;

    select count(*), coalesce(sum(a.byte_size), 0)
    into usage.attachments, usage.attachment_bytes
    from chatkeep.attachments a
    where a.user_id = member.user_id and a.tenant_id = member.tenant_id and a.storage_path is not null;

    -- The lock comes last, because a move and a deletion wait for it. A membership that one of them has locked is
    -- skipped: its row of usage is theirs.
    insert into chatkeep.member_usage as u (
      user_id, tenant_id, chats, messages, documents, attachments, message_bytes, document_bytes, attachment_bytes, measured_at
    )
    select m.user_id, m.tenant_id, usage.chats, usage.messages, usage.documents, usage.attachments,
      usage.message_bytes, usage.document_bytes, usage.attachment_bytes, usage.measured_at
    from chatkeep.memberships m
    where m.user_id = member.user_id and m.tenant_id = member.tenant_id
    for key share skip locked
    on conflict (user_id, tenant_id) do update
    set chats = excluded.chats, messages = excluded.messages, documents = excluded.documents, attachments = excluded.attachments,
      message_bytes = excluded.message_bytes, document_bytes = excluded.document_bytes, attachment_bytes = excluded.attachment_bytes,
      measured_at = excluded.measured_at;
    if found then
      measured := measured + 1;
    end if;
    exit when clock_timestamp() >= ends_at;
  end loop;
  return measured;
end
$$;
comment on function chatkeep.measure_usage(integer, interval) is
'Measures how much members store, at most batch_size memberships, and returns how many. It writes chatkeep.member_usage.
Memberships that were never measured come first, then those of the oldest measurement. A batch ends early after 2 seconds. 0 means that nothing is left, or that another call is running. Tenants that are being moved are left alone. For service_role, on a schedule.
batch_size: 1 to 100,000.
older_than: How long ago a membership was measured last.
Errors: 22023, 22004.';
revoke all on function chatkeep.measure_usage(integer, interval) from public, anon, authenticated, service_role;
grant execute on function chatkeep.measure_usage(integer, interval) to service_role;

alter table chatkeep_private.storage_outbox enable row level security;
alter table chatkeep_private.storage_outbox force row level security;

create policy storage_outbox_insert on chatkeep_private.storage_outbox for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy storage_outbox_insert on chatkeep_private.storage_outbox is
  'redact_message and delete_document of the signed-in user leave objects to delete.';

revoke all on chatkeep_private.storage_outbox from public, anon, authenticated, service_role;
grant insert (tenant_id, user_id, storage_path) on chatkeep_private.storage_outbox to authenticated;
grant select, insert, update, delete on chatkeep_private.storage_outbox to service_role;

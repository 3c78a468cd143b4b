alter table chatkeep.documents enable row level security;
alter table chatkeep.documents force row level security;

create policy documents_select on chatkeep.documents for select to authenticated
  using (
    ((user_id = (select chatkeep_private.member()) and (deleted_at is null or chatkeep_private.in_call()))
      or (visibility = 'tenant' and tenant_id = (select chatkeep.tenant_id()) and deleted_at is null))
    and tenant_id operator(chatkeep_private.===) (select chatkeep.tenant_id())
  );
comment on policy documents_select on chatkeep.documents is
  'Users read their own documents and those that the tenant shares.';

create policy documents_insert on chatkeep.documents for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep.tenant_id())
  );
comment on policy documents_insert on chatkeep.documents is 'Calls register documents of the signed-in user.';

-- A member who registers the same bytes adds an alias to the tenant's row. guard_document protects the rest of the
-- row.
create policy documents_update on chatkeep.documents for update to authenticated
  using (
    ((user_id = (select chatkeep.uid()) and (deleted_at is null or chatkeep_private.in_call()))
      or (visibility = 'tenant' and tenant_id = (select chatkeep.tenant_id()) and deleted_at is null))
    and tenant_id operator(chatkeep_private.===) (select chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy documents_update on chatkeep.documents is
  'Calls add sources, change the status and archive, in the user''s own documents and in shared ones.';

revoke all on chatkeep.documents from public, anon, authenticated, service_role;
grant select,
  insert (id, tenant_id, user_id, source_uri, checksum, title, mime_type, byte_size, visibility, supersedes),
  update (source_uri, aliases, title, mime_type, byte_size, status, error, visibility, updated_at, deleted_at)
  on chatkeep.documents to authenticated;
grant select, insert, update, delete on chatkeep.documents to service_role;

alter table chatkeep.document_metadata enable row level security;
alter table chatkeep.document_metadata force row level security;

create policy document_metadata_select on chatkeep.document_metadata for select to authenticated
  using (
    ((user_id, tenant_id) = (select chatkeep_private.member(), chatkeep.tenant_id())
      or (document_access = 'tenant' and tenant_id = (select chatkeep.tenant_id())))
    and document_access <> 'deleted'
  );
comment on policy document_metadata_select on chatkeep.document_metadata is
  'Whoever reads a document reads its metadata.';

-- A foreign key ignores policies, so this policy checks that the document is visible.
create policy document_metadata_insert on chatkeep.document_metadata for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep.tenant_id())
    and exists (
      select from chatkeep.documents d
      where d.id = document_metadata.document_id and d.tenant_id = document_metadata.tenant_id
    )
  );
comment on policy document_metadata_insert on chatkeep.document_metadata is
  'Calls write metadata of the signed-in user on visible documents.';

create policy document_metadata_update on chatkeep.document_metadata for update to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep_private.writer(), chatkeep.tenant_id())
  );
comment on policy document_metadata_update on chatkeep.document_metadata is 'Calls change the user''s own metadata.';

revoke all on chatkeep.document_metadata from public, anon, authenticated, service_role;
grant select, insert (document_id, tenant_id, document_access, user_id, namespace, tags, properties), update (tags, properties, updated_at)
  on chatkeep.document_metadata to authenticated;
grant select, insert, update, delete on chatkeep.document_metadata to service_role;
